/// How a sample becomes rows that are shorter than it.
public struct SampleCut: Sendable, Equatable {
    /// Whether it becomes several rows of the same step; otherwise one, and its rest is a tail.
    public var splits: Bool
    /// Targets that are lost between two rows: 1 where an original's rows begin behind the last one's last token.
    public var seam: Int

    public init(splits: Bool = false, seam: Int = 0) {
        self.splits = splits
        self.seam = seam
    }

    /// Rows of `length` targets that a sample of `full` becomes in a step.
    func rows(ofSample full: Int, length: Int) -> Int { splits ? max(1, full / (length + seam)) : 1 }
}

/// What every step has as many of, while lengths change.
public enum BatchUnit: String, Sendable, CaseIterable {
    /// Rows, as in the paper: short rows are few tokens.
    case rows
    /// Tokens: short rows are more.
    case tokens
}
