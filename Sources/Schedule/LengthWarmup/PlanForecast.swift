import Hashing
import JSON
import Sampling

/// What a plan comes to, in a second or so however long it is: exactly, where its steps are few or alike, else by an estimate that says so.
///
/// Steps that are certain to be alike are taken at once: those of one length under `drop`, those of fresh samples under `defer`, and full ones without
/// outstanding tails under every policy. What is too long even so is estimated from the same schedule in small: a share of the steps, of the budget, of the rows and of
/// an epoch's samples, whose counts are scaled up again. Its steps and counts are within 2 % of the budget of the true ones (tested over random schedules).
/// Adaptive pacing, whose losses nobody knows, grows as soon as it can.
public struct PlanForecast: Sendable {
    /// Counts at the end of the budget.
    public private(set) var counts = PlanCounts()
    /// The epoch that is read then, from 0.
    public private(set) var epoch = 0
    /// The most runs that the ledger held.
    public private(set) var mostRuns = 0
    public private(set) var isEstimated = false
    /// How the plan goes, by rising steps: every step of a short plan, some of a long one.
    public private(set) var points: [Point] = []

    /// What is true at the end of a step.
    public struct Point: Sendable, Equatable {
        /// Steps so far.
        public var steps: Int
        /// The length of the last one.
        public var length: Int
        /// Targets in the ledger.
        public var outstanding: Int
    }

    /// Plans to the end of the budget.
    ///
    /// - Parameters:
    ///   - samples: of every epoch.
    ///   - isExact: every step is planned, however long it takes.
    ///   - keepsGoing: asked now and then, with the targets trained so far; the forecast ends when it says no.
    public init(
        _ configuration: PlanConfiguration, samples: Int, isExact: Bool = false, keepsGoing: (_ trained: Int) -> Bool = { _ in true }
    ) throws(WarmupError) {
        try self.init(configuration, samples: samples, effort: isExact ? nil : Self.effort, keepsGoing: keepsGoing)
    }

    /// About a step of a hundred rows each.
    private static let effort = 400_000
    /// Points that are kept.
    private static let mostPoints = 1 << 14

    /// - Parameter effort: what may be spent on exact planning, and on each trial of an estimate; nil for no bound.
    init(
        _ configuration: PlanConfiguration, samples: Int, effort: Int?, keepsGoing: (_ trained: Int) -> Bool = { _ in true }
    ) throws(WarmupError) {
        var configuration = configuration
        try configuration.check()
        if let pacing = configuration.pacing.adaptive { configuration.pacing = Pacing(CalmPacing(pacing)) }
        var plan = try TrainingPlan(configuration, samples: samples)
        if walk(&plan, effort: effort, keepsGoing) {
            (counts, epoch) = (plan.counts, plan.epoch)
            return
        }
        isEstimated = true
        var scale = Scale(configuration, samples: samples, effort: effort ?? Self.effort)
        while true {
            (points, mostRuns) = ([], 0)
            let (small, samplesOfSmall) = scale.reduced(configuration, samples: samples)
            plan = try TrainingPlan(small, samples: samplesOfSmall)
            if walk(&plan, effort: effort, keepsGoing) { break }
            scale.coarsen()
        }
        takeOver(plan.counts, scale, configuration, samples: samples)
    }

    /// Plans to the end; false when the effort was spent before.
    private mutating func walk(_ plan: inout TrainingPlan, effort: Int?, _ keepsGoing: (Int) -> Bool) -> Bool {
        var step = PlannedStep(step: 0, sequenceLength: 0, groups: [])
        var (spent, toAsk) = (0, 0)
        var advances = 0
        /// Every so many advances are points.
        var stride = 1
        let perStep = plan.configuration.globalBatchSize / 256 + plan.configuration.globalBatchSize / plan.samples
        // Not even the first step: rows by the million of an epoch of few samples.
        if let effort, perStep > effort { return false }
        while !plan.isFinished {
            let length = plan.nextSequenceLength
            if plan.skipAlikeSteps() == 0 {
                guard plan.nextStep(into: &step) else { break }
                spent += perStep + plan.ledger.runCount / 64 + step.groups.count / 16
            }
            spent += 1
            mostRuns = max(mostRuns, plan.ledger.runCount)
            advances += 1
            if advances % stride == 0 || plan.isFinished {
                points.append(Point(steps: plan.counts.steps, length: length, outstanding: plan.counts.outstanding))
                if points.count > Self.mostPoints {
                    let parity = (points.count - 1) % 2
                    points = points.indices.filter { $0 % 2 == parity }.map { points[$0] }
                    stride *= 2
                }
            }
            if spent > toAsk {
                guard keepsGoing(plan.counts.trained) else { return true }
                toAsk = spent + 4096
            }
            if let effort, spent > effort, !plan.isFinished { return false }
        }
        return true
    }

