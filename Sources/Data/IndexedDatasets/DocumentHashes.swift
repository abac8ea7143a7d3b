import Files

/// A set of 128-bit hashes for about a number of documents that is known beforehand: open addressing in one array.
///
/// Two different documents share a hash with a chance of about one in 10³⁸ a pair; among 10⁹ documents below 10⁻¹⁹ in all.
struct DocumentHashes {
    /// What stands for the content of a document. Never zero, which marks a free place.
    struct Hash: Equatable {
        var low: UInt64
        var high: UInt64
    }

    private static let free = Hash(low: 0, high: 0)
    private let capacity: Int
    private var places: [Hash]
    private var count = 0

    /// As many hashes as fit into so many bytes: three places in four are taken at most.
    static func capacity(inBytes bytes: Int) -> Int { max(1, bytes / MemoryLayout<Hash>.stride / 4 * 3) }

    init(capacity: Int) {
        self.capacity = capacity
        places = Array(repeating: Self.free, count: capacity + capacity / 3 + 2)
    }

    /// Adds a hash; says whether it is new.
    mutating func insert(_ hash: Hash) -> Bool {
        // Only when there are more than was announced.
        if count == capacity { grow() }
        var place = Self.first(hash, places.count)
        while places[place] != Self.free {
            if places[place] == hash { return false }
            place = place + 1 == places.count ? 0 : place + 1
        }
        places[place] = hash
        count += 1
        return true
    }

    // The high word chooses the place: in which pass a document is looked at depends on the low one.
    private static func first(_ hash: Hash, _ size: Int) -> Int { Int(hash.high.multipliedFullWidth(by: UInt64(size)).high) }

    private mutating func grow() {
        let old = places
        self = DocumentHashes(capacity: 2 * capacity + 16)
        for hash in old where hash != Self.free { _ = insert(hash) }
    }
}

/// Makes the hash of a document whose tokens come in pieces.
struct DocumentHasher {
    private var low = XXHash64(seed: 0)
    private var high = XXHash64(seed: 0x736C_7764_6174_6121)

    mutating func update(_ tokens: UnsafeBufferPointer<Int32>) {
        let bytes = UnsafeRawBufferPointer(tokens)
        unsafe low.update(bytes)
        unsafe high.update(bytes)
    }

    func finish() -> DocumentHashes.Hash {
        let low = low.finish()
        return DocumentHashes.Hash(low: low, high: max(1, high.finish()))
    }
}
