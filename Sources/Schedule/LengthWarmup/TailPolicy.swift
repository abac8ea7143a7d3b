/// What becomes of the tails that truncation leaves (`--tails`).
public enum TailPolicy: String, Sendable, CaseIterable {
    /// Given up, as in the paper; still recorded, so that the loss is known.
    case drop
    /// Rows are drawn from tails and fresh samples in proportion to the targets each pool holds.
    case reuse
    /// Only after the epoch's fresh samples end.
    case `defer`
    /// Tails first.
    case eager
}
