internal import CBPE

/// The merge loop of byte-level BPE: always the merge of the lowest rank, of equals the leftmost.
///
/// One object serves one thread; its buffers are used again for every pre-token.
final class MergeScratch {
    /// Up to here C merges in vectors (see `merge_pairs.h`); longer pre-tokens keep their pairs in a heap.
    static let shortLimit = slw_merge_limit

    private let merges: MergeTable
    /// The tokens of the last pre-token.
    private(set) var tokens: UnsafeMutablePointer<UInt32>
    private var capacity = shortLimit

    // For long pre-tokens: a chain of tokens by the offset of their first byte, and a heap of `rank << 32 | offset`. A merge
    // takes one pair away and adds at most two, so there are never more than two entries a byte.
    private var links: UnsafeMutablePointer<Link>
    private var heap: UnsafeMutablePointer<UInt64>
    private var longCapacity = 1 << 12

    private struct Link {
        var previous: UInt32
        var next: UInt32
    }

    init(_ merges: MergeTable) {
        self.merges = merges
        tokens = .allocate(capacity: capacity)
        links = .allocate(capacity: longCapacity)
        heap = .allocate(capacity: 2 * longCapacity)
    }

    deinit {
        tokens.deallocate()
        links.deallocate()
        heap.deallocate()
    }

    /// Encodes one pre-token of at least one byte and returns the number of its tokens, which are in `tokens` until the next call.
    @inline(__always)
    func encode(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
        count <= Self.shortLimit ? slw_merge(merges.parts, bytes, count, tokens) : encodeLong(bytes, count: count)
    }

    /// O(n log n) in the number of bytes.
    private func encodeLong(_ bytes: UnsafePointer<UInt8>, count: Int) -> Int {
        precondition(count < Int(UInt32.max), "a pre-token of 4 GB")
        if count > capacity {
            tokens.deallocate()
            capacity = count
            tokens = .allocate(capacity: capacity)
        }
        resizeLong(to: count)
        let merges = self.merges
        let tokens = self.tokens
        let links = self.links
        let none = UInt32.max
        var queue = MergeHeap(heap)
        for index in 0..<count {
            tokens[index] = merges.byteTokens[Int(bytes[index])]
            links[index] = Link(
                previous: index > 0 ? UInt32(truncatingIfNeeded: index &- 1) : none,
                next: index &+ 1 < count ? UInt32(truncatingIfNeeded: index &+ 1) : none)
            if index &+ 1 < count {
                let rank = merges.bytePairs[Int(bytes[index]) << 8 | Int(bytes[index &+ 1])]
                if rank != MergeTable.noRank { queue.add(UInt64(rank) << 32 | UInt64(index)) }
            }
        }
        queue.arrange()
        while let top = queue.takeLeast() {
            let rank = UInt32(truncatingIfNeeded: top >> 32)
            let at = Int(truncatingIfNeeded: top & 0xFFFF_FFFF)
            // A dead token has the number `none`; a living one may have other neighbours by now.
            guard tokens[at] != none, links[at].next != none else { continue }
            let right = Int(links[at].next)
            guard merges.rank(tokens[at], tokens[right]) == rank else { continue }
            let product = merges.products[Int(rank)]
            tokens[at] = product
            tokens[right] = none
            let after = links[right].next
            links[at].next = after
            if after != none {
                links[Int(after)].previous = UInt32(truncatingIfNeeded: at)
                let rank = merges.rank(product, tokens[Int(after)])
                if rank != MergeTable.noRank { queue.push(UInt64(rank) << 32 | UInt64(at)) }
            }
            let before = links[at].previous
            if before != none {
                let rank = merges.rank(tokens[Int(before)], product)
                if rank != MergeTable.noRank { queue.push(UInt64(rank) << 32 | UInt64(before)) }
            }
        }
        var used = 0
        var index: UInt32 = 0
        while index != none {
            let following = links[Int(index)].next
            tokens[used] = tokens[Int(index)]
            used &+= 1
            index = following
        }
        return used
    }

    /// The buffers of a rare giant do not stay.
    private func resizeLong(to count: Int) {
        guard count > longCapacity || (longCapacity > 1 << 20 && count < 1 << 16) else { return }
        links.deallocate()
        heap.deallocate()
        longCapacity = max(count, 1 << 12)
        links = .allocate(capacity: longCapacity)
        heap = .allocate(capacity: 2 * longCapacity)
    }
}

/// A binary heap, the least on top, in memory that somebody else owns.
private struct MergeHeap {
    private let entries: UnsafeMutablePointer<UInt64>
    private var count = 0

    init(_ entries: UnsafeMutablePointer<UInt64>) { self.entries = entries }

    /// Adds an entry before `arrange`.
    @inline(__always)
    mutating func add(_ value: UInt64) {
        entries[count] = value
        count &+= 1
    }

    mutating func arrange() {
        var index = count / 2 - 1
        while index >= 0 {
            sink(entries[index], at: index)
            index -= 1
        }
    }

    @inline(__always)
    mutating func push(_ value: UInt64) {
        var child = count
        count &+= 1
        while child > 0 {
            let parent = (child &- 1) / 2
            if entries[parent] <= value { break }
            entries[child] = entries[parent]
            child = parent
        }
        entries[child] = value
    }

    @inline(__always)
    mutating func takeLeast() -> UInt64? {
        if count == 0 { return nil }
        let least = entries[0]
        count &-= 1
        if count > 0 { sink(entries[count], at: 0) }
        return least
    }

    @inline(__always)
    private func sink(_ value: UInt64, at index: Int) {
        var parent = index
        while true {
            var child = 2 &* parent &+ 1
            if child >= count { break }
            if child &+ 1 < count { child &+= entries[child &+ 1] < entries[child] ? 1 : 0 }
            if entries[child] >= value { break }
            entries[parent] = entries[child]
            parent = child
        }
        entries[parent] = value
    }
}
