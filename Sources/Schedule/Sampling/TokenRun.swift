/// Consecutive tokens of a data set that a slice reads: the whole slice's inputs and its last target, or one part of them.
///
/// The runs of a slice together hold one token more than it has targets; every token but the very first is a target.
public struct TokenRun: Sendable, Equatable {
    public var dataset: Int
    /// How often the set was gone through before.
    public var pass: Int
    /// First token, as an offset in the `.bin` in tokens.
    public var token: Int
    public var count: Int
    public var beginsSlice: Bool
    public var endsSlice: Bool
    /// Whether the slice is the first of its sample.
    public var opensSample: Bool = false

    /// Targets among its tokens, and where they begin.
    public var targetCount: Int { beginsSlice ? count - 1 : count }
    public var firstTarget: Int { beginsSlice ? token + 1 : token }
    public var targets: Range<Int> { firstTarget..<firstTarget + targetCount }
    /// Inputs among its tokens.
    public var inputCount: Int { endsSlice ? count - 1 : count }
}
