/// The record of all outstanding tails of an epoch.
///
/// One run `(positions, start)` stands for all samples of a range of the order that were cut at the same start. Runs are kept by start,
/// oldest first, and neighbours merge; so the ledger grows by at most a constant number of runs a step, whatever the batch and the corpus
/// are. Weights are kept in a Fenwick tree over starts, so that a run can be drawn in proportion to the targets it holds in
/// O(log sequence length).
public struct TailLedger: Sendable, Equatable {
    /// Samples at consecutive positions that all have `start ..< sequenceLength` left.
    public struct Run: Sendable, Equatable {
        public var positions: Range<Int>
        public var start: Int

        public init(positions: Range<Int>, start: Int) {
            self.positions = positions
            self.start = start
        }
    }

    /// The targets of a full sample.
    public let sequenceLength: Int
    /// Outstanding targets.
    public private(set) var targetCount = 0
    /// Runs on record.
    public private(set) var runCount = 0
    private var queues: [RangeQueue]
    /// Fenwick tree over starts of the targets that each start's runs hold.
    private var tree: [Int]

    /// - Parameter sequenceLength: at least 1.
    init(sequenceLength: Int) {
        self.sequenceLength = sequenceLength
        queues = Array(repeating: RangeQueue(), count: sequenceLength)
        tree = Array(repeating: 0, count: sequenceLength + 1)
    }

    public var isEmpty: Bool { targetCount == 0 }

    /// Targets of one tail that begins at `start`.
    public func tailLength(start: Int) -> Int { sequenceLength - start }

    /// All runs, by start, oldest first.
    public var runs: [Run] {
        queues.indices.flatMap { start in queues[start].ranges.map { Run(positions: $0, start: start) } }
    }

    /// Records that the samples at `positions` have everything from `start` on left. A tail of no length is none.
    mutating func record(_ positions: Range<Int>, start: Int) {
        precondition(start > 0 && start <= sequenceLength, "a tail begins inside its sample")
        guard !positions.isEmpty, start < sequenceLength else { return }
        if queues[start].append(positions) { runCount += 1 }
        change(start: start, by: positions.count)
    }

    /// Takes up to `limit` of the oldest tails that begin at `start`, one range.
    mutating func take(start: Int, limit: Int) -> Range<Int> {
        precondition(limit > 0 && queues[start].count > 0, "nothing to take")
        let (taken, emptied) = queues[start].removeFirst(limit: limit)
        if emptied { runCount -= 1 }
        change(start: start, by: -taken.count)
        return taken
    }

    /// The start whose tails hold target number `target` when all are laid side by side by start.
    func start(holdingTarget target: Int) -> Int {
        precondition(target >= 0 && target < targetCount, "target outside the ledger")
        var position = 0
        var rest = target
        var step = 1 << (Int.bitWidth - 1 - sequenceLength.leadingZeroBitCount)
        while step > 0 {
            let next = position + step
            if next <= sequenceLength, tree[next] <= rest {
                position = next
                rest -= tree[next]
            }
            step >>= 1
        }
        return position
    }

    /// How many tails the oldest run of this start holds.
    func oldestRunCount(start: Int) -> Int { queues[start].ranges.first?.count ?? 0 }

    /// The longest tails that fit into `length` and whose oldest run holds at least `oldestRun`; nil for none.
    func start(fitting length: Int, oldestRun: Int) -> Int? {
        guard length > 0 else { return nil }
        var start = max(sequenceLength - length, 1)
        while true {
            // A look at the neighbours is cheap; a long stretch of starts without tails is skipped by the tree.
            for _ in 0..<32 where start < sequenceLength {
                if oldestRunCount(start: start) >= oldestRun { return start }
                start += 1
            }
            let before = targets(beforeStart: start)
            guard start < sequenceLength, before < targetCount else { return nil }
            start = self.start(holdingTarget: before)
        }
    }

    /// Targets of all tails that begin before `start`.
    private func targets(beforeStart start: Int) -> Int {
        var (sum, index) = (0, start)
        while index > 0 {
            sum += tree[index]
            index &= index - 1
        }
        return sum
    }

    private mutating func change(start: Int, by tails: Int) {
        let targets = tails * tailLength(start: start)
        targetCount += targets
        var index = start + 1
        while index <= sequenceLength {
            tree[index] += targets
            index += index & -index
        }
    }
}

/// Ranges in the order of their arrival; neighbours merge. A queue in an array, whose consumed front is cut off now and then.
struct RangeQueue: Sendable, Equatable {
    private var storage: [Range<Int>] = []
    private var head = 0
    /// Positions in all ranges.
    private(set) var count = 0

    var ranges: ArraySlice<Range<Int>> { storage[head...] }

    /// Returns whether a new range was needed.
    mutating func append(_ range: Range<Int>) -> Bool {
        count += range.count
        if storage.count > head, storage[storage.count - 1].upperBound == range.lowerBound {
            storage[storage.count - 1] = storage[storage.count - 1].lowerBound..<range.upperBound
            return false
        }
        storage.append(range)
        return true
    }

    /// Takes at most `limit` positions from the first range, and says whether that range is used up.
    mutating func removeFirst(limit: Int) -> (taken: Range<Int>, emptied: Bool) {
        let first = storage[head]
        if first.count > limit {
            let border = first.lowerBound + limit
            storage[head] = border..<first.upperBound
            count -= limit
            return (first.lowerBound..<border, false)
        }
        head += 1
        count -= first.count
        if head > 32, head * 2 > storage.count {
            storage.removeFirst(head)
            head = 0
        }
        return (first, true)
    }

    static func == (a: RangeQueue, b: RangeQueue) -> Bool { a.ranges == b.ranges }
}
