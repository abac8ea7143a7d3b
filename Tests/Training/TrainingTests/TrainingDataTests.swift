import DatasetFixtures
import Files
import Foundation
import IndexedDatasets
import JSON
import LengthWarmup
import Metrics
import Quantities
import Sampling
import TestSupport
import Testing

@testable import Training

@Suite("TrainingData") struct TrainingDataTests {
    let directory: TemporaryDirectory
    let prefix: String

    init() throws {
        directory = try TemporaryDirectory()
        prefix = try Self.write(directory, "corpus", tokens: 4000, seed: TestRun.seed)
    }

    @discardableResult
    static func write(
        _ directory: TemporaryDirectory, _ name: String, tokens: Int, seed: UInt64, metadata: DatasetMetadata = DatasetMetadata()
    ) throws -> String {
        var random = SeededGenerator(seed)
        let documents = (0..<tokens).documents(ofUpTo: 60, &random)
        return try directory.dataset(name, documents.map { $0.map { _ in Int.random(in: 0..<16, using: &random) } }, metadata: metadata)
    }

    func configuration(_ change: (inout TrainingConfiguration) throws -> Void = { _ in }) throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: prefix)]
        configuration.split = "90,10,0"
        configuration.sequenceLength = 16
        configuration.globalBatchSize = 4
        configuration.warmupStart = 2
        configuration.warmupSteps = 20
        try change(&configuration)
        return try configuration.resolved(for: TrainingData(configuration).surroundings(processors: 1))
    }

    func trainer(_ name: String, _ configuration: TrainingConfiguration) throws -> Trainer {
        let folder = RunFolder(directory.file(name))
        let isNew = !folder.holdsRun
        let data = try TrainingData(configuration)
        let trainer = try Trainer(
            folder: folder, configuration: configuration, learner: BigramLearner(vocabulary: 16), source: data.source(configuration),
            validation: try data.validationSet(configuration))
        if isNew {
            try FileSystem.writeAtomically(Array(configuration.json.serialized().utf8), to: folder.configurationFile)
        } else {
            try trainer.restore()
        }
        return trainer
    }

    @Test("what a configuration needs to know is read from the data")
    func surroundings() throws {
        let data = try TrainingData(configuration())
        let found = data.surroundings(processors: 3)
        #expect(found.vocabularySize == 16 && found.processors == 3)
        #expect(found.trainingTokens + found.validationTokens == 4000 && found.validationTokens > 200)
    }

    @Test("a whole epoch under reuse trains each target once; stopping anywhere changes neither digest nor losses")
    func epoch() throws {
        let samples = (try TrainingData(configuration()).surroundings(processors: 1).trainingTokens - 1) / 16
        let configuration = try configuration { $0.trainTokens = samples * 16 }
        let whole = try trainer("whole", configuration)
        let expected = try whole.run()
        #expect(
            expected.used == samples * 16 && expected.outstanding == 0 && expected.dropped == 0 && expected.trainedTokens == samples * 16)
        let losses = try whole.folder.history().steps.map(\.loss)
        for stop in [1, 7, 19, expected.steps - 1] {
            _ = try trainer("cut\(stop)", configuration).run(stepLimit: stop)
            let second = try trainer("cut\(stop)", configuration)
            #expect(try second.run().digest == expected.digest)
            #expect(try second.folder.history().steps.map(\.loss) == losses)
        }
        // Another policy trains the same targets in another order: the digest does not know the order.
        let eager = try trainer("eager", self.configuration { ($0.trainTokens, $0.schedule[.tails]) = (samples * 16, .word("eager")) })
        #expect(try eager.run().digest == expected.digest)
    }

    @Test("validation reads the same rows whatever the run's seed, and none when the split is too small")
    func validation() throws {
        func losses(_ seed: Int) throws -> Double {
            let configuration = try configuration { $0.seed = seed }
            let set = try TrainingData(configuration).validationSet(configuration)
            return try #require(set).loss(of: BigramLearner(vocabulary: 16), rows: 3)
        }
        #expect(try losses(1) == losses(2))
        let small = try configuration { $0.split = "100,0,0" }
        #expect(try TrainingData(small).validationSet(small) == nil)
    }

    @Test("resuming with data that changed is refused with the difference")
    func changed() throws {
        let configuration = try configuration()
        _ = try trainer("a", configuration).run(stepLimit: 5)
        try Self.write(directory, "corpus", tokens: 4000, seed: 99)
        let error = #expect(throws: TrainingError.self) { try self.trainer("a", configuration) }
        #expect("\(error!)".contains("cannot resume"))
    }

    @Test("sets of different tokenizers are not mixed")
    func tokenizers() throws {
        func metadata(_ name: String, _ digest: UInt64) -> DatasetMetadata {
            DatasetMetadata(tokenizer: .init(name: name, digest: digest, vocabularySize: 300, endOfText: 0))
        }
        try Self.write(directory, "x", tokens: 500, seed: 1, metadata: metadata("gpt2", 1))
        try Self.write(directory, "y", tokens: 500, seed: 1, metadata: metadata("other", 2))
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: directory.file("x")), .init(prefix: directory.file("y"))]
        let error = #expect(throws: TrainingError.self) { try TrainingData(configuration) }
        #expect("\(error!)".contains("one tokenizer"))
        configuration.data.removeLast()
        #expect(try TrainingData(configuration).surroundings(processors: 1).vocabularySize == 300)
    }

    @Test("every pacing of the command line becomes a plan", arguments: Pacing.functions.map { $0.name })
    func pacing(pacing: String) throws {
        let configuration = try configuration {
            $0.schedule.assume()
            $0.pacing = pacing
            if pacing == "mixed" { $0.schedule[.stages] = .word("4:9,16:1") }
            if pacing == "table" { $0.schedule[.stages] = .word("4:0.5K,8:20,16") }
            if pacing == "curriculum" { $0.schedule[.curriculum] = .word("shortformer:first=4,until=9") }
            if pacing == "deepspeed" { $0.schedule[.deepSpeed] = .json(Self.curriculum) }
        }
        let plan = try configuration.planConfiguration()
        try plan.check()
        if pacing == "table" { #expect(plan.pacing == .table(lengths: [4, 8, 16], bounds: [500, 520])) }
        #expect(try TrainingConfiguration(json: configuration.json, path: "config.json") == configuration)
        if pacing == "adaptive" {
            #expect(plan.pacing == .adaptive(AdaptivePacing(start: 2, increment: 8, interval: 100, tolerance: 0.05)))
        }
        if pacing == "deepspeed" {
            let curriculum = try DeepSpeedCurriculum.read(Self.curriculum)
            #expect(plan.pacing == .deepSpeed(try #require(curriculum)))
        }
        if pacing == "root" { #expect(plan.pacing == .root(start: 2, steps: 20, exponent: 0.5)) }
    }

    static let curriculum: JSONValue = [
        "enabled": true, "curriculum_type": "seqlen", "min_difficulty": 4, "max_difficulty": 16, "schedule_type": "fixed_linear",
        "schedule_config": ["total_curriculum_step": 30, "difficulty_step": 4],
    ]

    @Test("adaptive pacing: stopped after every step and resumed, the run makes the same decisions")
    func adaptive() throws {
        let configuration = try configuration {
            $0.schedule.assume()
            $0.pacing = "adaptive"
            ($0.schedule[.increment], $0.schedule[.interval], $0.schedule[.tolerance]) = (.count(2), .count(4), .number(0.003))
            ($0.trainTokens, $0.learningRate, $0.tensorBoard) = (900, 0.05, false)
        }
        let whole = try trainer("whole", configuration)
        let expected = try whole.run()
        let history = try whole.folder.history().steps
        let lengths = history.map(\.length)
        // The lengths are those that the plan decides from these losses, and its decisions were not all alike.
        let samples = try TrainingData(configuration).source(configuration).samples
        var plan = try TrainingPlan(configuration.planConfiguration(), samples: samples)
        var refused = 0
        for step in history {
            #expect(plan.nextStep()?.sequenceLength == step.length)
            plan.observe(loss: step.loss)
            if step.step % 4 == 0, plan.nextSequenceLength == step.length, step.length < 16 { refused += 1 }
        }
        #expect(lengths[0] == 2 && lengths.last! > 2 && refused > 0)
        let state = whole.source.state()
        var digest: UInt64 = 0
        for stop in 1...expected.steps {
            let part = try trainer("cut", configuration)
            #expect(part.progress.steps == stop - 1)
            digest = try part.run(stepLimit: stop).digest
            if stop == expected.steps { #expect(part.source.state() == state) }
        }
        let resumed = try RunFolder(directory.file("cut")).history().steps
        #expect(digest == expected.digest && resumed.map(\.length) == lengths && resumed.map(\.loss) == history.map(\.loss))
    }

    @Test("a DeepSpeed configuration file is the schedule, and stays it when the file is gone")
    func deepSpeed() throws {
        func use(_ json: JSONValue, version: String = "0.19.8") throws -> TrainingConfiguration {
            let path = directory.file("deepspeed.json")
            try FileSystem.writeAtomically(Array(json.serialized().utf8), to: path)
            defer { _ = try? FileSystem.remove(path) }
            return try self.configuration {
                $0.schedule.assume()
                try $0.schedule.read(path, for: .deepSpeed)
                try $0.schedule.read(version, for: .deepSpeedVersion)
            }
        }
        let configuration = try use(["train_batch_size": 4, "curriculum_learning": Self.curriculum])
        let again = try TrainingConfiguration(json: configuration.json, path: "config.json")
        #expect(again == configuration && configuration.pacing == "deepspeed")
        let summary = try trainer("run", again).run(stepLimit: 34)
        #expect(summary.steps == 34)
        let read = try DeepSpeedCurriculum.read(Self.curriculum)
        let schedule = try #require(read)
        let lengths = try RunFolder(directory.file("run")).history().steps.map(\.length)
        #expect(lengths == (1...34).map { schedule.difficulty(atStep: $0) } && Set(lengths) == [4, 8, 12, 16])

        var off = Self.curriculum.object!
        off["enabled"] = false
        #expect(try use(.object(off)).planConfiguration().pacing == .constant)
        var zero = Self.curriculum.object!
        zero["min_difficulty"] = 2
        #expect(try use(.object(zero)).planConfiguration().pacing.length(atStep: 0, full: 16) == 4)
        let error = #expect(throws: TrainingError.self) {
            try use(.object(zero), version: "0.19.6").planConfiguration()
        }
        #expect(error!.optionText.text(.commandLine).contains("--slw-config: curriculum_learning: difficulty_step is 4"))
    }

    @Test("stages that are none are refused", arguments: ["", "4", "4:9,16:1,3:2", "x:1,2:3", "4:9,16"])
    func stages(text: String) throws {
        #expect(throws: TrainingError.self) {
            try self.configuration {
                $0.schedule.assume()
                $0.pacing = "mixed"
                $0.schedule[.stages] = .word(text)
            }.planConfiguration()
        }
    }
}
