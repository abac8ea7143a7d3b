/// From two neighbouring symbols to the rank of their merge and what it makes. Immutable; any number of threads may read it.
struct CharacterMerges: Sendable {
    /// For C, to which all merges of a rank make the same token; nil if there are too many.
    let table: MergeTable?
    /// All of them, where the table is not all: of those with the same rank the leftmost comes first, whatever it makes.
    fileprivate let all: SymbolMerges?
    /// The bytes that stand side by side in tokens that share a rank with others. Words with such bytes are not for C.
    let shared: JoinedBytes?

    /// The rank in the upper half and the product in the lower; nil if the two do not merge.
    @inline(__always)
    func merge(_ left: UInt32, _ right: UInt32) -> UInt64? {
        if let all { return all.merge(left, right) }
        guard let table, (left | right) & CharacterTable.unspelled == 0 else { return nil }
        let rank = table.rank(left, right)
        return rank == MergeTable.noRank ? nil : UInt64(rank) << 32 | UInt64(table.product(rank))
    }
}

/// Merges as a file says them.
struct CharacterMergeList {
    private struct Merge {
        let left: UInt32
        let right: UInt32
        let rank: UInt32
        let product: TokenID
    }
    private var merges: [Merge] = []
    /// By rank; `several` where there are several.
    private var products: [TokenID] = []
    private static let several = TokenID.max
    private var hasUnspelled = false

    mutating func reserve(_ count: Int) { merges.reserveCapacity(count) }

    /// Adds a merge, of the rank of the one before it or of a later one; the last one of a pair holds.
    mutating func append(_ left: UInt32, _ right: UInt32, rank: UInt32, product: TokenID) {
        merges.append(Merge(left: left, right: right, rank: rank, product: product))
        while products.count <= Int(rank) { products.append(product) }
        if products[Int(rank)] != product { products[Int(rank)] = Self.several }
        if (left | right) & CharacterTable.unspelled != 0 { hasUnspelled = true }
    }

    /// The merges in the form that encoding needs. `text`: what a token spells, with blanks for `▁`.
    func table(_ text: (TokenID) -> [UInt8]) -> CharacterMerges {
        let isShared = products.contains(Self.several)
        let fits = max(products.count, merges.count) < MergeTable.maximumRank
        var all: SymbolMerges?
        if isShared || hasUnspelled || !fits {
            all = SymbolMerges(minimumCapacity: merges.count)
            for merge in merges { all!.insert(merge.left, merge.right, rank: merge.rank, product: merge.product) }
        }
        guard fits else { return CharacterMerges(table: nil, all: all, shared: nil) }
        let table = MergeTable(mergeCount: max(merges.count, products.count), byteTokens: [TokenID](repeating: 0, count: 256))
        var shared = isShared ? JoinedBytes() : nil
        for merge in merges {
            if products[Int(merge.rank)] == Self.several { shared!.join(text(merge.product)) }
            // Words with characters that no token spells are not for C either.
            if (merge.left | merge.right) & CharacterTable.unspelled != 0 { continue }
            table.insert(merge.left, merge.right, rank: Int(merge.rank), product: merge.product)
        }
        table.finish()
        return CharacterMerges(table: table, all: all, shared: shared)
    }
}
