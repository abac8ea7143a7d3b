/// B rows of T tokens in somebody's memory, row by row: what a model reads in one pass, some rows of a ``Batch``. Valid for the call that they are given to.
public struct TokenRows {
    /// B
    public let rows: Int
    /// T
    public let length: Int
    /// (B,T) token ids
    public let inputs: UnsafePointer<Int32>
    /// (B,T) the id that follows, -1 where nothing is trained
    public let targets: UnsafePointer<Int32>
    /// (B,T) number of the packed segment, contiguous within a row; -1 for padding. Attention does not leave a segment.
    public let segments: UnsafePointer<Int32>
    /// (B,T) place in the position embedding
    public let positions: UnsafePointer<Int32>
    /// (B,T) factor of each target's loss; nil where all are 1
    public let weights: UnsafePointer<Float>?

    public init(
        rows: Int, length: Int, inputs: UnsafePointer<Int32>, targets: UnsafePointer<Int32>, segments: UnsafePointer<Int32>,
        positions: UnsafePointer<Int32>, weights: UnsafePointer<Float>? = nil
    ) {
        self.rows = rows
        self.length = length
        self.inputs = inputs
        self.targets = targets
        self.segments = segments
        self.positions = positions
        self.weights = weights
    }

    /// N = B·T
    public var count: Int { rows * length }
}
