import Hashing
public import Sampling
import Quantities

/// The steps of a run as a pure function of (samples of an epoch, configuration): which slices each step trains.
///
/// It never touches tokens. Every rank computes the same plan and reads only its own rows. A step costs a few integers however large the batch
/// is. The law: at the end of an epoch under any policy but `drop`, the slices partition every sample's targets; under `drop`, trained and
/// dropped targets together are the epoch's.
///
/// `fetched = trained + masked + outstanding + dropped` holds after each step. Which targets are masked only the data know: who looks at them says how many,
/// by ``mask(_:)``; without that every served target counts as trained.
public struct TrainingPlan: Sendable {
    public let configuration: PlanConfiguration
    /// Samples of the current epoch.
    public var samples: Int { epochSizes[epoch] }
    /// Samples of each epoch.
    public let epochSizes: EpochSizes
    public internal(set) var counts = PlanCounts()
    /// What the current epoch still owes.
    public internal(set) var ledger: TailLedger
    /// The epoch that is being read, from 0, and its first position that was not fetched yet.
    public internal(set) var epoch = 0
    public internal(set) var nextFresh = 0
    /// Under adaptive pacing: what was seen and decided.
    public internal(set) var adaptiveState: AdaptivePacing.State?

    /// A plan whose epochs all have so many samples, at least one.
    public init(_ configuration: PlanConfiguration, samples: Int) throws(WarmupError) {
        try self.init(configuration, epochSizes: EpochSizes(samples))
    }

    public init(_ configuration: PlanConfiguration, epochSizes: EpochSizes) throws(WarmupError) {
        try configuration.check()
        guard epochSizes.least > 0 else {
            throw .badConfiguration("an epoch of \(epochSizes.least) samples is none: it needs at least one")
        }
        guard epochSizes.greatest <= Self.most / configuration.sequenceLength else {
            throw .badConfiguration("an epoch of \(epochSizes.greatest) samples is too large: it may have up to 2^62 targets")
        }
        self.configuration = configuration
        self.epochSizes = epochSizes
        ledger = TailLedger(sequenceLength: configuration.sequenceLength)
        if let pacing = configuration.pacing.adaptive { adaptiveState = AdaptivePacing.State(length: pacing.start) }
    }

    /// Whether the token budget is spent, or (under `drop`) more targets were opened than counts may hold.
    public var isFinished: Bool { counts.served >= configuration.trainTokens || counts.fetched > Self.most }

    /// Bound of all counts of targets: a step more than it still fits into an `Int`.
    static let most = 1 << 62

    /// The length of the step that comes next.
    public var nextSequenceLength: Int {
        if let adaptiveState { return adaptiveState.length }
        return configuration.pacing.function.length(
            atStep: counts.steps, afterTokens: counts.served, full: configuration.sequenceLength, granularity: configuration.granularity)
    }

    /// The next step, or nil when the budget is spent.
    ///
    /// The last step has only as many rows as the rest of the budget needs, so that a run trains at most one row more than asked.
    public mutating func nextStep() -> PlannedStep? {
        var step = PlannedStep(step: 0, sequenceLength: 0, groups: [])
        return nextStep(into: &step) ? step : nil
    }

    /// As ``nextStep()``, in the memory of an earlier step; false when the budget is spent. A step of full-length fresh rows allocates nothing.
    mutating func nextStep(into step: inout PlannedStep) -> Bool {
        guard !isFinished else { return false }
        let length = nextSequenceLength
        var choice = StepChoice(
            length: length,
            rows: min(
                configuration.rows(afterTokens: counts.served, length: length),
                (configuration.trainTokens - counts.served + length - 1) / length))
        swap(&choice.groups, &step.groups)
        choice.groups.removeAll(keepingCapacity: true)
        while choice.rows > 0 {
            if nextFresh == samples, ledger.isEmpty {
                if choice.pending.isEmpty {
                    (epoch, nextFresh) = (epoch + 1, 0)
                    choice.isFirstLook = true
                } else {
                    // Only what this very step has left is left: rather a continuation than a short step.
                    commit(&choice)
                }
            }
            takeTails(tailRows(choice), &choice)
            takeFresh(&choice)
            choice.isFirstLook = false
        }
        commit(&choice)
        step.window = configuration.pacing.function.window(atStep: counts.steps, full: configuration.sequenceLength)
        counts.steps += 1
        swap(&choice.groups, &step.groups)
        (step.step, step.sequenceLength) = (counts.steps, length)
        for group in step.groups {
            let targets = group.rowCount * group.targetsPerRow
            counts.trained += targets
            if group.isTail { counts.reused += targets }
        }
        counts.outstanding = ledger.targetCount
        return true
    }

