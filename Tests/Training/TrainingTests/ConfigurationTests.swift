import JSON
import Quantities
import LengthWarmup
import Sampling
import TestSupport
import Testing
import Transformer

@testable import Training

@Suite("TrainingConfiguration") struct ConfigurationTests {
    @Test("every preset comes back from its JSON", arguments: TrainingConfiguration.presets.map(\.name))
    func roundTrip(name: String) throws {
        var configuration = try #require(TrainingConfiguration.preset(named: name)).configuration
        configuration.data = [.init(prefix: "a b", weight: 0.25), .init(prefix: "ü")]
        configuration.learningRateDecay = .samples(12)
        let back = try TrainingConfiguration(json: JSONValue.parse(Array(configuration.json.serialized(pretty: true).utf8)), path: "x")
        #expect(back == configuration)
        // Nothing is said of the warmup where a preset leaves it open.
        #expect(configuration.lines.count == (["tiny", "small", "medium"].contains(name) ? 5 : 6))
        #expect(configuration.lines.allSatisfy { !$0.contains("\n") })
    }

    @Test("every field of the table is stored, and no two share a place")
    func table() {
        #expect(Set(TrainingConfiguration.fields.map(\.path)).count == TrainingConfiguration.fields.count)
        // The schedule is one value here, and a field for each of its options.
        let stored = Mirror(reflecting: TrainingConfiguration()).children.count - 1
        #expect(TrainingConfiguration.fields.count == stored + ScheduleOption.all.count)
    }

    @Test("differences are named, binding ones apart")
    func differences() {
        var a = TrainingConfiguration()
        let b = a
        a.clipNorm = 0.5
        a.logInterval = 10
        #expect(a.differences(from: b) == ["optimizer.clip_norm: 1.0 there, 0.5 here", "run.log_interval: 1 there, 10 here"])
        #expect(a.differences(from: b, onlyBinding: true).count == 1)
    }

