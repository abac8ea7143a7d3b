/// Pairs of spellings on their way to merges.
///
/// A merge is three strings to be found in the vocabulary, each by reads of memory that wait for one another. So some merges are gathered, and
/// what each will read is asked for before the first of them is looked up.
struct MergeListReader: ~Copyable {
    private let strings: TokenStrings
    private let index: TokenIndex
    private(set) var merges: [Vocabulary.Merge] = []
    private(set) var products: [TokenID] = []

    /// A merge whose ids are not known yet: `text[start ..< middle]` and `text[middle ..< end]`.
    private struct Pending {
        var byteOffset: Int
        var start: Int
        var middle: Int
        var end: Int
        var hashes: (left: UInt64, right: UInt64, product: UInt64)
    }
    private static let pendingLimit = 32
    private let pending = UnsafeMutablePointer<Pending>.allocate(capacity: pendingLimit)
    private var pendingCount = 0
    private var text = GrowingBuffer<UInt8>(minimumCapacity: 1 << 12)

    init(_ strings: TokenStrings, _ index: TokenIndex) {
        self.strings = strings
        self.index = index
        merges.reserveCapacity(strings.count)
        products.reserveCapacity(strings.count)
    }

    deinit { pending.deallocate() }

    /// Adds the merge of two spellings, which the file has at `byteOffset`. May find a mistake only when more are added.
    mutating func append(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, at byteOffset: Int) throws(MergeListError) {
        guard merges.count + pendingCount < MergeTable.maximumRank - 1 else { throw MergeListError(kind: .tooMany, byteOffset: byteOffset) }
        let start = text.count
        text.appendUninitialized(left.count + right.count)
        let base = UnsafeMutablePointer(mutating: text.pointer(at: start))
        guard let leftCount = VocabularyReader.decode(spelled: left, to: base),
            let rightCount = VocabularyReader.decode(spelled: right, to: base + leftCount)
        else { throw MergeListError(kind: .spelling, byteOffset: byteOffset) }
        let middle = start + leftCount
        let hashes = (
            left: TokenIndex.hash(UnsafeRawBufferPointer(start: base, count: leftCount)),
            right: TokenIndex.hash(UnsafeRawBufferPointer(start: base + leftCount, count: rightCount)),
            product: TokenIndex.hash(UnsafeRawBufferPointer(start: base, count: leftCount + rightCount))
        )
        index.prefetch(hashes.left)
        index.prefetch(hashes.right)
        index.prefetch(hashes.product)
        pending[pendingCount] = Pending(byteOffset: byteOffset, start: start, middle: middle, end: middle + rightCount, hashes: hashes)
        pendingCount += 1
        if pendingCount == Self.pendingLimit { try finish() }
    }

    /// Looks up what was gathered; to be called behind the last merge.
    mutating func finish() throws(MergeListError) {
        for number in 0..<pendingCount {
            let hashes = pending[number].hashes
            strings.prefetch(index.firstID(hashes.left))
            strings.prefetch(index.firstID(hashes.right))
            strings.prefetch(index.firstID(hashes.product))
        }
        for number in 0..<pendingCount {
            let next = pending[number]
            guard let left = id(next.start, next.middle, next.hashes.left) else {
                throw MergeListError(kind: .left, byteOffset: next.byteOffset)
            }
            guard let right = id(next.middle, next.end, next.hashes.right) else {
                throw MergeListError(kind: .right, byteOffset: next.byteOffset)
            }
            guard let product = id(next.start, next.end, next.hashes.product) else {
                throw MergeListError(kind: .product, byteOffset: next.byteOffset)
            }
            merges.append(Vocabulary.Merge(left: left, right: right))
            products.append(product)
        }
        pendingCount = 0
        text.removeAll()
    }

    private func id(_ start: Int, _ end: Int, _ hash: UInt64) -> TokenID? {
        index.id(of: UnsafeRawBufferPointer(start: text.pointer(at: start), count: end - start), hash: hash, in: strings)
    }

    /// The table of all merges. `finish` must have been called.
    func table(byteTokens: [TokenID]) -> MergeTable {
        precondition(pendingCount == 0, "merges are not looked up yet")
        let table = MergeTable(mergeCount: merges.count, byteTokens: byteTokens)
        for rank in 0..<merges.count { table.insert(merges[rank].left, merges[rank].right, rank: rank, product: products[rank]) }
        table.finish()
        return table
    }
}

/// What is wrong with a merge, and where its file has it.
struct MergeListError: Error {
    enum Kind { case spelling, left, right, product, tooMany }
    let kind: Kind
    let byteOffset: Int

    var reason: String {
        switch kind {
        case .spelling: "a merge is not spelled in the byte alphabet"
        case .left: "the left side of a merge is not in the vocabulary"
        case .right: "the right side of a merge is not in the vocabulary"
        case .product: "the result of a merge is not in the vocabulary"
        case .tooMany: "there are more than \(MergeTable.maximumRank - 1) merges"
        }
    }
}
