import CommandKit
import Files
import IndexedDatasets
import JSON
import LengthWarmup
import Sampling
import Quantities

/// From the shared schedule options to a plan: the same choices for what is left open as `slw-train` makes.
struct PlanInputs {
    /// The training split of the data; nil for a plan without data.
    let source: DataSource?
    let configuration: PlanConfiguration
    /// Samples of an epoch. Without data an epoch is as large as the budget, or as said.
    let samples: Int

    static let corpusTokens = Option<Int?>.count("--corpus-tokens", in: 2...1 << 60, "without --data: tokens of an epoch").defaulting(
        to: "the budget")

    static let groups = [
        OptionGroup(
            "Data",
            [
                ScheduleOptions.data, ScheduleOptions.split, ScheduleOptions.seed, ScheduleOptions.order, ScheduleOptions.trainSamples,
                corpusTokens,
            ]),
        OptionGroup(
            "Batch and budget",
            [
                ScheduleOptions.sequenceLength, ScheduleOptions.batchSize, ScheduleOptions.trainTokens, ScheduleOptions.batchWarmupStart,
                ScheduleOptions.batchWarmupTokens,
            ]), ScheduleOptions.warmupGroup,
    ]

    init(_ call: Invocation, data words: [String]) throws {
        try ScheduleOptions.check(call)
        let names = try words.map { word in
            var name = try DataSetName(word)
            name.prefix = PrefixName.prefix(name.prefix)
            return name
        }
        let batch = call[ScheduleOptions.batchSize] ?? 16
        let seed = UInt64(call[ScheduleOptions.seed] ?? 1234)
        let split = try DocumentSplit(call[ScheduleOptions.split] ?? DocumentSplit.standard.text)
        let order = call[ScheduleOptions.order] == "megatron" ? OrderChoice.megatron(samples: call[ScheduleOptions.trainSamples]) : .keyed
        var length = call[ScheduleOptions.sequenceLength] ?? 256
        if names.isEmpty {
            if order != .keyed { throw call.misuse("--order megatron needs --data", hint: "its samples depend on the documents") }
            source = nil
        } else {
            let (datasets, weights) = (try DataSource.open(names), try DataSource.weights(of: names))
            if call[ScheduleOptions.sequenceLength] == nil {
                // As the trainer does: a short corpus gets shorter rows, so that an epoch has some steps.
                let tokens = try datasets.reduce(0) {
                    $0 + (try SampleStream($1, sequences: split.sequences(.train, of: $1.sequenceCount), sequenceLength: 32)).tokens.count
                }
                while length > 32 && tokens / length < 8 * batch { length /= 2 }
            }
            source = try DataSource(
                datasets, weights: weights, part: .train, split: split, sequenceLength: length, seed: seed, order: order)
        }
        let epoch = source?.sampleCount
        guard let budget = call[ScheduleOptions.trainTokens] ?? epoch.map({ $0 * length }) else {
            throw call.misuse("--train-tokens is missing", hint: "a plan needs a budget, or --data for one epoch of it")
        }
        samples = epoch ?? max(1, ((call[Self.corpusTokens] ?? budget) - (call[Self.corpusTokens] == nil ? 0 : 1)) / length)
        let perStep = batch.multipliedReportingOverflow(by: length)
        guard !perStep.overflow else { throw call.misuse("--global-batch-size times --seq-length is more than a step can have") }
        let warmupSteps = call[ScheduleOptions.steps] ?? max(1, ((budget - 1) / perStep.partialValue + 1) * 3 / 10)
        var batchWarmup: BatchWarmup?
        if let tokens = call[ScheduleOptions.batchWarmupTokens] {
            let start = min(call[ScheduleOptions.batchWarmupStart] ?? 1, batch)
            batchWarmup = BatchWarmup(start: start, increment: max(1, min(start, batch - start)), tokens: tokens)
        } else if call.isGiven(ScheduleOptions.batchWarmupStart) {
            throw call.misuse("--batch-warmup-start needs --batch-warmup-tokens")
        }
        configuration = PlanConfiguration(
            sequenceLength: length, globalBatchSize: batch, trainTokens: budget,
            pacing: try Self.pacing(call, length: length, steps: warmupSteps),
            tails: TailPolicy(rawValue: call[ScheduleOptions.tails] ?? "reuse")!, batchWarmup: batchWarmup, seed: seed)
        try configuration.check()
    }

    /// The schedule of a DeepSpeed configuration; none when its block is disabled.
    private static func deepSpeedPacing(_ path: String, _ call: Invocation) throws -> Pacing {
        let block = try DeepSpeedCurriculum.block(ofFile: path)
        do throws(WarmupError) {
            return try DeepSpeedCurriculum.read(block, dialect: .init(rawValue: call[ScheduleOptions.deepSpeedVersion] ?? "0.19.8")!).map {
                .deepSpeed($0)
            } ?? .constant
        } catch { throw CommandEnd.failed("\(PathName.printable(path)): \(error)") }
    }

    private static func pacing(_ call: Invocation, length: Int, steps: Int) throws -> Pacing {
        if let path = call[ScheduleOptions.deepSpeed] { return try deepSpeedPacing(path, call) }
        let start = call[ScheduleOptions.start] ?? min(8, length)
        let name = call[ScheduleOptions.pacing] ?? (call[ScheduleOptions.stages] == nil ? "linear" : "table")
        switch name {
        case "linear": return .linear(start: start, steps: steps)
        case "root": return .root(start: start, steps: steps, exponent: 1 / (call[ScheduleOptions.rootDegree] ?? 2))
        case "two-stage": return .twoStage(start: start, steps: steps)
        case "adaptive":
            return .adaptive(
                AdaptivePacing(
                    start: start, increment: call[ScheduleOptions.increment] ?? 8, interval: call[ScheduleOptions.interval] ?? 100,
                    tolerance: call[ScheduleOptions.tolerance] ?? 0.05))
        case "mixed", "table":
            guard let text = call[ScheduleOptions.stages] else {
                throw call.misuse("--slw-pacing \(name) needs --slw-table LENGTH:STEPS,…")
            }
            do throws(SpellingError) { return name == "table" ? try .table(stages: text) : try .mixed(stages: text) } catch {
                throw call.misuse("--slw-table: \(text) is not \(error.expected)", hint: error.hint)
            }
        default: return .constant
        }
    }

    /// What was chosen, for people.
    var rows: [(String, String)] {
        var rows = [
            (
                "rows",
                "\(QuantityText.count(configuration.globalBatchSize)) a step, \(QuantityText.count(configuration.sequenceLength)) tokens at full length"
            ),
            ("length", Self.words(configuration.pacing, full: configuration.sequenceLength)), ("tails", configuration.tails.rawValue),
            ("budget", "\(QuantityText.count(configuration.trainTokens)) tokens"),
        ]
        let epoch = "\(QuantityText.count(samples)) samples, \(QuantityText.count(samples * configuration.sequenceLength)) tokens"
        rows.append(("epoch", source == nil ? epoch + " (no --data)" : epoch))
        if source?.megatronOrder != nil { rows.append(("order", "Megatron-Core's")) }
        return rows
    }

    private static func words(_ pacing: Pacing, full: Int) -> String { pacing.summary(full: full) }
}
