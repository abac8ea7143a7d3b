internal import CBPE

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
    /// Ids of the pool for words with more than three tokens; a chunk may begin below the limit and end above it, with an id a byte.
    private static let poolLimit = 1 << 21
    private static let chunkIDs = 2 * Encoder.scratchBytes

    // Free entries are zero.
    private let nearMemory = ReservedMemory<slw_near_entry>(capacity: 1 << slw_near_bits)
    private let farMemory: ReservedMemory<slw_far_entry>
    private(set) var farShift: UInt32 = 64 - 14
    private var farCapacity = leastFarCapacity
    private static let leastFarCapacity = 1 << 15
    private var farUsed = 0
    let long = LongPreTokens()
    private let poolMemory = ReservedMemory<TokenID>(capacity: poolLimit + chunkIDs)
    private var poolUsed = 0
    private let packing: PackedTokens

    /// `byteLimit`: what the second table may grow to.
    init(packing: PackedTokens, byteLimit: Int) {
        self.packing = packing
        var limit = Self.leastFarCapacity
        while limit * 2 * MemoryLayout<FarEntry>.stride <= byteLimit { limit *= 2 }
        farMemory = ReservedMemory(capacity: limit)
    }

    var near: UnsafeMutablePointer<slw_near_entry> { nearMemory.base }
    var far: UnsafeMutablePointer<FarEntry> { farMemory.base }
    var pool: UnsafeMutablePointer<TokenID> { poolMemory.base }

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
        if farUsed * 2 >= farCapacity, farCapacity < farMemory.capacity { grow() }
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

    /// Four times as many places, or twice where four are too many. A place's entries move to one at or behind it, so the last go first.
    private func grow() {
        let oldCapacity = farCapacity
        let bits = farCapacity * 4 <= farMemory.capacity ? 2 : 1
        farCapacity <<= bits
        farShift -= UInt32(bits)
        for place in stride(from: oldCapacity - 2, through: 0, by: -2) {
            let (newer, older) = (far[place], far[place + 1])
            far[place] = FarEntry()
            far[place + 1] = FarEntry()
            move(older)
            move(newer)
        }
    }

    private func move(_ entry: FarEntry) {
        guard entry.low != 0 else { return }
        let first = far + slw_far_index(entry.low, entry.high, farShift)
        first[1] = first[0]
        first[0] = entry
    }

    // MARK: the pool

    /// Packs tokens, in the pool when they are many (below 65 536).
    @inline(__always)
    func pack(_ tokens: UnsafePointer<TokenID>, count: Int) -> UInt64 {
        packing.pack(tokens, count: count) ?? spill(tokens, count: count)
    }

    private func spill(_ tokens: UnsafePointer<TokenID>, count: Int) -> UInt64 {
        precondition(poolUsed + count <= poolMemory.capacity, "makeRoom was not called before a chunk")
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
