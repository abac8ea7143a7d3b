/// A batch on its way from the loader to a model or to C: four matrices of `rows × length`, row by row, in memory of its own.
///
/// One that a loader lends is valid until the loader's next is asked for. Rows without slices are all padding.
public final class Batch {
    /// 1 for the first step.
    public package(set) var step = 0
    public private(set) var rows = 0
    /// The step's sequence length.
    public private(set) var length = 0
    /// Targets trained by this micro-batch, and by the whole step over all ranks.
    public package(set) var targetCount = 0
    public package(set) var globalTargetCount = 0
    /// Targets that are served without loss, likewise: those that an end token or a weight of 0 masks.
    public package(set) var maskedCount = 0
    public package(set) var globalMaskedCount = 0
    /// Whether this is the step's last micro-batch.
    public package(set) var completesStep = false

    /// Token ids; 0 on padding.
    public let inputs: UnsafeMutablePointer<Int32>
    /// The next token ids; -1 on padding and where the target is masked.
    public let targets: UnsafeMutablePointer<Int32>
    /// 0, 1, 2 … within a row: attention must not cross; -1 on padding.
    public let segments: UnsafeMutablePointer<Int32>
    /// Positions, from 0 in each slice, under other rules in each document.
    public let positions: UnsafeMutablePointer<Int32>
    /// The factor of each target's loss, 0 where there is none; nil where all are 1.
    public let weights: UnsafeMutablePointer<Float>?

    private let capacity: Int
    /// For each row, the length for which `segments` and `positions` already hold those of one unbroken slice; else 0.
    package let plainLength: UnsafeMutableBufferPointer<Int>
    /// 0, 1, 2 … up to the greatest length.
    package let iota: UnsafeMutablePointer<Int32>

    /// Memory for up to `rows` rows of up to `length` tokens.
    ///
    /// - Parameters:
    ///   - mostRows: rows that shorter lengths may have, in the same memory; nil for `rows`.
    ///   - hasWeights: whether the loss of targets has weights.
    package init(rows: Int, length: Int, mostRows: Int? = nil, hasWeights: Bool = false) {
        capacity = rows * length
        inputs = .allocate(capacity: capacity)
        targets = .allocate(capacity: capacity)
        segments = .allocate(capacity: capacity)
        positions = .allocate(capacity: capacity)
        for buffer in [inputs, targets, segments, positions] { buffer.initialize(repeating: 0, count: capacity) }
        weights = hasWeights ? .allocate(capacity: capacity) : nil
        weights?.initialize(repeating: 0, count: capacity)
        iota = .allocate(capacity: length)
        for index in 0..<length { (iota + index).initialize(to: Int32(index)) }
        plainLength = .allocate(capacity: mostRows ?? rows)
        plainLength.initialize(repeating: 0)
    }

    deinit {
        for buffer in [inputs, targets, segments, positions, iota] { buffer.deallocate() }
        weights?.deallocate()
        plainLength.deallocate()
    }

    /// Prepares for a step's shape. What other shapes left in `segments` and `positions` no longer counts.
    package func reshape(rows: Int, length: Int) {
        precondition(rows * length <= capacity && rows <= plainLength.count, "batch larger than its memory")
        if length != self.length { plainLength.update(repeating: 0) }
        (self.rows, self.length) = (rows, length)
    }

    /// Calls `body` with the rows `range`, in place.
    public func withRows<R, E: Error>(_ range: Range<Int>, _ body: (TokenRows) throws(E) -> R) throws(E) -> R {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows of this batch")
        let start = range.lowerBound * length
        defer { withExtendedLifetime(self) {} }
        return try body(
            TokenRows(
                rows: range.count, length: length, inputs: inputs + start, targets: targets + start, segments: segments + start,
                positions: positions + start, weights: weights.map { UnsafePointer($0 + start) }))
    }
}

extension Batch {
    /// Rows of unbroken text: one segment each, positions from 0. `inputs` and `targets` are rows · length long; a target of -1 is not scored.
    package convenience init(inputs: [Int32], targets: [Int32], length: Int) {
        precondition(length > 0 && inputs.count == targets.count && inputs.count % length == 0, "whole rows")
        self.init(rows: inputs.count / length, length: length)
        reshape(rows: inputs.count / length, length: length)
        inputs.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { self.inputs.update(from: base, count: source.count) }
        }
        targets.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { self.targets.update(from: base, count: source.count) }
        }
        for row in 0..<rows { (positions + row * length).update(from: iota, count: length) }
        targetCount = targets.count { $0 >= 0 }
        globalTargetCount = targetCount
    }
}
