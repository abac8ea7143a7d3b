public import Batches
public import JSON
public import Sampling
import Quantities

/// Turns a plan into batches: each rank computes the whole plan and reads only its own rows, ahead of time on a thread of its own where that is worth it.
///
/// Use from one thread. Micro-batches of a step come in order; every rank gets the same number of them. Memory: `prefetch + 1` batches.
/// In steady state (full length, the keyed order) a batch takes no allocation.
public final class Loader {
    public let source: DataSource
    public let configuration: PlanConfiguration
    public let rank: Int
    public let world: Int
    /// Rows of a micro-batch.
    public let microBatchSize: Int

    /// The plan after the last step whose last micro-batch was handed out.
    public var plan: TrainingPlan { planThere ?? producer.plan }
    /// That plan; nil while the next step is planned, and where the producer's is the same.
    private var planThere: TrainingPlan?
    /// Digest of all targets that all ranks trained up to there; the same for every world and micro-batch size.
    public private(set) var digest: UInt64 = 0
    /// Trained targets of each data set up to there, over all ranks.
    public private(set) var trainedBySource: [Int]
    /// Targets of each data set that were served without loss up to there, over all ranks.
    public private(set) var maskedBySource: [Int]
    /// Targets of the samples of each data set that were opened up to there, over all ranks.
    public private(set) var fetchedBySource: [Int]
    /// The last step whose last micro-batch was handed out.
    public var lastStep: PlannedStep? { hasStep ? step : nil }
    private var step = PlannedStep(step: 0, sequenceLength: 0, groups: [])
    private var hasStep = false

    /// Where data sets or weights changed so far.
    private let changes: [OrderChange]
    private let producer: BatchProducer
    private let everyBatchIsAStep: Bool
    /// Adaptive pacing: whether the step that was handed out last still lacks its loss.
    private var awaitsLoss = false

    /// - Parameters:
    ///   - microBatchSize: rows of one batch; nil for all rows of the rank at once.
    ///   - prefetch: batches made ahead, at most. What is made faster than a thread is woken, is made when it is asked for.
    ///   - state: where to go on; nil for the beginning. Refused, with the difference named, when it belongs to other data or options.
    ///   - allowsNewData: whether the source may have other weights than the state's, and further data sets behind its own. They take effect at
    ///     once, and no sample comes again before its set's pass is over (but in the order of older runs: ``SampleOrder/Version``).
    public init(
        source original: DataSource, configuration: PlanConfiguration, rank: Int = 0, world: Int = 1, microBatchSize: Int? = nil,
        prefetch: Int = 2, state: PlanState? = nil, allowsNewData: Bool = false
    ) throws(WarmupError) {
        guard world > 0, rank >= 0, rank < world else {
            throw .badConfiguration("rank \(rank) of \(world): the rank must be at least 0 and below the world size")
        }
        guard original.sequenceLength == configuration.sequenceLength else {
            throw .badConfiguration(
                "the data source is cut at \(original.sequenceLength), the plan at \(configuration.sequenceLength): they must be equal")
        }
        let names = Self.names(of: original)
        var state = state
        changes = if let state { allowsNewData ? try state.changes(to: original, names: names) : state.changes } else { [] }
        if changes.count > state?.changes.count ?? 0 { state?.takeOver(names) }
        let source: DataSource
        do { source = try original.following(changes, version: state?.orderVersion ?? original.orderVersion) } catch {
            throw .sampling(error)
        }
        if configuration.rowRules.masksEnds {
            do { try DataSets(source.streams.map(\.dataset)).checkEndTokens() } catch { throw .sampling(error) }
        }
        self.source = source
        self.configuration = configuration
        self.rank = rank
        self.world = world
        let rowsOfRank = (configuration.globalBatchSize + world - 1) / world
        self.microBatchSize = min(max(microBatchSize ?? rowsOfRank, 1), rowsOfRank)
        let hasWholeSteps = self.microBatchSize == rowsOfRank
        // Where rows grow in number, whether a batch is a step is not known before.
        everyBatchIsAStep = hasWholeSteps && configuration.batchUnit == .rows
        trainedBySource = Array(repeating: 0, count: source.streams.count)
        (maskedBySource, fetchedBySource) = (trainedBySource, trainedBySource)
        let plan: TrainingPlan
        if let state {
            try state.check(configuration: configuration, sources: names)
            plan = try TrainingPlan(configuration, epochSizes: source.epochSizes, state: state)
            digest = state.digest
            guard state.accountsAddUp(sources: trainedBySource.count) else {
                throw .badState("its accounts of the data sets do not add up")
            }
            (trainedBySource, maskedBySource, fetchedBySource) = (state.trainedBySource, state.maskedBySource, state.fetchedBySource)
        } else {
            plan = try TrainingPlan(configuration, samples: source.sampleCount)
        }
        planThere = plan
        producer = BatchProducer(
            BatchAssembler(
                plan: plan, source: source, rank: rank, world: world, microBatchSize: self.microBatchSize, hasWholeSteps: hasWholeSteps),
            depth: max(prefetch, 1) + 1)
    }

