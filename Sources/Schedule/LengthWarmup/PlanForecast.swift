/// What a plan comes to, in a second or two however long it is: exactly where stretches of it are alike or it is short, else by an estimate that says so.
public struct PlanForecast: Sendable {
    /// The plan so far. Of an estimate, only its counts of targets and its epoch are those of the run, nearly.
    public private(set) var plan: TrainingPlan
    /// Steps so far, and how many of them the last advance took.
    public private(set) var steps = 0
    public private(set) var lastCount = 0
    /// The length of those.
    public private(set) var length = 0
    /// Whether steps were planned many at a time as if their rows were one step's: lengths are looked at that often only, and as many rows as are expected come from tails.
    public var isEstimated: Bool { plan.stride > 1 }
    /// Whether nothing came before the last advance: an estimate begins anew.
    public var isFirst: Bool { steps == lastCount }

    /// Plans to the end of the budget; `observe` sees each advance. Adaptive pacing is planned as if every loss were calm.
    ///
    /// - Parameter isExact: every step, however long it takes.
    public static func complete(
        _ configuration: PlanConfiguration, samples: Int, isExact: Bool = false, _ observe: (PlanForecast) throws -> Void = { _ in }
    ) throws -> PlanForecast {
        var forecast = PlanForecast(plan: try TrainingPlan(configuration, samples: samples))
        if try forecast.advance(limit: isExact ? .max : exactAdvances, observe) { return forecast }
        let (row, overflow) = configuration.globalBatchSize.multipliedReportingOverflow(by: configuration.sequenceLength)
        var stride = overflow ? 2 : max(2, configuration.trainTokens / row / estimatedAdvances)
        while true {
            forecast = PlanForecast(plan: try TrainingPlan(configuration, samples: samples))
            forecast.plan.stride = stride
            if try forecast.advance(limit: 4 * estimatedAdvances, observe) { return forecast }
            stride *= 8
        }
    }

    private static let exactAdvances = 600_000
    private static let estimatedAdvances = 60_000

    private init(plan: TrainingPlan) { self.plan = plan }

    /// False when the limit came before the end.
    private mutating func advance(limit: Int, _ observe: (PlanForecast) throws -> Void) throws -> Bool {
        var step = PlannedStep(step: 0, sequenceLength: 0, groups: [])
        var left = limit
        while true {
            length = plan.nextSequenceLength
            lastCount = plan.skipAlikeSteps()
            if lastCount == 0 {
                let rows = plan.rowsPerStep
                guard plan.nextStep(into: &step) else { return true }
                lastCount = plan.stride == 1 ? 1 : (step.rowCount + rows - 1) / rows
                plan.observe(loss: 1)
            }
            steps += lastCount
            try observe(self)
            left -= 1
            if left == 0 { return plan.isFinished }
        }
    }
}

extension TrainingPlan {
    /// Takes all steps at once that are certain to be alike: full steps of fresh rows at one length, within the epoch. Returns their number, 0 where the next step is to be
    /// planned by itself. The plan is what as many calls of ``nextStep()`` make of it.
    mutating func skipAlikeSteps() -> Int {
        guard stride == 1, adaptiveCourse == nil, !isFinished else { return 0 }
        if let warmup = configuration.batchWarmup, counts.trained < warmup.tokens { return 0 }
        let (rows, full, length) = (configuration.globalBatchSize, configuration.sequenceLength, nextSequenceLength)
        switch configuration.tails {
        case .drop, .defer: break
        case .reuse, .eager: guard ledger.isEmpty, length == full else { return 0 }
        }
        let (targets, overflow) = rows.multipliedReportingOverflow(by: length)
        let room = overflow ? 0 : min((samples - nextFresh) / rows, (configuration.trainTokens - counts.trained) / targets)
        guard room > 1 else { return 0 }
        let steps = configuration.pacing.stepsAlike(
            from: counts.steps, limit: room, full: full, granularity: configuration.granularity)
        let positions = nextFresh..<nextFresh + steps * rows
        counts.steps += steps
        counts.trained += steps * targets
        counts.fetched += positions.count * full
        nextFresh = positions.upperBound
        if length < full {
            if configuration.tails == .drop {
                counts.dropped += positions.count * (full - length)
            } else {
                ledger.record(positions, start: length)
            }
        }
        counts.outstanding = ledger.targetCount
        return steps
    }
}

extension Pacing {
    /// How many steps from `step` on, at most `limit`, have the length of the first.
    func stepsAlike(from step: Int, limit: Int, full: Int, granularity: Int) -> Int {
        func until(_ bound: Int?) -> Int { min(limit, bound.map { $0 - step } ?? limit) }
        switch self {
        case .constant: return limit
        case .twoStage(_, let steps): return step < steps ? until(steps) : limit
        case .table(_, let bounds): return until(bounds.first { step < $0 })
        case .mixed(_, let firstSteps, _, let secondSteps):
            let place = step % max(firstSteps + secondSteps, 1)
            return until(step - place + (place < firstSteps ? firstSteps : firstSteps + secondSteps))
        case .adaptive: return 1
        case .deepSpeed(let curriculum):
            // A list of lengths may fall as well as rise.
            if case .discrete(_, let bounds) = curriculum.schedule { return until(bounds.filter { step < $0 }.min()) }
            fallthrough
        case .linear, .root:
            // Lengths never fall: the last step of the same length is found by halving.
            let length = length(atStep: step, full: full, granularity: granularity)
            var (alike, other) = (1, limit + 1)
            while other - alike > 1 {
                let middle = (alike + other) / 2
                if self.length(atStep: step + middle - 1, full: full, granularity: granularity) == length {
                    alike = middle
                } else {
                    other = middle
                }
            }
            return alike
        }
    }
}
