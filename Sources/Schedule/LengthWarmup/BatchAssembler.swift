import Batches
import IndexedDatasets
import Sampling

/// Makes the micro-batches of one rank, one after the other: plans a step, finds where its slices lie, copies the rank's rows.
struct BatchAssembler {
    /// The plan after the step at hand.
    private(set) var plan: TrainingPlan
    let source: DataSource
    let rank: Int
    let world: Int
    /// Rows of a micro-batch at full length.
    let microBatchSize: Int
    /// Whether a micro-batch is the rank's share of a step, whatever its rows are.
    let hasWholeSteps: Bool
    /// Adaptive pacing: whether the step that is complete still lacks its loss, on which the next one depends.
    private(set) var awaitsLoss = false

    /// The step at hand, and its micro-batches: those made, and all. Every rank makes as many as the largest share needs.
    private var step = PlannedStep(step: 0, sequenceLength: 0, groups: [])
    private var made = 0
    private var microCount = 0
    /// The whole step's runs of tokens, and where in them each row ends.
    private var runs: [TokenRun] = []
    private var rowEnds: [Int] = []
    /// What documents and weights do to them.
    private var marks: RowMarks
    /// Memory that look-ups use.
    private var entries: [SampleOrder.Entry] = []
    private var partRuns: [TokenRun] = []
    private var nextOfPart: [Int] = []

    init(plan: TrainingPlan, source: DataSource, rank: Int, world: Int, microBatchSize: Int, hasWholeSteps: Bool = false) {
        self.plan = plan
        self.source = source
        self.rank = rank
        self.world = world
        self.microBatchSize = microBatchSize
        self.hasWholeSteps = hasWholeSteps
        marks = RowMarks(plan.configuration.rowRules, source)
    }

    /// A batch of the right size for ``fill(_:)``.
    func emptyBatch() -> ProducedBatch {
        let length = plan.configuration.sequenceLength
        let hasWeights = source.hasLossWeights
        // Rows of short lengths are more, and a rank's share of them may be a row larger than its share of the tokens.
        let batch =
            holdsTokens
            ? Batch(rows: microBatchSize + 1, length: length, mostRows: (microBatchSize + 1) * length, hasWeights: hasWeights)
            : Batch(rows: microBatchSize, length: length, hasWeights: hasWeights)
        return ProducedBatch(batch, sources: source.streams.count)
    }

    private var holdsTokens: Bool { plan.configuration.batchUnit == .tokens }

    /// Rows of a micro-batch of the step at hand: as many tokens as at full length, where that is what steps hold constant.
    private var microRows: Int {
        guard holdsTokens else { return microBatchSize }
        if hasWholeSteps { return max(1, (step.rowCount + world - 1) / world) }
        return max(microBatchSize, microBatchSize * plan.configuration.sequenceLength / max(1, step.sequenceLength))
    }

    /// Makes the next micro-batch; false at the end of the plan, and as long as the step before lacks its loss.
    mutating func fill(_ produced: ProducedBatch) -> Bool {
        if made == microCount {
            guard !awaitsLoss, plan.nextStep(into: &step) else { return false }
            locate()
            marks.mark(runs, source)
            plan.mask(marks.maskedCount)
            (made, microCount) = (0, ((step.rowCount + world - 1) / world + microRows - 1) / microRows)
        }
        let batch = produced.batch
        let rows = step.rows(ofRank: rank, world: world)
        let first = min(rows.lowerBound + made * microRows, rows.upperBound)
        let end = min(first + microRows, rows.upperBound)
        let share = (step.rowCount + world - 1) / world
        batch.reshape(rows: min(microRows, share - made * microRows), length: step.sequenceLength)
        (batch.targetCount, batch.maskedCount) = copyRows(first..<end, into: batch)
        made += 1
        batch.step = step.step
        batch.globalTargetCount = step.targetCount - marks.maskedCount
        batch.globalMaskedCount = marks.maskedCount
        batch.completesStep = made == microCount
        if batch.completesStep {
            produced.account(for: runs, marks)
            produced.plan = plan
            // The batch's old step serves as memory for the next one.
            swap(&produced.step, &step)
            awaitsLoss = plan.adaptiveState != nil
        } else {
            produced.plan = nil
        }
        produced.endsWithLoss = awaitsLoss
        return true
    }

    /// Copies the global rows `rows`; the batch's other rows become padding. Returns the numbers of targets with loss and without.
    private func copyRows(_ rows: Range<Int>, into batch: Batch) -> (trained: Int, masked: Int) {
        source.memories.withUnsafeBufferPointer { memories in
            var counts = (trained: 0, masked: 0)
            /// The first run that no one has asked the memory for.
            var asked = rows.isEmpty ? 0 : runsOfRow(rows.lowerBound).lowerBound
            let last = rows.isEmpty ? 0 : rowEnds[rows.upperBound - 1]
            for row in 0..<batch.rows {
                let own = row < rows.count ? runsOfRow(rows.lowerBound + row) : 0..<0
                // Rows lie anywhere in the file: without this each one's first tokens are waited for.
                while asked < min(own.upperBound + Self.runsAhead, last) {
                    memories[runs[asked].dataset].prefetch(at: runs[asked].token, count: runs[asked].count)
                    asked += 1
                }
                let filled = batch.fill(row: row, runs: runs, own, marks, from: memories, weights: source.weightMemories)
                counts = (counts.trained + filled.trained, counts.masked + filled.masked)
                if let window = step.window { batch.cutSegments(ofRow: row, window: window) }
            }
            return counts
        }
    }