    /// The counts of a small plan as those of the whole one.
    private mutating func takeOver(_ small: PlanCounts, _ scale: Scale, _ configuration: PlanConfiguration, samples: Int) {
        func whole(_ number: Int, _ factor: Double) -> Int { Int(min(Double(number) * factor, 0x1p60)) }
        let targets = Double(configuration.trainTokens) / Double(max(small.trained, 1))
        counts.steps = whole(small.steps, Double(scale.stride))
        counts.trained = configuration.trainTokens
        counts.reused = whole(small.reused, targets)
        counts.dropped = whole(small.dropped, targets)
        counts.outstanding = whole(small.outstanding, scale.rows * scale.samples)
        counts.fetched = counts.trained + counts.outstanding + counts.dropped
        epoch = max(counts.fetched / configuration.sequenceLength - 1, 0) / samples
        for index in points.indices {
            points[index].steps = whole(points[index].steps, Double(scale.stride))
            points[index].outstanding = whole(points[index].outstanding, scale.rows * scale.samples)
        }
    }

    /// How much smaller the schedule is that stands for a long one.
    private struct Scale {
        /// Steps for one of the small plan's.
        var stride: Int
        /// Rows for one, and samples of an epoch for `rows` times as many: fewer than `stride`, where an epoch would have too few steps. Then an epoch
        /// stands for several.
        let rows: Double
        var samples: Double { min(Double(stride), shrinkage) }
        private let shrinkage: Double

        init(_ configuration: PlanConfiguration, samples: Int, effort: Int) {
            let fewRows = min(configuration.globalBatchSize, 256)
            rows = Double(configuration.globalBatchSize) / Double(fewRows)
            shrinkage = max(1, Double(samples) / rows / Double(64 * fewRows))
            let steps = configuration.trainTokens / (configuration.globalBatchSize * configuration.sequenceLength)
            let crossings = Double(fewRows) / max(1, Double(samples) / rows)
            // Fewer rows are smaller already.
            stride = max(rows > 1 ? 1 : 2, Int(Double(steps) / (Double(effort) / 8 / (1 + crossings))))
        }

        mutating func coarsen() { stride = min(stride * 8, 1 << 60) }

        /// The small schedule and the samples of its epochs.
        func reduced(_ configuration: PlanConfiguration, samples count: Int) -> (PlanConfiguration, samples: Int) {
            func share(_ number: Int, _ factor: Double) -> Int { max(1, Int((Double(number) / factor).rounded())) }
            var small = configuration
            small.globalBatchSize = share(configuration.globalBatchSize, rows)
            small.trainTokens = share(configuration.trainTokens, rows * Double(stride))
            small.pacing = Pacing(
                SampledPacing(pacing: configuration.pacing, stride: stride, tokensPerToken: rows * Double(stride)))
            if let warmup = configuration.batchWarmup {
                small.batchWarmup = BatchWarmup(
                    start: share(warmup.start, rows), increment: share(warmup.increment, rows),
                    tokens: share(warmup.tokens, rows * Double(stride)))
            }
            return (small, share(count, rows * samples))
        }
    }
}

