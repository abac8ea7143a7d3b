import Curricula
public import Sampling
import Quantities

/// What a schedule depends on beside its words: sizes of the data and of the model.
public struct ScheduleFacts: Sendable, Equatable {
    /// Tokens of the training split, all sets together; nil without data.
    public var tokens: Int?
    /// Tokens that a run trains at most when nobody gives a budget; nil for no such limit.
    public var standardBudget: Int?
    /// Without data: tokens of an epoch; nil for as many as the budget has.
    public var epochTokens: Int?

    public init(tokens: Int? = nil, standardBudget: Int? = nil, epochTokens: Int? = nil) {
        self.tokens = tokens
        self.standardBudget = standardBudget
        self.epochTokens = epochTokens
    }

    /// Tokens that some five minutes train on two cores, at six operations a parameter and token.
    public static func standardBudget(layers: Int, width: Int, vocabulary: Int) -> Int {
        let parameters = Double(layers) * 12 * Double(width) * Double(width) + Double(vocabulary) * Double(width)
        return Int(min(0x1p60, 6e13 / (6 * max(parameters, 1))))
    }
}

/// A schedule with every open choice made: what all front ends agree on.
public struct ResolvedSchedule: Sendable, Equatable {
    public var plan: PlanConfiguration
    public var split: DocumentSplit
    public var order: OrderChoice
    /// Samples of an epoch.
    public var samples: Int
    /// Words that resolve to the same whatever the facts are.
    public var words: ScheduleWords
}

/// From words and facts to a plan: the one place where open choices are made. The same words and facts give the same plan in every front end.
public enum ScheduleResolver {
    static let standardLength = 256
    public static let standardBatchSize = 16
    public static let standardSeed = 1234
    static let standardStart = 8

    /// The split that the words ask for.
    public static func split(_ words: ScheduleWords) throws(ScheduleError) -> DocumentSplit {
        guard let text = words.word(.split) else { return .standard }
        do throws(SamplingError) { return try DocumentSplit(text) } catch { throw ScheduleError(error.optionText) }
    }

    /// The order that the words ask for.
    public static func order(_ words: ScheduleWords) -> OrderChoice {
        words.word(.order) == "megatron" ? .megatron(samples: words.count(.trainSamples)) : .keyed
    }

    /// The data sets that the words name, opened with the weights of the loss that they ask for, and with end tokens where those are asked for.
    public static func dataSets(_ words: ScheduleWords) throws(SamplingError) -> DataSets {
        let sets = try DataSets(words.data, lossWeights: words.word(.lossWeights).flatMap(LossWeightsChoice.init(rawValue:)) ?? .auto)
        if RowRules(words).masksEnds { try sets.checkEndTokens() }
        return sets
    }

    /// The seed that the words ask for.
    public static func seed(_ words: ScheduleWords) -> UInt64 { UInt64(bitPattern: Int64(words.count(.seed) ?? standardSeed)) }

    /// The schedule that words make of one part of the data sets that they name, and the samples of that part.
    public static func resolve(
        _ words: ScheduleWords, _ sets: DataSets, part: DocumentSplit.Part = .train, standardBudget: Int? = nil
    ) throws(ScheduleError) -> (schedule: ResolvedSchedule, source: DataSource) {
        let split = try split(words)
        let facts = ScheduleFacts(tokens: sets.tokenCount(part, of: split), standardBudget: standardBudget)
        var source: DataSource?
        let schedule = try resolve(words, facts) { length throws(SamplingError) in
            let opened = try DataSource(
                sets, part: part, split: split, sequenceLength: length, seed: seed(words), order: order(words))
            source = opened
            return opened.sampleCount
        }
        return (schedule, source!)
    }

    /// The schedule that words make without data.
    public static func resolve(_ words: ScheduleWords, _ facts: ScheduleFacts) throws(ScheduleError) -> ResolvedSchedule {
        try resolve(words, facts) { _ in nil }
    }