    /// How many runs before its turn a run is brought into the cache.
    private static let runsAhead = 4

    private func runsOfRow(_ row: Int) -> Range<Int> { (row == 0 ? 0 : rowEnds[row - 1])..<rowEnds[row] }

    /// The loss of the step that is complete; nil when nobody told it.
    mutating func observe(loss: Double?) {
        guard awaitsLoss else { return }
        if let loss { plan.observe(loss: loss) }
        awaitsLoss = false
    }

    /// Where all slices of the step lie, row by row: the digest needs every rank's.
    private mutating func locate() {
        runs.removeAll(keepingCapacity: true)
        rowEnds.removeAll(keepingCapacity: true)
        for group in step.groups {
            if group.parts.count == 1 {
                let (part, first) = (group.parts[0], runs.count)
                source.appendRuns(
                    epoch: group.epoch, positions: part.positions, start: part.start, targets: part.length, to: &runs, using: &entries)
                endRows(of: part.perRow, from: first)
            } else {
                interleave(group)
            }
        }
    }

    /// Notes the ends of rows of `perRow` slices each.
    private mutating func endRows(of perRow: Int, from first: Int) {
        var slices = 0
        for index in first..<runs.count where runs[index].endsSlice {
            slices += 1
            if slices == perRow {
                rowEnds.append(index + 1)
                slices = 0
            }
        }
    }

    /// Rows that take from several parts in turn.
    private mutating func interleave(_ group: RowGroup) {
        partRuns.removeAll(keepingCapacity: true)
        nextOfPart.removeAll(keepingCapacity: true)
        for part in group.parts {
            nextOfPart.append(partRuns.count)
            source.appendRuns(
                epoch: group.epoch, positions: part.positions, start: part.start, targets: part.length, to: &partRuns, using: &entries)
        }
        for _ in 0..<group.rowCount {
            for (number, part) in group.parts.enumerated() {
                var left = part.perRow
                while left > 0 {
                    let run = partRuns[nextOfPart[number]]
                    nextOfPart[number] += 1
                    runs.append(run)
                    if run.endsSlice { left -= 1 }
                }
            }
            rowEnds.append(runs.count)
        }
    }
}

/// A batch and, with a step's last one, what the whole step comes to. Whoever holds it changes it: the producer lends it out, and is given it back.
final class ProducedBatch: @unchecked Sendable {
    let batch: Batch
    var stepDigest: UInt64 = 0
    /// For each data set: trained targets, those without loss, and samples that were opened.
    var stepTargets: [Int]
    var stepMasked: [Int]
    var stepOpened: [Int]
    /// The step that the batch completes, and the plan after it; nil in other batches. Who keeps the plan while the next step is made has it copied.
    var step = PlannedStep(step: 0, sequenceLength: 0, groups: [])
    var plan: TrainingPlan?
    /// Whether the next batch depends on the loss of the step that this one completes.
    var endsWithLoss = false
    /// How long it took to make, in seconds.
    var seconds = 0.0

    init(_ batch: Batch, sources: Int) {
        self.batch = batch
        stepTargets = Array(repeating: 0, count: sources)
        (stepMasked, stepOpened) = (stepTargets, stepTargets)
    }

    /// Sums up the runs of a whole step. In place: a step takes no memory for its accounts.
    func account(for runs: [TokenRun], _ marks: RowMarks) {
        var (targets, withoutLoss, opened) = ([Int](), [Int](), [Int]())
        swap(&targets, &stepTargets)
        swap(&withoutLoss, &stepMasked)
        swap(&opened, &stepOpened)
        for index in 0..<targets.count { (targets[index], withoutLoss[index], opened[index]) = (0, 0, 0) }
        var digest = SliceDigest()
        let isMarked = marks.maskedCount > 0
        for (index, run) in runs.enumerated() {
            if isMarked {
                let masked = marks.masked(ofRun: index)
                digest.add(run, without: masked)
                for range in masked { withoutLoss[run.dataset] += range.count }
            } else {
                digest.add(run)
            }
            targets[run.dataset] += run.targetCount
            if run.opensSample { opened[run.dataset] += 1 }
        }
        for index in 0..<targets.count { targets[index] -= withoutLoss[index] }
        stepDigest = digest.value
        swap(&targets, &stepTargets)
        swap(&withoutLoss, &stepMasked)
        swap(&opened, &stepOpened)
    }
}
