import Dispatch
public import JSON
public import Sampling
import Synchronization

/// Turns a plan into batches: each rank computes the whole plan and reads only its own rows, ahead of time, on a thread of its own.
///
/// Use from one thread. Micro-batches of a step come in order; every rank gets the same number of them. Memory: `prefetch + 1` batches.
public final class Loader {
    public let source: DataSource
    public let configuration: PlanConfiguration
    public let rank: Int
    public let world: Int
    /// Rows of a micro-batch.
    public let microBatchSize: Int

    /// The plan after the last step whose last micro-batch was handed out.
    public private(set) var plan: TrainingPlan
    /// Digest of all targets that all ranks trained up to there; the same for every world and micro-batch size.
    public private(set) var digest: UInt64 = 0
    /// Trained targets of each data set up to there, over all ranks.
    public private(set) var trainedBySource: [Int]
    /// Targets of the samples of each data set that were opened up to there, over all ranks.
    public private(set) var fetchedBySource: [Int]
    /// The last step whose last micro-batch was handed out.
    public private(set) var lastStep: PlannedStep?

    /// Where data sets or weights changed so far.
    private let changes: [OrderChange]
    private let prefetch: Int
    private var producer: BatchProducer
    private var handedOut: ProducedBatch?

    /// - Parameters:
    ///   - microBatchSize: rows of one batch; nil for all rows of the rank at once.
    ///   - prefetch: batches made ahead.
    ///   - state: where to go on; nil for the beginning. Refused, with the difference named, when it belongs to other data or options.
    ///   - allowsNewData: whether the source may have other weights than the state's, and further data sets behind its own. They take effect at
    ///     once, and nothing that was trained comes again before its set's pass is over.
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
        do { source = try original.following(changes) } catch { throw .badConfiguration("\(error)") }
        self.source = source
        self.configuration = configuration
        self.rank = rank
        self.world = world
        self.prefetch = max(prefetch, 1)
        let rowsOfRank = (configuration.globalBatchSize + world - 1) / world
        self.microBatchSize = min(max(microBatchSize ?? rowsOfRank, 1), rowsOfRank)
        trainedBySource = Array(repeating: 0, count: source.streams.count)
        fetchedBySource = trainedBySource
        if let state {
            try state.check(configuration: configuration, sources: names)
            plan = try TrainingPlan(configuration, epochSizes: source.epochSizes, state: state)
            digest = state.digest
            guard state.accountsAddUp(sources: trainedBySource.count) else {
                throw .badState("its accounts of the data sets do not add up")
            }
            (trainedBySource, fetchedBySource) = (state.trainedBySource, state.fetchedBySource)
        } else {
            plan = try TrainingPlan(configuration, samples: source.sampleCount)
        }
        producer = BatchProducer(
            plan: plan, source: source, rank: rank, world: world, microBatchSize: self.microBatchSize, depth: self.prefetch + 1)
    }

    deinit { producer.stop() }

    /// The next micro-batch, or nil at the end of the budget. The one before it is no longer valid.
    public func next() -> Batch? {
        if let handedOut { producer.recycle(handedOut) }
        handedOut = producer.next()
        guard let produced = handedOut else { return nil }
        if produced.batch.completesStep {
            lastStep = plan.nextStep()
            digest &+= produced.stepDigest
            for index in trainedBySource.indices {
                trainedBySource[index] += produced.stepTargets[index]
                fetchedBySource[index] += produced.stepOpened[index] * configuration.sequenceLength
            }
        }
        return produced.batch
    }

    /// Tells adaptive pacing the mean loss of the step that was handed out last; call it once a step, before the next step is asked for.
    public func observe(loss: Double) {
        plan.observe(loss: loss)
        producer.observe(loss: loss)
    }

    /// The state after the last step whose last micro-batch was handed out.
    public var state: PlanState {
        PlanState(
            plan: plan, sources: Self.names(of: source), digest: digest, trainedBySource: trainedBySource, fetchedBySource: fetchedBySource,
            changes: changes)
    }

    /// Each data set's share of the plan's counts, over all ranks.
    public var accounts: [SourceAccount] {
        zip(fetchedBySource, trainedBySource).map {
            SourceAccount(fetched: $0, trained: $1, policy: configuration.tails)
        }
    }

    /// What identifies the data of a source in a state: content, and its place in the order. A weight or an order's seed that changed
    /// would put other samples behind the positions of the ledger.
    public static func names(of source: DataSource) -> [JSONValue] {
        source.streams.indices.map { index in
            [
                "samples": JSONValue(source.streams[index].sampleCount), "tokens": JSONValue(source.streams[index].tokens.count),
                "fingerprint": .string(String(source.fingerprints[index], radix: 16)),
                "samples_per_epoch": JSONValue(source.samplesPerEpoch(index)),
                "order": .string(String(source.orderFingerprint, radix: 16)),
            ]
        }
    }
}

/// A batch and, with a step's last one, what the whole step adds. An object, so that the ring itself is never written while two threads
/// use it.
final class ProducedBatch {
    let batch: Batch
    var stepDigest: UInt64 = 0
    /// For each data set: trained targets, and samples that were opened.
    var stepTargets: [Int]
    var stepOpened: [Int]
    /// Marks the end of the plan; holds no rows.
    var isEnd = false

    init(_ batch: Batch, sources: Int) {
        self.batch = batch
        stepTargets = Array(repeating: 0, count: sources)
        stepOpened = stepTargets
    }