    /// Says that so many targets of the step that came last have no loss.
    mutating func mask(_ targets: Int) {
        counts.trained -= targets
        counts.masked += targets
    }

    /// Tells an adaptive plan the mean loss of the step that `nextStep()` returned last; every other plan ignores it.
    public mutating func observe(loss: Double) {
        guard let pacing = configuration.pacing.adaptive, var state = adaptiveState else { return }
        pacing.observe(loss, step: counts.steps, full: configuration.sequenceLength, &state)
        adaptiveState = state
    }

    /// What a step has collected so far.
    private struct StepChoice {
        let length: Int
        /// Rows still to fill.
        var rows: Int
        var groups: [RowGroup] = []
        /// Tails that this step leaves: on record only when it is complete, so that no row continues another of its own step.
        var pending: [TailLedger.Run] = []
        var isFirstLook = true
        var drawCount: UInt64 = 0

        init(length: Int, rows: Int) {
            self.length = length
            self.rows = rows
        }
    }

    private mutating func commit(_ choice: inout StepChoice) {
        for run in choice.pending { ledger.record(run.positions, start: run.start) }
        choice.pending.removeAll(keepingCapacity: true)
    }

    /// How many of the step's rows the policy wants from the ledger.
    private func tailRows(_ choice: StepChoice) -> Int {
        if ledger.isEmpty { return 0 }
        if nextFresh == samples { return choice.rows }
        switch configuration.tails {
        case .drop, .defer: return 0
        case .eager: return choice.rows
        case .reuse: return choice.isFirstLook ? drawTailRows(choice.rows) : 0
        }
    }

    /// Each row is a tail with the probability that the ledger's share of the epoch's remaining targets gives, by a number that is a
    /// function of (seed, epoch, step, row).
    private func drawTailRows(_ rows: Int) -> Int {
        let tails = Double(ledger.targetCount)
        let fresh = Double(samples - nextFresh) * Double(configuration.sequenceLength)
        let threshold = UInt64(tails / (tails + fresh) * 0x1p32)
        let base = CounterRandom.word(configuration.seed, 4, UInt64(epoch), UInt64(counts.steps))
        var drawn = 0
        // Two rows a word: half of 32 bits each.
        for pair in 0..<UInt64(rows / 2) {
            let word = SplitMix64.mix(base &+ pair)
            drawn &+= (word >> 32 < threshold ? 1 : 0) &+ (word & 0xFFFF_FFFF < threshold ? 1 : 0)
        }
        if rows % 2 == 1 { drawn += SplitMix64.mix(base &+ UInt64(rows / 2)) >> 32 < threshold ? 1 : 0 }
        return drawn
    }

    private mutating func takeFresh(_ choice: inout StepChoice) {
        let perSample = configuration.rowsOfSample(length: choice.length)
        guard perSample == 1 else { return takeSplit(perSample, &choice) }
        let rows = min(choice.rows, samples - nextFresh)
        guard rows > 0 else { return }
        let positions = nextFresh..<nextFresh + rows
        let part = RowGroup.Part(positions: positions, perRow: 1, start: 0, length: choice.length)
        choice.groups.append(RowGroup(epoch: epoch, rowCount: rows, parts: PartList(part), isTail: false))
        choice.rows -= rows
        nextFresh += rows
        counts.fetched += rows * configuration.sequenceLength
        leave(positions, start: choice.length, &choice)
    }

    /// Fresh samples of several rows each: whole ones, then at most one whose other rows have no place in the step.
    private mutating func takeSplit(_ perSample: Int, _ choice: inout StepChoice) {
        let whole = min(choice.rows / perSample, samples - nextFresh)
        if whole > 0 { split(nextFresh..<nextFresh + whole, into: perSample, &choice) }
        if choice.rows > 0, choice.rows < perSample, nextFresh < samples { split(nextFresh..<nextFresh + 1, into: choice.rows, &choice) }
    }

