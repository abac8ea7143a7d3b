/// A part of a sample that is trained in one go: inputs `start ..< start + length` of the sample, targets one further on.
public struct SampleSlice: Sendable, Equatable {
    public var epoch: Int
    /// Position in the epoch's order.
    public var position: Int
    /// First input within the sample.
    public var start: Int
    /// Targets.
    public var length: Int

    public init(epoch: Int, position: Int, start: Int, length: Int) {
        self.epoch = epoch
        self.position = position
        self.start = start
        self.length = length
    }
}

/// Rows of a step that are cut alike: each row holds the same parts, one after the other, from neighbouring positions of the order.
///
/// Ranges instead of rows: a step of 4096 rows is one or two groups, so that planning costs the same for any batch size.
public struct RowGroup: Sendable, Equatable {
    /// What each row takes from one range of positions.
    public struct Part: Sendable, Equatable {
        /// Consecutive positions; row r takes `perRow` of them from `positions.lowerBound + r · perRow` on.
        public var positions: Range<Int>
        public var perRow: Int
        public var start: Int
        public var length: Int
    }

    public var epoch: Int
    public var rowCount: Int
    public var parts: PartList
    /// Whether the rows' targets come from the ledger.
    public var isTail: Bool

    /// Targets of one row; the rest of it is padding.
    public var targetsPerRow: Int { parts.reduce(0) { $0 + $1.perRow * $1.length } }

    /// Calls `body` with each slice of row `row`, in order.
    @inlinable
    public func forEachSlice(ofRow row: Int, _ body: (SampleSlice) -> Void) {
        for part in parts {
            for index in 0..<part.perRow {
                body(
                    SampleSlice(
                        epoch: epoch, position: part.positions.lowerBound + row * part.perRow + index, start: part.start,
                        length: part.length))
            }
        }
    }
}

/// The parts of a row. Mostly it is one, which takes no memory of its own: steps are planned without allocations.
public struct PartList: Sendable, Equatable, RandomAccessCollection, ExpressibleByArrayLiteral {
    private var first: RowGroup.Part?
    private var others: [RowGroup.Part] = []

    public init(arrayLiteral parts: RowGroup.Part...) { for part in parts { append(part) } }

    public init(_ part: RowGroup.Part) { first = part }

    public var startIndex: Int { 0 }
    public var endIndex: Int { first == nil ? 0 : 1 + others.count }
    public subscript(index: Int) -> RowGroup.Part { index == 0 ? first! : others[index - 1] }

    public mutating func append(_ part: RowGroup.Part) {
        if first == nil { first = part } else { others.append(part) }
    }
}

/// One step of a plan: pure integers.
public struct PlannedStep: Sendable, Equatable {
    /// 1 for the first step.
    public var step: Int
    /// The step's sequence length.
    public var sequenceLength: Int
    public var groups: [RowGroup]
    /// Attention stays in fragments of so many tokens; nil for whole slices.
    public var window: Int?

    public var rowCount: Int { groups.reduce(0) { $0 + $1.rowCount } }
    public var targetCount: Int { groups.reduce(0) { $0 + $1.rowCount * $1.targetsPerRow } }

    /// The slices of global row `row`. Traps outside `0 ..< rowCount`.
    public func slices(ofRow row: Int) -> [SampleSlice] {
        var slices: [SampleSlice] = []
        forEachSlice(ofRow: row) { slices.append($0) }
        return slices
    }

    /// The global rows of one rank: an equal share, the last ranks one row less where the world does not divide the batch. Traps for a rank outside `0 ..< world`.
    public func rows(ofRank rank: Int, world: Int) -> Range<Int> {
        precondition(rank >= 0 && rank < world, "rank outside the world")
        let count = rowCount
        return count * rank / world..<count * (rank + 1) / world
    }

    @inlinable
    func forEachSlice(ofRow row: Int, _ body: (SampleSlice) -> Void) {
        var first = 0
        for group in groups {
            if row < first + group.rowCount {
                group.forEachSlice(ofRow: row - first, body)
                return
            }
            first += group.rowCount
        }
        preconditionFailure("row outside the step")
    }
}