    /// The schedule that words and facts make.
    ///
    /// - Parameter samples: of an epoch when they have a length, which is asked for once; nil without data.
    public static func resolve(
        _ words: ScheduleWords, _ facts: ScheduleFacts, samples: (_ length: Int) throws(SamplingError) -> Int?
    ) throws(ScheduleError) -> ResolvedSchedule {
        try words.check()
        let split = try split(words)
        let order = order(words)
        let batch = words.count(.batchSize) ?? standardBatchSize
        var length = words.count(.sequenceLength) ?? standardLength
        if words.count(.sequenceLength) == nil, let tokens = facts.tokens {
            // A short corpus gets shorter rows, so that an epoch has some steps.
            while length > 32 && tokens / length < 8 * batch { length /= 2 }
        }
        let epoch: Int?
        do throws(SamplingError) { epoch = try samples(length) } catch { throw ScheduleError(error.optionText) }
        if epoch == nil, order != .keyed {
            throw ScheduleError(
                "\(ScheduleOption.order.text) megatron needs \(ScheduleOption.data.text)", hint: "its samples depend on the documents")
        }
        if epoch == 0 {
            throw ScheduleError(
                "the training split has \(facts.tokens ?? 0) tokens, fewer than one row of \(length) needs",
                hint: "add data, or lower \(ScheduleOption.sequenceLength.text)")
        }
        let step = batch * length
        let pass = epoch.map { samples in
            let (tokens, overflow) = samples.multipliedReportingOverflow(by: length)
            return overflow ? 1 << 60 : tokens
        }
        guard let budget = words.count(.trainTokens) ?? pass.map({ min($0, max(step, facts.standardBudget ?? .max)) }) else {
            throw ScheduleError(
                "\(ScheduleOption.trainTokens.text) is missing",
                hint: "a plan needs a budget, or \(ScheduleOption.data.text) for one epoch of it")
        }
        let samples = epoch ?? max(1, ((facts.epochTokens ?? budget) - (facts.epochTokens == nil ? 0 : 1)) / length)
        let pacing = try pacing(words, length: length, fullSteps: (budget - 1) / step + 1)
        let plan = PlanConfiguration(
            sequenceLength: length, globalBatchSize: batch, trainTokens: budget, pacing: pacing,
            tails: try tails(words), batchWarmup: try batchWarmup(words, batch: batch),
            batchUnit: words.word(.batchUnit).flatMap(BatchUnit.init(rawValue:)) ?? pacing.function.standardBatchUnit, seed: seed(words),
            rowRules: RowRules(words))
        do throws(WarmupError) { try plan.check() } catch { throw ScheduleError(error.optionText) }
        return ResolvedSchedule(plan: plan, split: split, order: order, samples: samples, words: closed(words, plan))
    }

    private static func pacing(_ words: ScheduleWords, length: Int, fullSteps: Int) throws(ScheduleError) -> Pacing {
        guard let function = Pacing.function(named: words.pacingName) else {
            throw ScheduleError("there is no pacing \(words.pacingName)")
        }
        return try function.pacing(words, PacingFacts(fullLength: length, fullSteps: max(1, fullSteps)))
    }

    /// What an exact curriculum cuts off is dropped, as its original drops it.
    private static func tails(_ words: ScheduleWords) throws(ScheduleError) -> TailPolicy {
        let said = words.word(.tails).flatMap(TailPolicy.init(rawValue:))
        guard words.pacingName == CurriculumPacing.name, words.word(.curriculumMode) == CurriculumMode.exact.rawValue else {
            return said ?? .reuse
        }
        if let said, said != .drop, words.isGiven(.tails) {
            throw ScheduleError(
                "\(ScheduleOption.tails.text) \(said.rawValue) and \(ScheduleOption.curriculumMode.text) exact cannot both be given",
                hint: "the original drops what it cuts off")
        }
        return .drop
    }

    private static func batchWarmup(_ words: ScheduleWords, batch: Int) throws(ScheduleError) -> BatchWarmup? {
        guard let tokens = words.count(.batchWarmupTokens) else { return nil }
        let start = words.count(.batchWarmupStart) ?? 1
        guard start < batch else {
            guard words.isGiven(.batchWarmupStart) || words.isGiven(.batchWarmupTokens) else { return nil }
            throw ScheduleError(
                "\(ScheduleOption.batchWarmupStart.text) is \(start) and has no effect: it must be below \(ScheduleOption.batchSize.text), \(batch)"
            )
        }
        return BatchWarmup(start: start, increment: min(start, batch - start), tokens: tokens)
    }

    /// The words with every choice made, and without those that the pacing does not take.
    private static func closed(_ words: ScheduleWords, _ plan: PlanConfiguration) -> ScheduleWords {
        var closed = words
        closed[.sequenceLength] = .count(plan.sequenceLength)
        closed[.batchSize] = .count(plan.globalBatchSize)
        closed[.trainTokens] = .count(plan.trainTokens)
        closed[.seed] = words[.seed] ?? .count(standardSeed)
        closed[.tails] = .word(plan.tails.rawValue)
        closed[.batchUnit] = words[.batchUnit] ?? (plan.batchUnit == .rows ? nil : .word(plan.batchUnit.rawValue))
        closed[.order] = words[.order] ?? .word("slw")
        closed[.split] = words[.split] ?? .word(DocumentSplit.standard.text)
        plan.rowRules.close(&closed)
        closed[.lossWeights] = words[.lossWeights] ?? .word(LossWeightsChoice.auto.rawValue)
        closed[.batchWarmupStart] = plan.batchWarmup.map { .count($0.start) }
        closed[.batchWarmupTokens] = plan.batchWarmup.map { .count($0.tokens) }
        closed.choosePacing(plan.pacing.name)
        for (option, value) in (plan.pacing.function as? any NamedPacing)?.words(words) ?? [] { closed[option] = value }
        return closed
    }
}

/// What the parameters of a pacing function may depend on.
public struct PacingFacts: Sendable {
    /// L, the samples' length.
    public let fullLength: Int
    /// Steps of the budget if all had full length.
    public let fullSteps: Int
}
