import IndexedDataset
import Sampling

/// Where a slice's tokens lie: data set, how often that was gone through before, first input in tokens of the `.bin`, and targets.
struct LocatedSlice {
    var dataset: Int
    var pass: Int
    var token: Int
    var length: Int
    /// Whether it is the first of its sample.
    var opensSample: Bool
}

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
    private var plainLength: [Int]
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
        plainLength = Array(repeating: 0, count: rows)
    }

    deinit {
        for buffer in [inputs, targets, segments, positions, iota] { buffer.deallocate() }
    }

    /// Prepares for a step's shape. What other shapes left in `segments` and `positions` no longer counts.
    func reshape(rows: Int, length: Int) {
        precondition(rows * length <= capacity && rows <= plainLength.count, "batch larger than its memory")
        if length != self.length { for row in plainLength.indices { plainLength[row] = 0 } }
        (self.rows, self.length, targetCount) = (rows, length, 0)
    }

    /// Fills a row with slices laid end to end.
    func fill(row: Int, slices: ArraySlice<LocatedSlice>, from source: DataSource) {
        var column = row * length
        let end = column + length
        var segment: Int32 = 0
        for slice in slices {
            let dataset = source.streams[slice.dataset].dataset
            dataset.copyTokens(at: slice.token, count: slice.length, into: inputs + column)
            dataset.copyTokens(at: slice.token + 1, count: slice.length, into: targets + column)
            if slice.length == length, plainLength[row] == length {
                // The usual case: the row looked the same last time.
            } else {
                (segments + column).update(repeating: segment, count: slice.length)
                (positions + column).update(from: iota, count: slice.length)
                plainLength[row] = slice.length == length ? length : 0
            }
            column += slice.length
            targetCount += slice.length
            segment += 1
        }
        if column < end {
            (inputs + column).update(repeating: 0, count: end - column)
            (targets + column).update(repeating: -1, count: end - column)
            (segments + column).update(repeating: -1, count: end - column)
            (positions + column).update(repeating: 0, count: end - column)
            plainLength[row] = 0
        }
    }
}
