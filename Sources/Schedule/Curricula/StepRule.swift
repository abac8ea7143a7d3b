import Quantities

/// A curriculum by steps: what a plan asks of it, whatever its dialect.
///
/// Where the original's rows have ℓ tokens and so ℓ − 1 targets, ``CurriculumMode/exact`` has rows of ℓ − 1 targets and a seam; the lossless mode has rows of ℓ targets.
public struct StepRule: Sendable, Equatable {
    enum Rule: Sendable, Equatable {
        case composer(ComposerWarmup, run: Int)
        case olmo(OLMoWarmup)
        case stages(LengthStages)
        case skyladder(SkyLadder)
    }

    let rule: Rule
    /// The words that it was made from, with every parameter said.
    public let choice: CurriculumChoice
    public let mode: CurriculumMode
    /// L: targets of a full row.
    public let fullLength: Int
    /// Whether a sample becomes several rows of the same step.
    public let splitsSamples: Bool
    /// Whether every step has as many tokens, rather than rows.
    public let holdsTokens: Bool
    /// What is worth knowing before it is trained, one line; nil for nothing.
    public var remark: String? { if case .skyladder(let ladder) = rule { ladder.remark } else { nil } }

    /// What a dialect's parameters may depend on.
    public struct Facts: Sendable {
        /// L, and the steps of the budget if all rows had it.
        public var fullLength: Int
        public var fullSteps: Int

        public init(fullLength: Int, fullSteps: Int) {
            self.fullLength = fullLength
            self.fullSteps = fullSteps
        }
    }

    /// The rule of a choice, for dialects that the loader trains. Throws where the original ends with an error, whatever the mode: its rule gives no length there.
    public init(_ choice: CurriculumChoice, mode: CurriculumMode, _ facts: Facts) throws(CurriculumError) {
        var choice = choice
        let full = facts.fullLength
        let third = max(1, facts.fullSteps * 3 / 10)
        (self.mode, fullLength) = (mode, full)
        var splits = false
        switch choice.dialect.name {
        case "composer":
            let reshapes = choice.word("rows", else: "truncate") == "reshape"
            let run = choice.count("run", else: max(1, facts.fullSteps))
            let duration = choice.number("duration", else: 0.3)
            let (minimum, maximum) = (choice.count("min", else: min(8, full)), choice.count("max", else: full))
            // In a run that is too short for steps of 8 the original would end: by itself the step is as wide as it must be.
            let (growth, batches) = (max(0, maximum - minimum), max(1, Real.truncated(Double(run) * duration)))
            let step = max(1, min(growth, 8 * max(1, (growth + 8 * batches - 1) / (8 * batches))))
            let warmup = try ComposerWarmup(
                duration: duration, minimum: minimum, maximum: maximum, step: choice.count("step", else: step), truncates: !reshapes)
            _ = try warmup.length(afterBatches: 0, run: run)
            (rule, splits) = (.composer(warmup, run: run), reshapes)
            if mode == .exact, reshapes {
                throw .badValue(
                    "Composer's reshape lets rows straddle samples, which this loader's rows do not: choose the lossless mode, or rows=truncate"
                )
            }
            if mode == .exact, warmup.minimum < 2 { throw Self.nothing(warmup.minimum) }
        case "olmo":
            let melts = choice.word("rows", else: "melt") == "melt"
            let minimum = choice.count("min", else: max(1, min(128, full / 8)))
            let warmup = try OLMoWarmup(
                sequenceLength: full, minimum: minimum, warmupSteps: choice.count("steps", else: min(2000, third)), truncates: !melts,
                multiple: choice.count("multiple", else: min(128, minimum)))
            // Only the cut needs no power of two; its original asks for one all the same.
            if mode == .exact || melts { try warmup.checkSteps() }
            if warmup.length(atStep: 1) < 1 { throw Self.nothing(0) }
            if mode == .exact, warmup.length(atStep: 1) < 2 { throw Self.nothing(1) }
            (rule, splits) = (.olmo(warmup), melts)
        case "shortformer", "growlength", "stages", "llama3":
            if mode == .exact {
                throw .badValue(
                    "\(choice.dialect.name) cuts a stream from its start again in every stage: it has no exact mode, only the lossless one")
            }
            let stages = try Self.stages(&choice, facts, third)
            if let long = stages.stages.first(where: { $0.length > full }) {
                throw .badValue("a stage has rows of \(long.length) tokens: they must be at most \(full), the full length")
            }
            (rule, splits) = (.stages(stages), true)
        case "skyladder":
            let name = choice.word("schedule", else: "dm8")
            let (rows, steps) = (choice.count("rows", else: 1), choice.count("steps", else: max(1, facts.fullSteps)))
            let ladder = try SkyLadder(name: name, rowLength: full, rowsPerStep: rows, totalSteps: steps, anyRowLength: mode == .lossless)
            guard ladder.serves else {
                throw .original("AssertionError", at: "the first row", "SkyLadder's iterator takes \(name) and serves no row of it")
            }
            guard ladder.fragments == .windows else {
                throw .badValue(
                    "the schedule \(name) cuts attention at the ends of documents, which this loader does not know: choose a dm, lin, sin, cos, exp, log or inv"
                )
            }
            if mode == .exact, rows > 1, ladder.changesInsideSteps {
                throw .badValue(
                    "the window of \(name) changes inside a step of \(rows) rows, and this loader's only between steps: choose rows=1, or the lossless mode"
                )
            }
            rule = .skyladder(ladder)
        default:
            throw .badValue(
                "the curriculum \(choice.dialect.name) packs documents into rows, which this loader does not: \(choice.dialect.reach == .documents ? "slwdata plan with --data counts what it trains and loses" : "choose another")"
            )
        }
        self.choice = choice
        splitsSamples = splits
        holdsTokens = splits
    }

