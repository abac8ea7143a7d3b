/// Pacing that watches the loss: the length grows while training is calm and waits while it is not.
///
/// The paper tried loss-based pacing without giving a formula ("similar, more tuning"); this is ours. Every `interval` steps the length
/// grows by `increment` unless the smoothed loss stands more than `tolerance` above its lowest value so far, or the interval saw a loss that is no finite number:
/// such a loss is not calm, and it is left out of the smoothed one, which would never recover from it. The decisions are part of the plan's
/// state, so a resumed run repeats them exactly.
public struct AdaptivePacing: Sendable, Equatable {
    /// Length of the first steps.
    public var start: Int
    /// What a calm interval adds.
    public var increment: Int
    /// Steps between decisions.
    public var interval: Int
    /// 0.05: five per cent above the lowest smoothed loss is calm enough.
    public var tolerance: Double
    /// Share of a step's loss in the smoothed one.
    public static let smoothing = 0.1

    public init(start: Int, increment: Int = 8, interval: Int, tolerance: Double = 0.05) {
        self.start = start
        self.increment = increment
        self.interval = interval
        self.tolerance = tolerance
    }

    /// What was seen and decided so far.
    public struct State: Sendable, Equatable {
        public internal(set) var length: Int
        /// Nil before the first loss.
        public internal(set) var smoothedLoss: Double?
        public internal(set) var lowestLoss = Double.infinity
        /// Whether the present interval saw a loss that is no finite number.
        public internal(set) var isDisturbed = false
        /// Steps at which the length changed, and to what.
        public internal(set) var decisions: [Decision] = []

        init(length: Int) { self.length = length }
    }

    public struct Decision: Sendable, Equatable {
        public var step: Int
        public var length: Int
    }

    /// Takes in the loss of step `step` (1 for the first).
    func observe(_ loss: Double, step: Int, full: Int, _ state: inout State) {
        if loss.isFinite {
            let smoothed = state.smoothedLoss.map { $0 + Self.smoothing * (loss - $0) } ?? loss
            state.smoothedLoss = smoothed
            state.lowestLoss = min(state.lowestLoss, smoothed)
        } else {
            state.isDisturbed = true
        }
        guard step % interval == 0 else { return }
        let isCalm = !state.isDisturbed && state.smoothedLoss.map { $0 <= state.lowestLoss * (1 + tolerance) } ?? false
        state.isDisturbed = false
        guard isCalm, state.length < full else { return }
        state.length += min(increment, full - state.length)
        state.decisions.append(Decision(step: step, length: state.length))
    }
}
