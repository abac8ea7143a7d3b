import IndexedDatasets
import Sampling

/// One micro-batch of one rank: four matrices of `rows × length`, row by row, in memory that the loader owns and reuses.
///
/// Valid until the loader's next batch is asked for. Rows without slices are all padding.
public final class Batch {
    /// 1 for the first step.
    public internal(set) var step = 0
    public internal(set) var rows = 0
    /// The step's sequence length.
    public internal(set) var length = 0
    /// Targets trained by this micro-batch, and by the whole step over all ranks.
    public internal(set) var targetCount = 0
    public internal(set) var globalTargetCount = 0
    /// Whether this is the step's last micro-batch.
    public internal(set) var completesStep = false

    /// Token ids; 0 on padding.
    public let inputs: UnsafeMutablePointer<Int32>
    /// The next token ids; -1 on padding.
    public let targets: UnsafeMutablePointer<Int32>
    /// 0, 1, 2 … within a row: attention must not cross; -1 on padding.
    public let segments: UnsafeMutablePointer<Int32>
    /// Positions, from 0 in each segment.
    public let positions: UnsafeMutablePointer<Int32>

    let capacity: Int
    /// For each row, the length for which `segments` and `positions` already hold those of one unbroken slice; else 0.
    private let plainLength: UnsafeMutableBufferPointer<Int>
    private let iota: UnsafeMutablePointer<Int32>

    init(rows: Int, length: Int) {
        capacity = rows * length
        inputs = .allocate(capacity: capacity)
        targets = .allocate(capacity: capacity)
        segments = .allocate(capacity: capacity)
        positions = .allocate(capacity: capacity)
        for buffer in [inputs, targets, segments, positions] { buffer.initialize(repeating: 0, count: capacity) }
        iota = .allocate(capacity: length)
        for index in 0..<length { (iota + index).initialize(to: Int32(index)) }
        plainLength = .allocate(capacity: rows)
        plainLength.initialize(repeating: 0)
    }

    deinit {
        for buffer in [inputs, targets, segments, positions, iota] { buffer.deallocate() }
        plainLength.deallocate()
    }

    /// Prepares for a step's shape. What other shapes left in `segments` and `positions` no longer counts.
    func reshape(rows: Int, length: Int) {
        precondition(rows * length <= capacity && rows <= plainLength.count, "batch larger than its memory")
        if length != self.length { plainLength.update(repeating: 0) }
        (self.rows, self.length) = (rows, length)
    }

    /// Fills a row with slices laid end to end, each given as its runs of tokens: `range` of `runs`. Returns its number of targets.
    ///
    /// - Parameter memories: the data sets' tokens.
    func fill(
        row: Int, length: Int, runs: [TokenRun], _ range: Range<Int>, from memories: UnsafeBufferPointer<TokenMemory>
    ) -> Int {
        var targetCount = 0
        var column = row * length
        let end = column + length
        var sliceBegin = column
        var segment: Int32 = 0
        for index in range {
            let run = runs[index]
            if run.beginsSlice && run.endsSlice {
                memories[run.dataset].copyPairs(
                    at: run.token, count: run.count - 1, inputs: inputs + column, targets: targets + column)
            } else {
                // A run that goes on begins with the target of the token before it.
                memories[run.dataset].copyTokens(at: run.token, count: run.inputCount, into: inputs + column)
                memories[run.dataset].copyTokens(
                    at: run.firstTarget, count: run.targetCount, into: targets + (run.beginsSlice ? column : column - 1))
            }
            column += run.inputCount
            targetCount += run.targetCount
            guard run.endsSlice else { continue }
            let count = column - sliceBegin
            if count == length, plainLength[row] == length {
                // The usual case: the row looked the same last time.
            } else {
                (segments + sliceBegin).update(repeating: segment, count: count)
                (positions + sliceBegin).update(from: iota, count: count)
                plainLength[row] = count == length ? length : 0
            }
            sliceBegin = column
            segment += 1
        }
        if column < end {
            (inputs + column).update(repeating: 0, count: end - column)
            (targets + column).update(repeating: -1, count: end - column)
            (segments + column).update(repeating: -1, count: end - column)
            (positions + column).update(repeating: 0, count: end - column)
            plainLength[row] = 0
        }
        return targetCount
    }
}