extension TrainingPlan {
    /// Takes all steps at once that are certain to be alike: whole ones of fresh rows at one length. Returns their number, 0 where the next step is to be planned by
    /// itself. The plan is what as many calls of ``nextStep()`` make of it.
    mutating func skipAlikeSteps() -> Int {
        guard adaptiveState == nil, !isFinished, epochSizes == EpochSizes(samples) else { return 0 }
        let (full, length) = (configuration.sequenceLength, nextSequenceLength)
        let rows = configuration.rows(afterTokens: counts.trained, length: length)
        let (perSample, seam) = (configuration.rowsOfSample(length: length), configuration.pacing.function.cut.seam)
        // Only whole samples: what a split one has left depends on the place in its step.
        guard rows % perSample == 0 else { return 0 }
        let opened = rows / perSample
        let used = perSample * (length + seam)
        let leavesNothing = configuration.tails == .drop || ledger.isEmpty && (length == full || used == full && seam == 0)
        guard leavesNothing || configuration.tails == .defer && perSample == 1 else { return 0 }
        // Where rows are split, an epoch's last step may have fewer samples than it wants and go on with the next epoch's in the same step.
        guard perSample == 1 || samples - nextFresh > opened else { return 0 }
        let targets = rows * length
        var steps = min(
            (configuration.trainTokens - counts.trained) / targets, (Self.most - counts.fetched) / (opened * full),
            leavesNothing && perSample == 1 ? .max : (samples - nextFresh) / opened)
        let change = configuration.pacing.function.nextChange(after: counts.steps, full: full, granularity: configuration.granularity)
        if let change { steps = min(steps, change - counts.steps) }
        steps = stepsOfEqualRows(steps, targets, length)
        guard steps > 1 else { return 0 }
        let first = nextFresh
        // As in single steps, an epoch that is read to its end is left by the step after.
        let (epochs, last) = (first + steps * opened - 1).quotientAndRemainder(dividingBy: samples)
        epoch += epochs
        nextFresh = last + 1
        counts.steps += steps
        counts.trained += steps * targets
        counts.fetched += steps * opened * full
        if configuration.tails == .drop {
            counts.dropped += steps * opened * (full - perSample * length)
        } else if used < full {
            ledger.record(first..<nextFresh, start: length)
        }
        counts.outstanding = ledger.targetCount
        return steps
    }

    /// How many of the next `steps`, which train `targets` each, have as many rows as the first.
    private func stepsOfEqualRows(_ steps: Int, _ targets: Int, _ length: Int) -> Int {
        let rows = configuration.rows(afterTokens: counts.trained, length: length)
        func isEqual(_ step: Int) -> Bool { configuration.rows(afterTokens: counts.trained + step * targets, length: length) == rows }
        guard steps > 1, !isEqual(steps - 1) else { return steps }
        var (equal, other) = (0, steps - 1)
        while other - equal > 1 {
            let middle = (equal + other) / 2
            if isEqual(middle) { equal = middle } else { other = middle }
        }
        return other
    }
}

/// A pacing of which one step is asked out of every `stride`: any of them, so that no beat with the pacing's own comes out.
private struct SampledPacing: PacingFunction {
    static let name = "sampled"
    let pacing: Pacing
    let stride: Int
    /// Trained tokens for each of the small plan's.
    let tokensPerToken: Double

    init(pacing: Pacing, stride: Int, tokensPerToken: Double) {
        (self.pacing, self.stride, self.tokensPerToken) = (pacing, stride, tokensPerToken)
    }

    var parameters: JSONObject { [:] }
    init?(parameters: JSONObject) { return nil }
    func check(full: Int) {}

    var cut: SampleCut { pacing.function.cut }

    func length(atStep step: Int, full: Int, granularity: Int) -> Int {
        length(atStep: step, afterTokens: 0, full: full, granularity: granularity)
    }

    func length(atStep step: Int, afterTokens trained: Int, full: Int, granularity: Int) -> Int {
        let (first, overflow) = step.multipliedReportingOverflow(by: stride)
        let place = Int(CounterRandom.below(UInt64(stride), SplitMix64.mix(UInt64(step))))
        return pacing.function.length(
            atStep: overflow ? 1 << 61 : min(first, 1 << 61) + place, afterTokens: Int(min(Double(trained) * tokensPerToken, 0x1p60)),
            full: full,
            granularity: granularity)
    }

    func fullLengthStep(full: Int) -> Int? { pacing.fullLengthStep(full: full).map { $0 / stride + min($0 % stride, 1) } }
    func summary(full: Int) -> String { pacing.summary(full: full) }
}
