/// The merge loop of byte-level BPE: always the merge of the lowest rank, of equals the leftmost.
///
/// One object serves one thread; its buffers are used again for every pre-token.
final class MergeScratch {
    /// Up to here all pairs are looked at for each merge; longer pre-tokens keep theirs in a heap.
    static let shortLimit = 48

    private let merges: MergeTable
    private let ranks: UnsafeMutablePointer<UInt32>
    /// The tokens of the last short pre-token.
    private(set) var tokens: UnsafeMutablePointer<UInt32>
    private var capacity = shortLimit + 1

    // For long pre-tokens: a chain of tokens by the offset of their first byte, and a heap of `rank << 32 | offset`.
    private var next: [UInt32] = []
    private var previous: [UInt32] = []
    private var heap: [UInt64] = []

    init(_ merges: MergeTable) {
        self.merges = merges
        ranks = .allocate(capacity: Self.shortLimit + 1)
        tokens = .allocate(capacity: capacity)
    }

    deinit {
        ranks.deallocate()
        tokens.deallocate()
    }

    /// Encodes one pre-token of at least one byte and returns the number of its tokens, which are in `tokens` until the next call.
    @inline(__always)
    func encode(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
        count <= Self.shortLimit ? encodeShort(bytes, count: count) : encodeLong(bytes, count: count)
    }

    private func encodeShort(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
        let merges = self.merges
        let tokens = self.tokens
        let ranks = self.ranks
        let byteTokens = merges.byteTokens
        let bytePairs = merges.bytePairs
        var pairs = count &- 1
        var first = Int(bytes[0])
        tokens[0] = byteTokens[first]
        for index in 0..<pairs {
            let second = Int(bytes[index &+ 1])
            tokens[index &+ 1] = byteTokens[second]
            ranks[index] = bytePairs[first << 8 | second]
            first = second
        }
        while true {
            // Rank and index in one number: the least is the leftmost of the lowest rank, found without a branch.
            var least = MergeTable.noRank << 6
            for index in 0..<pairs { least = min(least, ranks[index] << 6 | UInt32(truncatingIfNeeded: index)) }
            if least >= MergeTable.noRank << 6 { return pairs &+ 1 }
            let at = Int(least & 63)
            let product = merges.products[Int(least >> 6)]
            pairs &-= 1
            tokens[at] = product
            var index = at
            while index < pairs {
                tokens[index &+ 1] = tokens[index &+ 2]
                ranks[index] = ranks[index &+ 1]
                index &+= 1
            }
            if at < pairs { ranks[at] = merges.rank(product, tokens[at &+ 1]) }
            if at > 0 { ranks[at &- 1] = merges.rank(tokens[at &- 1], product) }
        }
    }

    /// O(n log n) in the number of bytes.
    private func encodeLong(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
        precondition(count < Int(UInt32.max), "a pre-token of 4 GB")
        if count > capacity {
            tokens.deallocate()
            capacity = count
            tokens = .allocate(capacity: capacity)
        }
        let merges = self.merges
        let tokens = self.tokens
        let none = UInt32.max
        if next.count < count {
            next = Array(repeating: 0, count: count)
            previous = Array(repeating: 0, count: count)
        }
        heap.removeAll(keepingCapacity: true)
        let used = next.withUnsafeMutableBufferPointer { next in
            previous.withUnsafeMutableBufferPointer { previous in
                for index in 0..<count {
                    tokens[index] = merges.byteTokens[Int(bytes[index])]
                    next[index] = index + 1 < count ? UInt32(index + 1) : none
                    previous[index] = index > 0 ? UInt32(index - 1) : none
                    if index + 1 < count {
                        let rank = merges.bytePairs[Int(bytes[index]) << 8 | Int(bytes[index + 1])]
                        if rank != MergeTable.noRank { heap.append(UInt64(rank) << 32 | UInt64(index)) }
                    }
                }
                heapify()
                while let top = heap.first {
                    popTop()
                    let rank = UInt32(truncatingIfNeeded: top >> 32)
                    let at = Int(truncatingIfNeeded: top & 0xFFFF_FFFF)
                    // A dead token has the number `none`; a living one may have other neighbours by now.
                    guard tokens[at] != none, next[at] != none else { continue }
                    let right = Int(next[at])
                    guard merges.rank(tokens[at], tokens[right]) == rank else { continue }
                    let product = merges.products[Int(rank)]
                    tokens[at] = product
                    tokens[right] = none
                    let after = next[right]
                    next[at] = after
                    if after != none {
                        previous[Int(after)] = UInt32(at)
                        push(merges.rank(product, tokens[Int(after)]), at)
                    }
                    if previous[at] != none { push(merges.rank(tokens[Int(previous[at])], product), Int(previous[at])) }
                }
                var used = 0
                var index: UInt32 = 0
                while index != none {
                    let following = next[Int(index)]
                    tokens[used] = tokens[Int(index)]
                    used += 1
                    index = following
                }
                return used
            }
        }
        if count > 1 << 20 {
            // The buffers of a rare giant do not stay.
            next = []
            previous = []
            heap = []
        }
        return used
    }

    private func push(_ rank: UInt32, _ offset: Int) {
        if rank == MergeTable.noRank { return }
        heap.append(UInt64(rank) << 32 | UInt64(offset))
        heap.withUnsafeMutableBufferPointer { heap in
            var child = heap.count - 1
            let value = heap[child]
            while child > 0, heap[(child - 1) / 2] > value {
                heap[child] = heap[(child - 1) / 2]
                child = (child - 1) / 2
            }
            heap[child] = value
        }
    }

    private func popTop() {
        let last = heap.removeLast()
        if heap.isEmpty { return }
        heap.withUnsafeMutableBufferPointer { Self.sink(last, at: 0, in: $0) }
    }

    private func heapify() {
        heap.withUnsafeMutableBufferPointer { heap in
            for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { Self.sink(heap[index], at: index, in: heap) }
        }
    }

    private static func sink(_ value: UInt64, at index: Int, in heap: UnsafeMutableBufferPointer<UInt64>) {
        var parent = index
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            if heap[child] >= value { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = value
    }
}
