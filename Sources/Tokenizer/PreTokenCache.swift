internal import CByteScan

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What the encoder remembers: pre-token → packed tokens, in three tables for three lengths of words.
///
/// 1. `near`, 512 KB: keys of at most 8 bytes, the words that make up most of any text.
/// 2. `far`: keys of at most 16 bytes, two to a cache line; grows with the text's vocabulary up to a limit, then the
///    older of two entries gives way.
/// 3. `long`: keys of at most 255 bytes, compared byte for byte in an arena.
///
/// Keys are padded with zeros, so a pre-token that *ends* in a zero byte must not be asked for (the encoder does not).
/// What is remembered never changes what is encoded, only how fast.
final class PreTokenCache {
    typealias FarEntry = slw_far_entry
    static let longestKey = 255
    /// Ids of the pool for words with more than three tokens.
    private static let poolLimit = 1 << 21

    let near: UnsafeMutablePointer<slw_near_entry>
    private(set) var far: UnsafeMutablePointer<FarEntry>
    private(set) var farShift: UInt32
    private var farUsed = 0
    private var farCapacity: Int
    private let farLimit: Int
    var long = LongPreTokens()
    private(set) var pool: UnsafeMutablePointer<TokenID>
    private var poolCapacity = 1 << 14
    private var poolUsed = 0
    private let packing: PackedTokens

    /// `byteLimit`: what the second table may grow to.
    init(packing: PackedTokens, byteLimit: Int) {
        self.packing = packing
        near = LargePages.allocate(slw_near_entry.self, capacity: 1 << slw_near_bits)
        near.initialize(repeating: slw_near_entry(key: 0, value: 0), count: 1 << slw_near_bits)
        farCapacity = 1 << 15
        farShift = 64 - 14
        var limit = 1 << 15
        while limit * 2 * MemoryLayout<FarEntry>.stride <= byteLimit { limit *= 2 }
        farLimit = limit
        far = Self.freeEntries(farCapacity)
        pool = .allocate(capacity: poolCapacity)
    }

    deinit {
        near.deallocate()
        far.deallocate()
        pool.deallocate()
    }

    private static func freeEntries(_ capacity: Int) -> UnsafeMutablePointer<FarEntry> {
        let entries = LargePages.allocate(FarEntry.self, capacity: capacity)
        entries.initialize(repeating: FarEntry(), count: capacity)
        return entries
    }

    // MARK: of any length

    /// The packed tokens of a pre-token of 1 to `longestKey` bytes; what `merge` makes of it when it is not remembered.
    ///
    /// For one pre-token; many at a time are looked up in C.
    func value(_ bytes: UnsafeRawBufferPointer, merge: () -> UInt64) -> UInt64 {
        if bytes.count > 16 || bytes[bytes.count - 1] == 0 {
            let hash = TokenIndex.hash(bytes)
            if let value = long.find(bytes, hash: hash) { return value }
            let value = merge()
            long.insert(bytes, hash: hash, value)
            return value
        }
        var key: (low: UInt64, high: UInt64) = (0, 0)
        withUnsafeMutableBytes(of: &key) { $0.copyMemory(from: bytes) }
        key = (UInt64(littleEndian: key.low), UInt64(littleEndian: key.high))
        if bytes.count <= 8 {
            let entry = near[slw_near_index(key.low)]
            if entry.key == key.low { return entry.value }
        }
        let first = far + slw_far_index(key.low, key.high, farShift)
        for index in 0..<2 where first[index].low == key.low && first[index].high == key.high { return first[index].value }
        let value = merge()
        insert(key.low, key.high, value)
        return value
    }

    // MARK: at most 8 bytes

    /// Remembers a key of at most 8 bytes in the place of another one, or only if its place is free.
    @inline(__always)
    func insertNear(_ key: UInt64, _ value: UInt64, onlyIfFree: Bool) {
        let entry = near + slw_near_index(key)
        if !onlyIfFree || entry.pointee.key == 0 { entry.pointee = slw_near_entry(key: key, value: value) }
    }

    // MARK: at most 16 bytes

    /// Remembers a key, which may be there since a moment ago.
    func insert(_ low: UInt64, _ high: UInt64, _ value: UInt64) {
        if farUsed * 2 >= farCapacity, farCapacity < farLimit { grow() }
        let first = far + slw_far_index(low, high, farShift)
        if first[0].low == low, first[0].high == high { return }
        if first[0].low != 0 {
            if first[1].low == 0 { farUsed += 1 }
            first[1] = first[0]
        } else {
            farUsed += 1
        }
        first[0] = FarEntry(low: low, high: high, value: value, padding: 0)
    }

    private func grow() {
        let old = far
        let oldCapacity = farCapacity
        farCapacity *= 4
        farShift -= 2
        if farCapacity > farLimit {
            farCapacity /= 2
            farShift += 1
        }
        far = Self.freeEntries(farCapacity)
        farUsed = 0
        for index in 0..<oldCapacity where old[index].low != 0 {
            let entry = old[index]
            let first = far + slw_far_index(entry.low, entry.high, farShift)
            if first[0].low == 0 {
                first[0] = entry
                farUsed += 1
            } else if first[1].low == 0 {
                first[1] = entry
                farUsed += 1
            }
        }
        old.deallocate()
    }

    // MARK: the pool

    /// Packs tokens, in the pool when they are many (below 65 536).
    @inline(__always)
    func pack(_ tokens: UnsafePointer<TokenID>, count: Int) -> UInt64 {
        packing.pack(tokens, count: count) ?? spill(tokens, count: count)
    }

    private func spill(_ tokens: UnsafePointer<TokenID>, count: Int) -> UInt64 {
        if poolUsed + count > poolCapacity {
            let larger = LargePages.allocate(TokenID.self, capacity: max(poolCapacity * 2, poolUsed + count))
            larger.update(from: pool, count: poolUsed)
            pool.deallocate()
            pool = larger
            poolCapacity = max(poolCapacity * 2, poolUsed + count)
        }
        (pool + poolUsed).update(from: tokens, count: count)
        defer { poolUsed += count }
        return packing.spilled(offset: poolUsed, count: count)
    }

    /// Forgets everything when the pool is full. Call it only while no packed word is in use.
    func makeRoom() {
        guard poolUsed > Self.poolLimit else { return }
        near.update(repeating: slw_near_entry(key: 0, value: 0), count: 1 << slw_near_bits)
        far.update(repeating: FarEntry(), count: farCapacity)
        farUsed = 0
        long.removeAll()
        poolUsed = 0
    }
}
