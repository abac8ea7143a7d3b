#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
public import Metrics

/// An amount of training: so many steps, samples or tokens.
public enum TrainingAmount: Sendable, Equatable {
    case steps(Int), samples(Int), tokens(Int)

    /// The number without its unit.
    public var count: Int {
        switch self {
        case .steps(let count), .samples(let count), .tokens(let count): count
        }
    }

    /// How much of this unit `progress` holds.
    package func position(of progress: TrainingProgress) -> Int {
        switch self {
        case .steps: progress.steps
        case .samples: progress.samples
        case .tokens: progress.tokens
        }
    }

    /// Whether `progress` holds so much.
    package func isReached(by progress: TrainingProgress) -> Bool { position(of: progress) >= count }

    package func hasUnit(of other: TrainingAmount) -> Bool {
        switch (self, other) {
        case (.steps, .steps), (.samples, .samples), (.tokens, .tokens): true
        default: false
        }
    }
}

/// Learning rate by steps, samples or tokens: linear warmup, then a decay to a minimum.
///
///     var schedule = LearningRateSchedule(peak: 6e-4, minimum: 1e-5, warmup: .tokens(375_000_000), decayEnd: .tokens(30_000_000_000))
///     let rate = schedule.rate(consumed: progress)     // once a step, in order, before the step
///
/// Warmup and decay may count different units (the paper's GPT-2 runs warm up by steps and decay by tokens); then the
/// decay begins where the warmup was seen to end, and that place is the schedule's only state (``State``, saved with each checkpoint).
/// Under length warmup count tokens: with steps the rate decays too early token-wise (paper, A.2).
public struct LearningRateSchedule: Sendable, Equatable {
    /// The curve after the warmup.
    public enum Decay: String, Sendable, CaseIterable {
        case constant, linear, cosine
        case inverseSquareRoot = "inverse-square-root"
    }

    /// What "consumed" means at a step.
    public enum Convention: String, Sendable, CaseIterable {
        /// Everything that was trained before the step.
        case exact
        /// As Megatron-DeepSpeed: samples before the step, but tokens before the *previous* step (its scheduler
        /// advances before the token count does). For runs that must repeat its rates.
        case megatronDeepSpeed = "megatron-deepspeed"
    }

    /// What a schedule has to remember between steps.
    public struct State: Sendable, Equatable {
        /// Position on the decay's axis at which the warmup ended.
        public var decayStart: Int?
        /// Tokens at the previous call: what ``Convention/megatronDeepSpeed`` counts.
        public var previousTokens = 0

        public init() {}
    }

    /// The rate at the end of the warmup.
    public let peak: Double
    /// The rate that decays end at.
    public let minimum: Double
    /// Length of the linear warmup from 0; a count of 0 means none.
    public let warmup: TrainingAmount
    /// Where the decay ends, counted from the start of training.
    public let decayEnd: TrainingAmount
    public let decay: Decay
    public let convention: Convention
    /// Saved and restored with checkpoints.
    public var state = State()

    public init(
        peak: Double, minimum: Double = 0, warmup: TrainingAmount, decayEnd: TrainingAmount, decay: Decay = .cosine,
        convention: Convention = .exact
    ) {
        self.peak = peak
        self.minimum = minimum
        self.warmup = warmup
        self.decayEnd = decayEnd
        self.decay = decay
        self.convention = convention
    }

    /// The rate of the step that follows `consumed`. Call it once for each step, in order.
    public mutating func rate(consumed: TrainingProgress) -> Double {
        var progress = consumed
        if convention == .megatronDeepSpeed { progress.tokens = state.previousTokens }
        state.previousTokens = consumed.tokens

        let done = warmup.position(of: progress)
        let position = decayEnd.position(of: progress)
        if state.decayStart == nil && done >= warmup.count {
            state.decayStart = warmup.hasUnit(of: decayEnd) ? warmup.count : position
        }
        if warmup.count > 0 && done <= warmup.count { return peak * Double(done) / Double(warmup.count) }

        switch decay {
        case .constant: return peak
        case .inverseSquareRoot:
            if position > decayEnd.count { return minimum }
            return max(minimum, peak * Double(max(warmup.count, 1)).squareRoot() / Double(max(done, 1)).squareRoot())
        case .linear, .cosine:
            let start = state.decayStart ?? 0
            if position > decayEnd.count || decayEnd.count <= start { return minimum }
            let ratio = Double(position - start) / Double(decayEnd.count - start)
            let share = decay == .linear ? 1 - ratio : 0.5 * (cos(Double.pi * ratio) + 1)
            return minimum + share * (peak - minimum)
        }
    }
}
