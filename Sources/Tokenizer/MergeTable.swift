internal import CByteScan

/// The merges of a vocabulary in the form that encoding needs: from two neighbouring tokens to the rank of their merge,
/// from a rank to the token it makes.
///
/// A merge is one 64-bit word, `left << 43 | right << 22 | rank`, in an open-addressing table. Most pairs that are asked for do not
/// merge, and the table is too big for the nearest cache, so a filter of ten bits a merge (64 KB for GPT-2) answers first. Pairs of
/// single bytes, with which every pre-token begins, have a table of their own that is indexed by the two bytes.
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
    private let slots: UnsafeMutablePointer<UInt64>
    /// A bit for each hash that some merge has.
    private let filter: UnsafeMutablePointer<UInt32>
    /// All of it as C sees it.
    let parts: UnsafeMutablePointer<slw_merges>

    /// Room for `mergeCount` merges; fill it with `insert`.
    init(mergeCount: Int, byteTokens tokens: [TokenID]) {
        var bits = 8
        while 1 << bits < mergeCount + mergeCount / 4 { bits += 1 }
        slots = .allocate(capacity: 1 << bits)
        slots.initialize(repeating: Self.free, count: 1 << bits)
        let filterBits = max(bits + 3, 10)
        filter = .allocate(capacity: 1 << (filterBits - 5))
        filter.initialize(repeating: 0, count: 1 << (filterBits - 5))
        bytePairs = .allocate(capacity: 1 << 16)
        bytePairs.initialize(repeating: Self.noRank, count: 1 << 16)
        products = .allocate(capacity: max(mergeCount, 1))
        products.initialize(repeating: 0, count: max(mergeCount, 1))
        byteTokens = .allocate(capacity: 256)
        byteTokens.initialize(from: tokens, count: 256)
        parts = .allocate(capacity: 1)
        parts.initialize(
            to: slw_merges(
                byte_tokens: byteTokens, byte_pairs: bytePairs, products: products, slots: slots, slot_mask: 1 << bits - 1,
                slot_shift: UInt64(64 - bits), filter: filter, filter_mask: 1 << filterBits - 1, level: slw_best_scan_level()))
    }

    deinit {
        slots.deallocate()
        filter.deallocate()
        bytePairs.deallocate()
        products.deallocate()
        byteTokens.deallocate()
        parts.deallocate()
    }

    /// The rank of the merge of two tokens, `noRank` when they do not merge.
    @inline(__always)
    func rank(_ left: UInt32, _ right: UInt32) -> UInt32 { slw_rank(parts, left, right) }

    /// Records that `left` and `right` become `product` with `rank`. The last record of a pair holds.
    func insert(_ left: TokenID, _ right: TokenID, rank: Int, product: TokenID) {
        let pair = UInt64(left) << 21 | UInt64(right)
        let hash = slw_pair_hash(pair)
        let bit = Int(truncatingIfNeeded: hash & parts.pointee.filter_mask)
        let mask = Int(parts.pointee.slot_mask)
        filter[bit >> 5] |= 1 << UInt32(bit & 31)
        var index = Int(truncatingIfNeeded: hash &>> parts.pointee.slot_shift)
        while slots[index] != Self.free, slots[index] >> 22 != pair { index = (index + 1) & mask }
        slots[index] = pair << 22 | UInt64(rank)
        products[rank] = product
    }

    /// Fills the table of byte pairs from the merges inserted so far.
    func indexBytePairs() {
        var byteOfToken: [UInt32: Int] = [:]
        for byte in 0..<256 { byteOfToken[byteTokens[byte]] = byte }
        for index in 0...Int(parts.pointee.slot_mask) where slots[index] != Self.free {
            let pair = slots[index] >> 22
            if let left = byteOfToken[UInt32(pair >> 21)], let right = byteOfToken[UInt32(pair & 0x1F_FFFF)] {
                bytePairs[left << 8 | right] = UInt32(slots[index] & 0x3F_FFFF)
            }
        }
    }
}
