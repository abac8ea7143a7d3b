public import LengthWarmup
public import Training
import Transformer
import Quantities

/// What a person may say about a search for a length warmup; nil stands for "choose".
public struct TuningOptions: Sendable, Equatable {
    /// How many lengths of the learning-rate warmup "a few multiples" are.
    public var multiples = 3
    /// Steps of a probe, for runs whose learning-rate warmup does not tell.
    public var probeSteps: Int?
    /// A trial is stable when it is stable with so many seeds: that of the run, and the numbers after it.
    public var seeds = 1
    /// A perplexity above this many times the best so far is a significant fluctuation.
    public var fluctuation = 1.3
    /// No duration is longer.
    public var durationLimit: Int?
    /// How exactly the largest duration is searched, in steps.
    public var resolution: Int?
    /// Searches even when the baseline did not fluctuate.
    public var searchesAnyway = false

    public init() {}
}

/// A search for a length warmup with every choice made: what its probes have in common, how long they are, where the search may go.
public struct TuningPlan: Sendable {
    /// The run that is tuned, resolved. Probes differ from it in pacing, start and duration only; budget and learning rates are those of the whole run.
    public let configuration: TrainingConfiguration
    /// Where a probe ends.
    public let window: TrainingAmount
    /// Where its very beginning ends: halfway.
    public let beginning: TrainingAmount
    public let search: WarmupSearch
    public let options: TuningOptions
    /// Of the data sets that probes train on.
    let dataFingerprints: [UInt64]

    /// The pacings that have a start and a duration.
    public static var pacings: [String] { functions.map { $0.name } }

    /// What else these pacings take.
    public static var pacingOptions: [ScheduleOption] {
        var options: [ScheduleOption] = []
        for option in functions.flatMap({ $0.options }) where !(options + searched).contains(where: { $0.name == option.name }) {
            options.append(option)
        }
        return options
    }

    private static let searched: [ScheduleOption] = [.start, .steps]
    private static let functions = Pacing.functions.filter { function in
        searched.allSatisfy { option in function.options.contains { $0.name == option.name } }
    }

    /// Opens the data and chooses. `configuration` may leave everything open that a run may leave open; what it says of the length
    /// warmup's start and duration is not read.
    public init(_ configuration: TrainingConfiguration, _ options: TuningOptions) throws(TrainingError) {
        guard Self.pacings.contains(configuration.pacing) else {
            throw .configuration(
                "pacing \(configuration.pacing) has no start and duration to tune: take one of \(Self.pacings.joined(separator: ", "))")
        }
        let data = try TrainingData(configuration)
        let asked = configuration
        var resolved = configuration
        (resolved.warmupStart, resolved.warmupSteps) = (1, 1)
        resolved = try resolved.resolved(for: data.surroundings(processors: LanePool.processorCount))
        guard resolved.pacing != "none", let length = resolved.sequenceLength, let budget = resolved.trainTokens,
            let rateWarmup = resolved.learningRateWarmup
        else { throw .configuration("the sequence length is too short for a length warmup") }

        let stepTokens = resolved.globalBatchSize * length
        let firstDuration: Int
        if let steps = options.probeSteps {
            window = .steps(steps)
            firstDuration = steps
        } else if rateWarmup.count > 0 {
            // Counted as the learning rate counts: with tokens a probe of a long warmup has more steps, at the same cost.
            window = rateWarmup.scaled(by: options.multiples)
            firstDuration =
                switch window {
                case .steps(let count): count
                case .samples(let count): (count + resolved.globalBatchSize - 1) / resolved.globalBatchSize
                case .tokens(let count): (count + stepTokens - 1) / stepTokens
                }
        } else {
            throw .configuration(
                "without a warmup of the learning rate nothing says how long a probe must be: give \(option: "probe-steps")")
        }
        beginning = window.scaled(by: 1, over: 2)
        search = WarmupSearch(
            fullLength: length, firstDuration: firstDuration,
            durationLimit: options.durationLimit ?? max(1, (budget + stepTokens - 1) / stepTokens),
            resolution: options.resolution ?? max(1, firstDuration / 8))

        if asked.validationInterval == nil { resolved.validationInterval = max(1, firstDuration / 60) }
        let interval = resolved.validationInterval ?? 1
        guard firstDuration / interval >= 4 else {
            throw .configuration(
                "a probe of \(firstDuration) steps with a validation every \(interval) steps has too few to judge: raise \(option: "probe-steps") or \(option: "multiples"), or lower \(option: "eval-interval")"
            )
        }
        if asked.validationTokens == nil { resolved.validationTokens = max(8 * length, 2 * stepTokens) }
        if asked.checkpointInterval == nil { resolved.checkpointInterval = max(1, firstDuration / 4) }
        guard try data.validationSet(resolved) != nil else {
            throw .configuration(
                "the validation split (\(resolved.split)) has no sample of full length, and tuning goes by validation perplexity: give \(option: "split") a larger share"
            )
        }
        // A probe is judged and forgotten: the newest checkpoint is for going on with it.
        (resolved.keepCheckpoints, resolved.keepBest, resolved.tensorBoard) = (1, false, false)
        self.configuration = resolved
        self.options = options
        dataFingerprints = try data.fingerprints(resolved)
    }

    /// The seeds of a trial's probes.
    public var seeds: [Int] { (0..<max(1, options.seeds)).map { configuration.seed &+ $0 } }

    /// The configuration of the probe of `trial`; of the untuned baseline for nil.
    public func configuration(of trial: WarmupTrial?, seed: Int) -> TrainingConfiguration {
        var result = configuration
        result.seed = seed
        guard let trial else {
            result.schedule.choosePacing(ConstantPacing.name)
            return result
        }
        (result.warmupStart, result.warmupSteps) = (trial.start, trial.duration)
        return result
    }

    /// What of a probe with the configuration `saved` differs from this plan; empty when it is one of this plan's. `hasOwnSeed` is for probes
    /// that are named by their seed.
    func differences(of saved: TrainingConfiguration, hasOwnSeed: Bool) -> [String] {
        var here = configuration
        if hasOwnSeed { here.seed = saved.seed }
        // What the search decides, and what a probe's numbers do not depend on. They do depend on what is validated, and when.
        if saved.pacing == ConstantPacing.name {
            here.schedule.choosePacing(ConstantPacing.name)
        } else {
            (here.warmupStart, here.warmupSteps) = (saved.warmupStart, saved.warmupSteps)
        }
        let measured: Set = ["run.validation_interval", "run.validation_tokens", "run.blas_core"]
        for field in TrainingConfiguration.fields where field.mayChange && !measured.contains(field.path) {
            _ = field.write(&here, field.read(saved))
        }
        return here.differences(from: saved)
    }
}

extension TrainingAmount {
    /// The amount times `factor` / `divisor`, rounded up.
    func scaled(by factor: Int, over divisor: Int = 1) -> TrainingAmount {
        let (product, overflow) = count.multipliedReportingOverflow(by: factor)
        let count = overflow ? Int.max / divisor : product / divisor + (product % divisor == 0 ? 0 : 1)
        return switch self {
        case .steps: .steps(count)
        case .samples: .samples(count)
        case .tokens: .tokens(count)
        }
    }
}