    private static func nothing(_ length: Int) -> CurriculumError {
        .badValue("the first rows have \(length) tokens, which is no target: choose a greater least length")
    }

    private static func stages(_ choice: inout CurriculumChoice, _ facts: Facts, _ third: Int) throws(CurriculumError) -> LengthStages {
        let full = facts.fullLength
        switch choice.dialect.name {
        case "llama3": return .llama3
        case "shortformer":
            let until = choice.count("until", else: max(1, Int(Double(facts.fullSteps) * 140_100 / 286_000)))
            let first = choice.count("first", else: max(1, min(128, full / 4)))
            return try LengthStages(
                clock: .steps,
                stages: [LengthStages.Stage(start: 0, length: first, rows: 1), LengthStages.Stage(start: until, length: full, rows: 1)])
        case "growlength":
            let first = choice.count("first", else: max(1, min(128, full / 4)))
            guard first <= full else {
                throw .badValue("the first stage has rows of \(first) tokens: they must be at most \(full), the full length")
            }
            var (doublings, length) = (0, first)
            while length < full { (doublings, length) = (doublings + 1, length * 2) }
            let steps = choice.list("steps") ?? Array(repeating: max(1, third / max(1, doublings)), count: doublings)
            guard steps.count == doublings else {
                throw .badValue(
                    "there are \(steps.count) stages before the last, and \(doublings) doublings from \(first) to \(full): give as many")
            }
            choice["steps"] = steps.isEmpty ? nil : .list(steps)
            return try .growLength(first: first, last: full, batchTokens: full, durations: steps)
        default:
            let lengths = try choice.required("lengths", choice.list("lengths"))
            let starts = lengths.count == 1 ? [] : try choice.required("starts", choice.list("starts"))
            guard starts.count == lengths.count - 1 else {
                throw .badValue("there are \(lengths.count) lengths and \(starts.count) starts: every stage but the first begins somewhere")
            }
            let clock = LengthStages.Clock(rawValue: choice.word("by", else: "steps")) ?? .steps
            return try LengthStages(
                clock: clock, stages: zip([0] + starts, lengths).map { LengthStages.Stage(start: $0, length: $1, rows: 1) })
        }
    }

    /// Targets that are lost between two rows: 1 where the original's rows have a token more than targets.
    public var seam: Int {
        guard mode == .exact else { return 0 }
        return switch rule {
        case .composer, .olmo: 1
        case .stages, .skyladder: 0
        }
    }

    /// Whether lengths depend on trained tokens beside the step.
    public var countsTokens: Bool { if case .stages(let stages) = rule { stages.clock == .tokens } else { false } }

    /// Targets of a row of a step, 0 for the first, that begins after so many trained tokens.
    public func length(atStep step: Int, afterTokens trained: Int) -> Int {
        let tokens: Int
        switch rule {
        case .composer(let warmup, let run):
            // The rule was asked once when it was made: it fails everywhere or nowhere.
            tokens = (try? warmup.length(afterBatches: step, run: run)) ?? fullLength
        case .olmo(let warmup): tokens = step + 1 > warmup.warmupSteps ? fullLength : warmup.length(atStep: step + 1)
        case .stages(let stages): tokens = stages.stage(at: stages.clock == .steps ? step : trained).length
        case .skyladder: tokens = fullLength
        }
        return max(1, min(tokens, fullLength) - seam)
    }

    /// The tokens that attention reaches in a step; nil for the whole row.
    public func window(atStep step: Int) -> Int? {
        guard case .skyladder(let ladder) = rule else { return nil }
        let window = ladder.window(afterRows: Self.rows(step, ladder))
        return window < fullLength ? window : nil
    }

    /// The rows that a rank has served before a step; beyond every schedule where no integer holds them.
    private static func rows(_ step: Int, _ ladder: SkyLadder) -> Int {
        let (rows, overflow) = step.multipliedReportingOverflow(by: ladder.rowsPerStep)
        return overflow ? 1 << 62 : rows
    }

    /// From this step on every step has full length and the whole row; nil when that never comes, or is not known by steps.
    public var fullLengthStep: Int? {
        switch rule {
        case .composer(let warmup, let run):
            guard warmup.maximum >= fullLength, seam == 0, let each = try? warmup.stepBatches(run: run) else { return nil }
            return (fullLength - warmup.minimum + warmup.step - 1) / warmup.step * each
        case .olmo(let warmup): return seam == 0 ? warmup.warmupSteps : nil
        case .stages(let stages):
            guard stages.clock == .steps, let last = stages.stages.last, last.length >= fullLength else { return nil }
            return last.start
        case .skyladder: return 0
        }
    }

    /// The first step after `step` that may have another length or window; nil when none has.
    public func nextChange(after step: Int) -> Int? {
        switch rule {
        case .composer(let warmup, let run):
            guard let each = try? warmup.stepBatches(run: run) else { return nil }
            return length(atStep: step, afterTokens: 0) >= min(warmup.maximum, fullLength) - seam ? nil : (step / each + 1) * each
        case .olmo(let warmup): return step >= warmup.warmupSteps ? nil : step + 1
        case .stages(let stages):
            // By tokens a change may come with any step.
            if stages.clock == .tokens { return step + 1 }
            return stages.stages.first { $0.start > step }?.start
        case .skyladder(let ladder):
            guard let end = ladder.endRows, Self.rows(step, ladder) < end else { return nil }
            return step + 1
        }
    }

    /// For people.
    public var summary: String {
        let lengths = "\(choice.dialect.title), \(choice.text)"
        return mode == .exact ? lengths + ", exact" : lengths
    }
}