    /// Sums up the runs of a whole step. In place: a step takes no memory for its accounts.
    func account(for runs: [TokenRun]) {
        for index in stepTargets.indices { (stepTargets[index], stepOpened[index]) = (0, 0) }
        var digest = SliceDigest()
        for run in runs {
            digest.add(run)
            stepTargets[run.dataset] += run.targetCount
            if run.opensSample { stepOpened[run.dataset] += 1 }
        }
        stepDigest = digest.value
    }
}

/// The thread that fills batches ahead of the consumer: a ring of batches between two semaphores.
///
/// `@unchecked Sendable`: a batch belongs to the producer from `free` to `ready` and to the consumer from `ready` to `free`; all else is
/// touched by the producer's thread alone.
final class BatchProducer: @unchecked Sendable {
    private let source: DataSource
    private let rank: Int
    private let world: Int
    private let microBatchSize: Int
    private var plan: TrainingPlan
    private let ring: [ProducedBatch]
    private let free: DispatchSemaphore
    private let ready = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)
    /// Raised with each loss that adaptive pacing waits for: its lengths cannot be made ahead.
    private let observed = DispatchSemaphore(value: 0)
    private let observedLoss = Mutex(0.0)
    private let isAdaptive: Bool
    private let isStopped = Atomic(false)
    private var readIndex = 0
    private var hasEnded = false

    init(plan: TrainingPlan, source: DataSource, rank: Int, world: Int, microBatchSize: Int, depth: Int) {
        self.plan = plan
        self.source = source
        self.rank = rank
        self.world = world
        self.microBatchSize = microBatchSize
        isAdaptive = plan.adaptiveCourse != nil
        ring = (0..<depth).map { _ in
            ProducedBatch(Batch(rows: microBatchSize, length: plan.configuration.sequenceLength), sources: source.streams.count)
        }
        // Started at 0 and raised: a semaphore may not be freed below the value it began with.
        free = DispatchSemaphore(value: 0)
        for _ in 0..<depth { free.signal() }
        DispatchQueue(label: "slwdata.loader", qos: .userInitiated).async { [self] in produce() }
    }

    /// The next filled batch; nil at the end.
    func next() -> ProducedBatch? {
        if hasEnded { return nil }
        ready.wait()
        if ring[readIndex].isEnd {
            hasEnded = true
            return nil
        }
        defer { readIndex = (readIndex + 1) % ring.count }
        return ring[readIndex]
    }

    /// Lets an adaptive plan's thread go on to the next step.
    func observe(loss: Double) {
        guard isAdaptive else { return }
        observedLoss.withLock { $0 = loss }
        observed.signal()
    }

    func recycle(_ batch: ProducedBatch) { free.signal() }

    /// Ends the thread and waits for it.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        free.signal()
        observed.signal()
        finished.wait()
    }

    private func produce() {
        defer { finished.signal() }
        var writeIndex = 0
        var runs: [TokenRun] = []
        var rowEnds: [Int] = []
        while let step = plan.nextStep() {
            locate(step, &runs, &rowEnds)
            let rows = step.rows(ofRank: rank, world: world)
            // All ranks make as many micro-batches as the largest share needs.
            let microCount = ((step.rowCount + world - 1) / world + microBatchSize - 1) / microBatchSize
            for micro in 0..<microCount {
                free.wait()
                if isStopped.load(ordering: .acquiring) { return }
                let batch = ring[writeIndex].batch
                let first = min(rows.lowerBound + micro * microBatchSize, rows.upperBound)
                let own = first..<min(first + microBatchSize, rows.upperBound)
                let share = (step.rowCount + world - 1) / world
                batch.reshape(rows: min(microBatchSize, share - micro * microBatchSize), length: step.sequenceLength)
                for row in 0..<batch.rows {
                    let global = own.lowerBound + row
                    let part = global < own.upperBound ? runs[(global == 0 ? 0 : rowEnds[global - 1])..<rowEnds[global]] : runs[0..<0]
                    batch.fill(row: row, runs: part, from: source)
                }
                batch.step = step.step
                batch.globalTargetCount = step.targetCount
                batch.completesStep = micro == microCount - 1
                if batch.completesStep { ring[writeIndex].account(for: runs) }
                ready.signal()
                writeIndex = (writeIndex + 1) % ring.count
            }
            if isAdaptive, !plan.isFinished {
                observed.wait()
                if isStopped.load(ordering: .acquiring) { return }
                plan.observe(loss: observedLoss.withLock { $0 })
            }
        }
        free.wait()
        if isStopped.load(ordering: .acquiring) { return }
        ring[writeIndex].isEnd = true
        ready.signal()
    }

    /// Where all slices of the step lie, row by row: the digest needs every rank's.
    private func locate(_ step: PlannedStep, _ runs: inout [TokenRun], _ rowEnds: inout [Int]) {
        runs.removeAll(keepingCapacity: true)
        rowEnds.removeAll(keepingCapacity: true)
        for group in step.groups {
            for row in 0..<group.rowCount {
                for part in group.parts {
                    let first = part.positions.lowerBound + row * part.perRow
                    for position in first..<first + part.perRow {
                        source.appendRuns(epoch: group.epoch, position: position, start: part.start, targets: part.length, to: &runs)
                    }
                }
                rowEnds.append(runs.count)
            }
        }
    }
}