    private mutating func split(_ positions: Range<Int>, into rows: Int, _ choice: inout StepChoice) {
        let (seam, stride) = (configuration.pacing.function.cut.seam, choice.length + configuration.pacing.function.cut.seam)
        for row in 0..<rows {
            let part = RowGroup.Part(positions: positions, perRow: 1, start: row * stride, length: choice.length)
            choice.groups.append(RowGroup(epoch: epoch, rowCount: positions.count, parts: PartList(part), isTail: false))
        }
        choice.rows -= rows * positions.count
        nextFresh = positions.upperBound
        counts.fetched += positions.count * configuration.sequenceLength
        // A lost seam is dropped in whatever policy: only the exact mode has one, and it drops tails too.
        counts.dropped += positions.count * rows * seam
        leave(positions, start: rows * stride, &choice)
    }

    private mutating func leave(_ positions: Range<Int>, start: Int, _ choice: inout StepChoice) {
        guard start < configuration.sequenceLength else { return }
        if configuration.tails == .drop {
            counts.dropped += positions.count * (configuration.sequenceLength - start)
        } else {
            choice.pending.append(TailLedger.Run(positions: positions, start: start))
        }
    }

    /// Fills up to `wanted` rows from the ledger: each draw picks a start in proportion to the targets behind it and takes its oldest run.
    private mutating func takeTails(_ wanted: Int, _ choice: inout StepChoice) {
        var wanted = wanted
        while wanted > 0, !ledger.isEmpty {
            let word = CounterRandom.word(configuration.seed, 3, UInt64(epoch), UInt64(counts.steps), choice.drawCount)
            choice.drawCount += 1
            let start = ledger.start(holdingTarget: Int(CounterRandom.below(UInt64(ledger.targetCount), word)))
            let group: RowGroup
            if ledger.tailLength(start: start) >= choice.length {
                let positions = ledger.take(start: start, limit: wanted)
                let part = RowGroup.Part(positions: positions, perRow: 1, start: start, length: choice.length)
                group = RowGroup(epoch: epoch, rowCount: positions.count, parts: PartList(part), isTail: true)
                leave(positions, start: start + choice.length, &choice)
            } else {
                group = packedRows(first: start, limit: wanted, &choice)
            }
            choice.groups.append(group)
            choice.rows -= group.rowCount
            wanted -= group.rowCount
        }
    }

    /// Rows of several tails each: as many of the drawn start as fit, then the longest that fit into what remains, then the beginning of
    /// a longer one. So rows stay full, and a step under `reuse` trains as many targets as one of fresh samples.
    private mutating func packedRows(first: Int, limit: Int, _ choice: inout StepChoice) -> RowGroup {
        var group = RowGroup(epoch: epoch, rowCount: 0, parts: [], isTail: true)
        var start: Int? = first
        var room = choice.length
        while let next = start {
            let tail = ledger.tailLength(start: next)
            let available = ledger.oldestRunCount(start: next)
            if group.parts.isEmpty {
                let perRow = min(room / tail, available)
                group.rowCount = min(limit, available / perRow)
            }
            let perRow = min(room / tail, available / group.rowCount)
            let positions = ledger.take(start: next, limit: perRow * group.rowCount)
            group.parts.append(RowGroup.Part(positions: positions, perRow: perRow, start: next, length: tail))
            room -= perRow * tail
            start = ledger.start(fitting: room, oldestRun: group.rowCount)
        }
        // No whole tail fits what is left of the rows: the longest ones give their beginnings and stay long.
        if room >= configuration.minimumSlice,
            let longest = ledger.start(fitting: configuration.sequenceLength - 1, oldestRun: group.rowCount),
            ledger.tailLength(start: longest) > room
        {
            let positions = ledger.take(start: longest, limit: group.rowCount)
            group.parts.append(RowGroup.Part(positions: positions, perRow: 1, start: longest, length: room))
            leave(positions, start: longest + room, &choice)
        }
        return group
    }
}

/// Target tokens of a plan so far.
public struct PlanCounts: Sendable, Equatable {
    public var steps = 0
    /// Targets trained.
    public var trained = 0
    /// Targets that were served without loss.
    public var masked = 0
    /// Targets of all samples that were opened.
    public var fetched = 0
    /// Of the served ones, those that came from tails.
    public var reused = 0
    /// Targets in the ledger.
    public var outstanding = 0
    /// Targets given up (`drop`).
    public var dropped = 0

    public init() {}

    /// Targets that steps have used up, with loss or without: what the budget counts.
    public var served: Int { trained + masked }
}
