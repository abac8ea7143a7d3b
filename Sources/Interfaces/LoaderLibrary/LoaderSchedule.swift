import LengthWarmup
import Sampling

/// The schedule of a loader's options, and the samples that it is about.
struct LoaderSchedule {
    let options: LoaderOptions
    let resolved: ResolvedSchedule
    let source: DataSource

    init(_ options: LoaderOptions) throws {
        self.options = options
        try options.words.check()
        (resolved, source) = try ScheduleResolver.resolve(options.words, ScheduleResolver.dataSets(options.words), part: options.part)
    }

    /// A loader from the beginning, or from a state. What nobody said is then as the state has it.
    func loader(state: PlanState?) throws(WarmupError) -> Loader {
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
