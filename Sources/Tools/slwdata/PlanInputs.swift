import CommandKit
import Curricula
import LengthWarmup
import Sampling
import Quantities
import ScheduleFlags

/// From the words of a command line to a plan: what `slw-train` makes of the same words.
struct PlanInputs {
    /// The training split of the data; nil for a plan without data.
    let source: DataSource?
    let schedule: ResolvedSchedule

    var configuration: PlanConfiguration { schedule.plan }
    /// Samples of an epoch. Without data an epoch is as large as the budget, or as said.
    var samples: Int { schedule.samples }

    static let corpusTokens = Option<Int?>.count("--corpus-tokens", in: 2...1 << 60, "without --data: tokens of an epoch").defaulting(
        to: "the budget")
    // The size of the trainer's model, which limits the budget that is chosen when nobody gives one.
    static let layers = Option.count("--num-layers", default: 4, in: 1...1 << 20, "blocks of the model").also("--layers")
    static let width = Option.count("--hidden-size", default: 256, in: 1...1 << 20, "channels of the model").also("--width")
    static let vocabulary = Option<Int?>.count("--vocab-size", in: 1...1 << 31, "token ids of the model").defaulting(
        to: "those of the data")

    static let data = OptionGroup("Data", ScheduleFlags.flags(.data) + [corpusTokens])
    static let batch = OptionGroup("Batch and budget", ScheduleFlags.flags(.batch))
    static let model = OptionGroup("Model, for the budget when none is given", [layers, width, vocabulary])
    static let groups = [data, batch, ScheduleFlags.rows, ScheduleFlags.warmup, model]

    init(_ call: Invocation, data dataWords: [String]? = nil) throws {
        let words = try ScheduleFlags.words(call, data: dataWords)
        try ScheduleFlags.checked(call) { () throws(ScheduleError) in try words.check() }
        if words.data.isEmpty {
            let facts = ScheduleFacts(epochTokens: dataWords == nil ? call[Self.corpusTokens] : nil)
            schedule = try ScheduleFlags.checked(call) { () throws(ScheduleError) in try ScheduleResolver.resolve(words, facts) }
            source = nil
            return
        }
        if dataWords == nil, call.isGiven(Self.corpusTokens) {
            throw call.misuse("--corpus-tokens is for a plan without --data", hint: "the data sets say how many tokens an epoch has")
        }
        let sets = try ScheduleResolver.dataSets(words)
        var standardBudget: Int?
        if !words.isGiven(.trainTokens) {
            standardBudget = ScheduleFacts.standardBudget(
                layers: call[Self.layers], width: call[Self.width],
                vocabulary: call[Self.vocabulary] ?? VocabularySize.of(sets.datasets))
        }
        (schedule, source) = try ScheduleFlags.checked(call) { () throws(ScheduleError) in
            try ScheduleResolver.resolve(words, sets, standardBudget: standardBudget)
        }
    }

    /// What is worth knowing of the curriculum before it is trained; nil for nothing.
    var remark: String? { (configuration.pacing.function as? CurriculumPacing)?.rule.remark }

    /// What was chosen, for people.
    var rows: [(String, String)] {
        var rows = [
            (
                "rows",
                "\(QuantityText.count(configuration.globalBatchSize)) a step, \(QuantityText.count(configuration.sequenceLength)) tokens at full length"
            ),
            ("length", configuration.pacing.summary(full: configuration.sequenceLength)), ("tails", configuration.tails.rawValue),
            ("budget", "\(QuantityText.count(configuration.trainTokens)) tokens"),
        ]
        if configuration.batchUnit == .tokens { rows.append(("batch", "tokens held constant: short rows are more")) }
        let epoch = "\(QuantityText.count(samples)) samples, \(QuantityText.count(samples * configuration.sequenceLength)) tokens"
        rows.append(("epoch", source == nil ? epoch + " (no --data)" : epoch))
        if let documents = configuration.rowRules.summary { rows.append(("documents", documents)) }
        if source?.hasLossWeights == true { rows.append(("loss", "weighted by token")) }
        if schedule.order != .keyed { rows.append(("order", "Megatron-Core's")) }
        return rows
    }
}
