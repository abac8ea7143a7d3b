/// A plan's steps in numbers, one after the other: what tables of a schedule show.
public struct ScheduleWalk: Sendable {
    /// One step.
    public struct Step: Sendable, Equatable {
        /// 1 for the first.
        public var step: Int
        /// Tokens of a row: its inputs, and in an exact curriculum whose original's rows have a token more than targets, that one too.
        public var length: Int
        /// Tokens that attention reaches; the length where that is all.
        public var window: Int
        public var rows: Int
        /// Targets trained.
        public var targets: Int
        /// Targets given up.
        public var dropped: Int
        /// Places of rows without a target.
        public var padding: Int
        /// Targets trained so far.
        public var tokens: Int
    }

    private var plan: TrainingPlan
    private var step = PlannedStep(step: 0, sequenceLength: 0, groups: [])

    /// - Parameter samples: of every epoch. Adaptive pacing, whose losses nobody knows, grows as soon as it can.
    public init(_ configuration: PlanConfiguration, samples: Int) throws(WarmupError) {
        var configuration = configuration
        try configuration.check()
        if let pacing = configuration.pacing.adaptive { configuration.pacing = Pacing(CalmPacing(pacing)) }
        plan = try TrainingPlan(configuration, samples: samples)
    }

    public mutating func next() -> Step? {
        let before = plan.counts
        guard plan.nextStep(into: &step) else { return nil }
        let length = step.sequenceLength + plan.configuration.pacing.function.cut.seam
        let targets = plan.counts.trained - before.trained
        return Step(
            step: step.step, length: length, window: min(step.window ?? length, length), rows: step.rowCount, targets: targets,
            dropped: plan.counts.dropped - before.dropped, padding: step.rowCount * step.sequenceLength - targets,
            tokens: plan.counts.trained)
    }
}

/// Steps that are alike, and what they come to.
public struct ScheduleRange: Sendable, Equatable {
    public var steps: ClosedRange<Int>
    public var lengths: ClosedRange<Int>
    public var windows: ClosedRange<Int>
    public var rows: ClosedRange<Int>
    public var targets: Int
    public var dropped: Int
    /// Places of rows without a target.
    public var padding: Int

    public init(_ step: ScheduleWalk.Step) {
        steps = step.step...step.step
        (lengths, windows, rows) = (step.length...step.length, step.window...step.window, step.rows...step.rows)
        (targets, dropped, padding) = (step.targets, step.dropped, step.padding)
    }

    /// What was opened or computed and trains nothing, as a share of all that was.
    public var waste: Double { Double(dropped + padding) / Double(max(1, targets + dropped + padding)) }

    /// Takes in the range behind it.
    public mutating func append(_ next: ScheduleRange) {
        func joined(_ a: ClosedRange<Int>, _ b: ClosedRange<Int>) -> ClosedRange<Int> {
            min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
        }
        steps = steps.lowerBound...next.steps.upperBound
        (lengths, windows, rows) = (joined(lengths, next.lengths), joined(windows, next.windows), joined(rows, next.rows))
        targets += next.targets
        dropped += next.dropped
        padding += next.padding
    }

    /// Whether the steps of the other have the same lengths, windows and rows.
    public func isAlike(_ other: ScheduleRange) -> Bool { lengths == other.lengths && windows == other.windows && rows == other.rows }

    /// Ranges of alike steps, and at most so many: where there are more, neighbours are taken together.
    public static func reduced(_ ranges: [ScheduleRange], to count: Int) -> [ScheduleRange] {
        guard ranges.count > count, count > 0 else { return ranges }
        return (0..<count).map { part in
            let own = ranges[ranges.count * part / count..<ranges.count * (part + 1) / count]
            var range = own[own.startIndex]
            for next in own.dropFirst() { range.append(next) }
            return range
        }
    }
}
