import LengthWarmup
import Sampling

/// The schedule of a loader's options over its data.
struct LoaderSchedule {
    let options: LoaderOptions
    let resolved: ResolvedSchedule

    init(_ options: LoaderOptions) throws {
        self.options = options
        let (words, part) = (options.words, options.part)
        let split = try ScheduleResolver.split(words)
        let samples = { @Sendable (length: Int) throws(SamplingError) -> Int in
            try Self.open(words, part, split, length).sampleCount
        }
        let tokens = words.isGiven(.sequenceLength) ? 0 : try Self.open(words, part, split, 1).streams.reduce(0) { $0 + $1.tokens.count }
        resolved = try ScheduleResolver.resolve(words, ScheduleFacts(tokens: tokens, samples: samples))
    }

    /// The samples of the options' data.
    func open() throws(SamplingError) -> DataSource {
        try Self.open(options.words, options.part, resolved.split, resolved.plan.sequenceLength)
    }

    private static func open(_ words: ScheduleWords, _ part: DocumentSplit.Part, _ split: DocumentSplit, _ length: Int)
        throws(SamplingError) -> DataSource
    {
        try DataSource(
            words.data, part: part, split: split, sequenceLength: length, seed: ScheduleResolver.seed(words),
            order: ScheduleResolver.order(words))
    }

    /// A loader over `source` from the beginning, or from a state. What nobody said is then as the state has it.
    func loader(_ source: DataSource, state: PlanState?) throws(WarmupError) -> Loader {
        var plan = resolved.plan
        if let state {
            if !options.words.isGiven(.trainTokens) { plan.trainTokens = state.configuration.trainTokens }
            if !options.words.saysPacing { plan.pacing = state.configuration.pacing }
        }
        return try Loader(
            source: source, configuration: plan, rank: options.rank, world: options.world, microBatchSize: options.microBatchSize,
            prefetch: options.prefetch, state: state, allowsNewData: options.allowsNewData)
    }
}
