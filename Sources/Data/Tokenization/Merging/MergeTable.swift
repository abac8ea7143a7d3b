internal import CBPE

/// The merges of a vocabulary in the form that encoding needs: from two neighbouring tokens to the rank of their merge,
/// from a rank to the token it makes.
///
/// A merge is one 64-bit word, `left << 43 | right << 22 | rank`, in one of the two buckets that its pair's hash names (a cuckoo
/// table), so a look-up reads two places and never more. Pairs of single bytes, with which every pre-token begins, have a table of
/// their own that is indexed by the two bytes.
/// Immutable after `init`; any number of threads may read it.
final class MergeTable: @unchecked Sendable {  // pointers to memory that never changes after init
    /// Ids must be below this, ranks below `maximumRank`.
    static let maximumToken = Int(slw_no_token)
    static let maximumRank = Int(slw_no_rank)
    /// Above every rank.
    static let noRank = slw_no_rank
    private static let free = UInt64.max

    let byteTokens: UnsafeMutablePointer<UInt32>
    /// Rank by `first << 8 | second`.
    let bytePairs: UnsafeMutablePointer<UInt32>
    let products: UnsafeMutablePointer<UInt32>
    private var slots: UnsafeMutablePointer<UInt64>
    private var bucketBits: UInt64 = 7
    /// All of it as C sees it.
    let parts: UnsafeMutablePointer<slw_merges>

    /// Room for `mergeCount` merges; fill it with `insert`.
    init(mergeCount: Int, byteTokens tokens: [TokenID]) {
        // At most four in five slots are taken: a place for each pair is then found in a few moves.
        while 8 << Int(bucketBits) < 5 * mergeCount { bucketBits += 1 }
        slots = Self.freeSlots(bucketBits)
        bytePairs = .allocate(capacity: 1 << 16)
        bytePairs.initialize(repeating: Self.noRank, count: 1 << 16)
        products = .allocate(capacity: max(mergeCount, 1))
        products.initialize(repeating: 0, count: max(mergeCount, 1))
        byteTokens = .allocate(capacity: 256)
        byteTokens.initialize(from: tokens, count: 256)
        parts = .allocate(capacity: 1)
        parts.initialize(
            to: slw_merges(
                byte_tokens: byteTokens, byte_pairs: bytePairs, products: products, product_offset: 0, slots: slots,
                bucket_mask: 1 << bucketBits - 1,
                bucket_shift: 64 - bucketBits, level: slw_best_scan_level()))
    }

    private static func freeSlots(_ bucketBits: UInt64) -> UnsafeMutablePointer<UInt64> {
        let slots = LargePages.allocate(UInt64.self, capacity: 2 << Int(bucketBits))
        slots.initialize(repeating: free, count: 2 << Int(bucketBits))
        return slots
    }

    deinit {
        slots.deallocate()
        bytePairs.deallocate()
        products.deallocate()
        byteTokens.deallocate()
        parts.deallocate()
    }

    /// The rank of the merge of two tokens, `noRank` when they do not merge.
    @inline(__always)
    func rank(_ left: UInt32, _ right: UInt32) -> UInt32 { slw_rank(parts, left, right) }

    /// What the merge of a rank makes, once `finish` was called.
    @inline(__always)
    func product(_ rank: UInt32) -> UInt32 { slw_product(parts, rank) }

    /// Records that `left` and `right` become `product` with `rank`. The last record of a pair holds.
    func insert(_ left: TokenID, _ right: TokenID, rank: Int, product: TokenID) {
        products[rank] = product
        let pair = UInt64(left) << 21 | UInt64(right)
        let (first, second) = buckets(of: pair)
        if replace(pair, rank, in: first) || replace(pair, rank, in: second) { return }
        place(pair << 22 | UInt64(rank))
    }

    private func replace(_ pair: UInt64, _ rank: Int, in bucket: Int) -> Bool {
        for slot in 2 * bucket..<2 * bucket + 2 where slots[slot] >> 22 == pair {
            slots[slot] = pair << 22 | UInt64(rank)
            return true
        }
        return false
    }

    @inline(__always)
    private func buckets(of pair: UInt64) -> (Int, Int) {
        let hash = slw_pair_hash(pair)
        return (Int(truncatingIfNeeded: hash & (1 << bucketBits - 1)), Int(truncatingIfNeeded: hash >> (64 - bucketBits)))
    }

    /// Puts a merge into a free slot, or in the place of another, which moves to its other bucket, and so on.
    private func place(_ merge: UInt64) {
        var merge = merge
        var (bucket, other) = buckets(of: merge >> 22)
        if put(merge, into: bucket) { return }
        var chance: UInt64 = 1
        for _ in 0..<500 {
            if put(merge, into: other) { return }
            bucket = other
            // At random, or two would push each other back and forth.
            chance = chance &* 0x5851_F42D_4C95_7F2D &+ 1
            swap(&slots[2 * bucket + Int(chance >> 63)], &merge)
            let both = buckets(of: merge >> 22)
            other = both.0 == bucket ? both.1 : both.0
        }
        growSlots(and: merge)
    }

    private func put(_ merge: UInt64, into bucket: Int) -> Bool {
        for slot in 2 * bucket..<2 * bucket + 2 where slots[slot] == Self.free {
            slots[slot] = merge
            return true
        }
        return false
    }

    private func growSlots(and homeless: UInt64) {
        let old = slots
        let count = 2 << Int(bucketBits)
        bucketBits += 1
        slots = Self.freeSlots(bucketBits)
        for slot in 0..<count where old[slot] != Self.free { place(old[slot]) }
        place(homeless)
        old.deallocate()
        parts.pointee.slots = UnsafePointer(slots)
        parts.pointee.bucket_mask = 1 << bucketBits - 1
        parts.pointee.bucket_shift = 64 - bucketBits
    }

    /// To be called when all merges are inserted: fills what is derived from them.
    func finish() {
        indexBytePairs()
        compareNumbers()
    }

    private func indexBytePairs() {
        var byteOfToken = [Int16](repeating: -1, count: Int((0..<256).map { byteTokens[$0] }.max()!) + 1)
        for byte in 0..<256 { byteOfToken[Int(byteTokens[byte])] = Int16(byte) }
        func byte(_ token: UInt64) -> Int? {
            guard token < byteOfToken.count, byteOfToken[Int(token)] >= 0 else { return nil }
            return Int(byteOfToken[Int(token)])
        }
        for slot in 0..<2 << Int(bucketBits) where slots[slot] != Self.free {
            let pair = slots[slot] >> 22
            if let left = byte(pair >> 21), let right = byte(pair & 0x1F_FFFF) {
                bytePairs[left << 8 | right] = UInt32(slots[slot] & 0x3F_FFFF)
            }
        }
    }

    /// Finds out whether tokens are numbered as their merges are.
    private func compareNumbers() {
        var offset: UInt32?
        for slot in 0..<2 << Int(bucketBits) where slots[slot] != Self.free {
            let rank = Int(slots[slot] & 0x3F_FFFF)
            let found = products[rank] &- UInt32(rank)
            guard offset == nil || offset == found else { return }
            offset = found
        }
        parts.pointee.products = nil
        parts.pointee.product_offset = offset ?? 0
    }
}
