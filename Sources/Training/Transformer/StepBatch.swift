/// A batch of a step: B rows of T tokens. Its memory is its source's and valid until the source's next batch.
package struct StepBatch {
    package let rows: Int
    package let length: Int
    /// Targets that are not -1.
    package let targetCount: Int
    private let all: TokenRows
    private let owner: AnyObject

    /// `all` lies in memory that `owner` keeps alive.
    package init(_ all: TokenRows, targetCount: Int, owner: AnyObject) {
        rows = all.rows
        length = all.length
        self.targetCount = targetCount
        self.all = all
        self.owner = owner
    }

    /// Calls `body` with the rows `range`, in place.
    package func withRows<R, E: Error>(_ range: Range<Int>, _ body: (TokenRows) throws(E) -> R) throws(E) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows of this batch")
        let start = range.lowerBound * length
        defer { withExtendedLifetime(owner) {} }
        return try body(
            TokenRows(
                rows: range.count, length: length, inputs: all.inputs + start, targets: all.targets + start,
                segments: all.segments + start, positions: all.positions + start))
    }
}

extension StepBatch {
    /// Rows of unbroken text: one segment each, positions from 0. `inputs` and `targets` are rows · length long; -1 is not scored.
    package init(inputs: [Int32], targets: [Int32], length: Int) {
        precondition(inputs.count == targets.count && inputs.count % length == 0, "whole rows")
        let memory = Matrices([
            inputs, targets, [Int32](repeating: 0, count: inputs.count), inputs.indices.map { Int32($0 % length) },
        ])
        self.init(memory.block(rows: inputs.count / length, length: length), targetCount: targets.count { $0 >= 0 }, owner: memory)
    }

    /// Four matrices of one size in memory of their own.
    private final class Matrices {
        private let memory: UnsafeMutableBufferPointer<Int32>
        private let count: Int

        init(_ matrices: [[Int32]]) {
            count = matrices[0].count
            memory = .allocate(capacity: max(1, matrices.count * count))
            _ = memory.initialize(from: matrices.joined())
        }

        deinit { memory.deallocate() }

        func block(rows: Int, length: Int) -> TokenRows {
            let base = UnsafePointer(memory.baseAddress!)
            return TokenRows(
                rows: rows, length: length, inputs: base, targets: base + count, segments: base + 2 * count, positions: base + 3 * count)
        }
    }
}
