/// A candidate merge: a pair of neighbouring tokens, how often it occurred when it was queued, and where.
struct MergeCandidate {
    /// Occurrences when this candidate was queued; the pair's true count may have changed since.
    var count: Int
    /// `left << 32 | right`, so that comparing keys compares pairs.
    let pair: UInt64
    /// Index of the list of words that hold the pair.
    let words: UInt32

    /// More frequent first; of equally frequent ones the smaller pair of ids.
    @inline(__always)
    static func precedes(_ a: MergeCandidate, _ b: MergeCandidate) -> Bool {
        a.count != b.count ? a.count > b.count : a.pair < b.pair
    }
}

/// A priority queue of merge candidates.
///
/// Most pairs are rare and are never merged. They wait, unordered, until the heap of those that occur at least
/// `floor` times has run dry; so pushing a rare pair costs a store, and the order of popping is that of one heap.
struct MergeQueue {
    private var heap: [MergeCandidate] = []
    private var waiting: [MergeCandidate] = []
    private var floor = Int.max

    init() {}

    mutating func push(_ candidate: MergeCandidate) {
        if candidate.count < floor {
            waiting.append(candidate)
        } else {
            heap.append(candidate)
            siftUp(from: heap.count - 1)
        }
    }

    /// Removes the candidate that precedes all others. Complexity: O(log n) amortised.
    mutating func pop() -> MergeCandidate? {
        if heap.isEmpty { admitWaiting() }
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown(from: 0)
        }
        return first
    }

    private mutating func admitWaiting() {
        guard let highest = waiting.lazy.map(\.count).max() else { return }
        floor = highest / 2
        var kept = 0
        for candidate in waiting {
            if candidate.count < floor {
                waiting[kept] = candidate
                kept += 1
            } else {
                heap.append(candidate)
            }
        }
        waiting.removeLast(waiting.count - kept)
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(from: index) }
    }

    private mutating func siftUp(from start: Int) {
        heap.withUnsafeMutableBufferPointer { heap in
            let moving = heap[start]
            var index = start
            while index > 0 {
                let parent = (index - 1) / 2
                guard MergeCandidate.precedes(moving, heap[parent]) else { break }
                heap[index] = heap[parent]
                index = parent
            }
            heap[index] = moving
        }
    }

    private mutating func siftDown(from start: Int) {
        heap.withUnsafeMutableBufferPointer { heap in
            let moving = heap[start]
            var index = start
            while true {
                var child = 2 * index + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, MergeCandidate.precedes(heap[child + 1], heap[child]) { child += 1 }
                guard MergeCandidate.precedes(heap[child], moving) else { break }
                heap[index] = heap[child]
                index = child
            }
            heap[index] = moving
        }
    }
}
