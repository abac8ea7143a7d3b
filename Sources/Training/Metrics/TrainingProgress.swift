/// What a run has consumed: the three axes on which schedules and pictures are drawn.
public struct TrainingProgress: Sendable, Equatable {
    /// Optimizer steps.
    public var steps: Int
    /// Rows of all steps (Megatron's samples, however long each was).
    public var samples: Int
    /// Target tokens of all steps.
    public var tokens: Int

    public init(steps: Int = 0, samples: Int = 0, tokens: Int = 0) {
        self.steps = steps
        self.samples = samples
        self.tokens = tokens
    }
}