    @Test(
        "a wrong or unknown value is refused with its place",
        arguments: [
            (#"{"schema":"slw-train.configuration","model":{"layers":"many"}}"#, "model.layers cannot be \"many\""),
            (#"{"schema":"slw-train.configuration","model":{"depth":3}}"#, "model.depth is not an option"),
            (#"{"schema":"slw-train.configuration","version":7}"#, "newer"), (#"{"layers":3}"#, "is not the configuration of a run"),
        ])
    func refused(text: String, words: String) throws {
        let json = try JSONValue.parse(Array(text.utf8))
        let error = #expect(throws: TrainingError.self) { try TrainingConfiguration(json: json, path: "c.json") }
        #expect("\(error!)".contains(words), "\(error!)")
    }

    static let surroundings = TrainingConfiguration.Surroundings(
        trainingTokens: 1_000_000, validationTokens: 30_000, vocabularySize: 8192, processors: 2)

    @Test("resolving leaves nothing that a run needs open, and is stable")
    func resolved() throws {
        for preset in TrainingConfiguration.presets {
            var configuration = preset.configuration
            configuration.data = [.init(prefix: "a")]
            let resolved = try configuration.resolved(for: Self.surroundings)
            #expect(try resolved.resolved(for: Self.surroundings) == resolved)
            let open: Set = [
                "data.tokenizer", "batch.warmup_start", "batch.warmup_tokens", "length_warmup.table", "model.initial_weights",
                "data.train_samples", "length_warmup.curriculum_learning", "length_warmup.curriculum_version", "length_warmup.root_degree",
                "length_warmup.exponent", "length_warmup.increment", "length_warmup.interval", "length_warmup.tolerance", "batch.unit",
                "length_warmup.curriculum", "length_warmup.curriculum_mode",
            ]
            for field in TrainingConfiguration.fields where !open.contains(field.path) {
                #expect(!field.read(resolved).isNull, "\(preset.name) \(field.path)")
            }
        }
    }

    @Test("a small corpus gets shorter rows; a budget is at most an epoch")
    func small() throws {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: "a")]
        var surroundings = Self.surroundings
        surroundings.trainingTokens = 5000
        let resolved = try configuration.resolved(for: surroundings)
        #expect(resolved.sequenceLength == 32 && resolved.trainTokens == 4992)
        #expect(try configuration.resolved(for: Self.surroundings).trainTokens == 999_936)
    }

    @Test("a model that the machine cannot hold is refused before its memory is touched")
    func memory() throws {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: "a")]
        (configuration.layers, configuration.width, configuration.heads) = (96, 12_288, 96)
        var surroundings = Self.surroundings
        #expect(try configuration.resolved(for: surroundings).layers == 96)
        surroundings.memory = 24 << 30
        let error = #expect(throws: TrainingError.self) { try configuration.resolved(for: surroundings) }
        #expect(error?.description.contains("this machine has 24 GiB: choose a smaller preset") == true)
    }

    @Test("bf16 products become fp32 where the processor has none, but a run that has begun with them is not continued there")
    func precision() throws {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: "a")]
        configuration.precision = .bfloat16
        var surroundings = Self.surroundings
        for (hasBfloat16, expected) in [(true, ProductPrecision.bfloat16), (false, .float32)] {
            surroundings.hasBfloat16 = hasBfloat16
            let resolved = try configuration.resolved(for: surroundings)
            #expect(resolved.precision == expected)
            #expect(try TrainingConfiguration(json: resolved.json, path: "c.json").precision == expected)
            // What was resolved to fp32 goes on anywhere.
            if resolved.precision == .float32 { try resolved.checkPrecision(ofRun: "r", surroundings) }
        }
        let error = #expect(throws: TrainingError.self) { try configuration.checkPrecision(ofRun: "runs/a", surroundings) }
        #expect(
            error?.description
                == "runs/a trains with bf16 products, which this processor does not have: resume it on one with AVX-512 BF16, or begin a run with its weights (init-from)"
        )
        surroundings.hasBfloat16 = true
        try configuration.checkPrecision(ofRun: "runs/a", surroundings)
        // A run of before there was a choice.
        let old: JSONValue = ["schema": "slw-train.configuration", "version": 1, "model": ["layers": 3]]
        #expect(try TrainingConfiguration(json: old, path: "c.json").precision == .float32)
    }

    @Test("a run keeps the kernels of OpenBLAS it was begun with; bf16 products have their own")
    func kernels() throws {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: "a")]
        var surroundings = Self.surroundings
        (surroundings.blasCore, surroundings.hasBfloat16) = ("Haswell", true)
        let resolved = try configuration.resolved(for: surroundings)
        #expect(resolved.blasCore == "Haswell")
        #expect(try TrainingConfiguration(json: resolved.json, path: "c.json").blasCore == "Haswell")
        try resolved.checkKernels(ofRun: "r", surroundings)
        configuration.precision = .bfloat16
        #expect(try configuration.resolved(for: surroundings).blasCore == nil)
        surroundings.blasCore = "Zen"
        let error = #expect(throws: TrainingError.self) { try resolved.checkKernels(ofRun: "runs/a", surroundings) }
        #expect(
            error?.description
                == "runs/a was trained with OpenBLAS's Haswell kernels, and these are Zen: set OPENBLAS_CORETYPE=Haswell, or go on with other last bits with blas-core auto"
        )
        // A run of before kernels were kept.
        try TrainingConfiguration().checkKernels(ofRun: "runs/a", surroundings)
    }

    @Test("nonsense is refused in words")
    func nonsense() throws {
        func message(_ change: (inout TrainingConfiguration) -> Void) -> String {
            var configuration = TrainingConfiguration()
            configuration.data = [.init(prefix: "a")]
            change(&configuration)
            do { _ = try configuration.resolved(for: Self.surroundings) } catch { return error.description }
            return ""
        }
        #expect(message { $0.heads = 3 }.contains("multiple"))
        #expect(message { $0.data = [] }.contains("give data"))
        #expect(message { $0.sequenceLength = 2_000_000 }.contains("fewer than one row"))
        #expect(message { $0.vocabularySize = 100 }.contains("too small"))
        #expect(message { $0.learningRate = .nan }.contains("learning rate"))
        #expect(message { $0.schedule[.stages] = .word("8:9223372036854775807,9:9223372036854775807,10") }.contains("slw-table is 8:9"))
        #expect(message { $0.pacing = "table" }.contains("slw-pacing table needs slw-table"))
        #expect(message { $0.minimumLearningRate = 1 }.contains("min-lr must lie between 0 and lr"))
        #expect(message { $0.layers = 1_000_000_000 }.contains("layers is 1000000000: it must lie between 1 and 65536"))
        #expect(message { $0.warmupStart = 10_000 }.contains("slw-start is 10000: it must be at most seq-length, 256"))
    }
}