    /// The next micro-batch, or nil at the end of the budget. The one before it is no longer valid.
    public func next() -> Batch? {
        // The next step is planned in this plan's memory, unless the plan after this step is still needed when its first micro-batch is out.
        if everyBatchIsAStep { planThere = nil }
        guard let produced = producer.next() else { return nil }
        awaitsLoss = false
        if let planAfter = produced.plan {
            planThere = planAfter
            produced.plan = nil
            swap(&step, &produced.step)
            hasStep = true
            awaitsLoss = produced.endsWithLoss
            digest &+= produced.stepDigest
            for index in 0..<trainedBySource.count {
                trainedBySource[index] += produced.stepTargets[index]
                maskedBySource[index] += produced.stepMasked[index]
                fetchedBySource[index] += produced.stepOpened[index] * configuration.sequenceLength
            }
        }
        return produced.batch
    }

    /// Whether any target may be without loss.
    public var masksTargets: Bool { configuration.rowRules.masksEnds || source.hasLossWeights }

    /// Tells adaptive pacing the mean loss of the step that was handed out last; call it once a step, before the next batch is asked for. A second loss for a
    /// step counts for nothing, and a step without one decides nothing. Other pacings need none.
    public func observe(loss: Double) {
        guard awaitsLoss else { return }
        awaitsLoss = false
        planThere?.observe(loss: loss)
        producer.observe(loss: loss)
    }

    /// The state after the last step whose last micro-batch was handed out.
    public var state: PlanState {
        PlanState(
            plan: plan, sources: Self.names(of: source), digest: digest, trainedBySource: trainedBySource, maskedBySource: maskedBySource,
            fetchedBySource: fetchedBySource, changes: changes, orderVersion: source.orderVersion)
    }

    /// Each data set's share of the plan's counts, over all ranks.
    public var accounts: [SourceAccount] {
        trainedBySource.indices.map {
            SourceAccount(
                fetched: fetchedBySource[$0], trained: trainedBySource[$0], masked: maskedBySource[$0], policy: configuration.tails)
        }
    }

    /// What identifies the data of a source in a state: content, and its place in the order. A weight or an order's seed that changed
    /// would put other samples behind the positions of the ledger.
    public static func names(of source: DataSource) -> [JSONValue] {
        source.streams.indices.map { index in
            var name: JSONObject = [
                "samples": JSONValue(source.streams[index].sampleCount), "tokens": JSONValue(source.streams[index].tokens.count),
                "fingerprint": .string(String(source.fingerprints[index], radix: 16)),
                "samples_per_epoch": JSONValue(source.samplesPerEpoch(index)),
                "order": .string(String(source.orderFingerprint, radix: 16)),
            ]
            if let weights = source.lossWeightFingerprints[index] { name["loss_weights"] = .string(String(weights, radix: 16)) }
            return .object(name)
        }
    }
}
