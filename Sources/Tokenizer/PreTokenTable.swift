/// How often each pre-token occurred: a hash table over byte strings, filled by one thread.
///
/// Nearly all pre-tokens of a text are at most 16 bytes long. They live in the slots themselves, two words of bytes
/// and one of length and count, so that counting one touches one cache line; longer ones live in a dictionary.
/// Memory grows with the number of distinct pre-tokens, not with the text.
final class PreTokenTable {
    /// Bytes 0 ..< 8 and 8 ..< 16 of the pre-token, padded with zeros, and `length << 56 | count` (0: the slot is free).
    struct Slot {
        var low: UInt64
        var high: UInt64
        var lengthAndCount: UInt64
        /// Keeps a slot from straddling cache lines.
        var padding: UInt64 = 0

        var length: Int { Int(lengthAndCount >> 56) }
        var count: Int { Int(lengthAndCount & 0x00FF_FFFF_FFFF_FFFF) }
    }

    static let inlineLimit = 16
    private(set) var slots: UnsafeMutablePointer<Slot>
    private(set) var capacity: Int
    private var shift: UInt64
    private var used = 0
    private(set) var long: [LongKey: Int] = [:]

    /// The bytes of a pre-token of more than 16 bytes.
    struct LongKey: Hashable {
        let bytes: [UInt8]
    }

    init() {
        capacity = 1 << 14
        shift = 64 - 14
        slots = Self.freeSlots(capacity)
    }

    deinit { slots.deallocate() }

    private static func freeSlots(_ capacity: Int) -> UnsafeMutablePointer<Slot> {
        let slots = UnsafeMutableRawPointer.allocate(byteCount: capacity * MemoryLayout<Slot>.stride, alignment: 64)
            .bindMemory(to: Slot.self, capacity: capacity)
        slots.initialize(repeating: Slot(low: 0, high: 0, lengthAndCount: 0), count: capacity)
        return slots
    }

    /// Number of distinct pre-tokens.
    var count: Int { used + long.count }

    /// Counts one occurrence of the pre-token at `bytes`; `readable` bytes may be read from there (at least `length`).
    @inline(__always)
    func add(_ bytes: UnsafePointer<UInt8>, length: Int, readable: Int) {
        if length > Self.inlineLimit {
            addLong(bytes, length: length, occurrences: 1)
            return
        }
        let raw = UnsafeRawPointer(bytes)
        var low: UInt64 = 0
        var high: UInt64 = 0
        if readable >= 16 {
            low = UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self))
            if length <= 8 {
                low &= UInt64.max >> UInt64(64 &- length &* 8)
            } else {
                high =
                    UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) & (UInt64.max >> UInt64(128 &- length &* 8))
            }
        } else {
            for index in 0..<Swift.min(length, 8) { low |= UInt64(bytes[index]) << UInt64(index &* 8) }
            for index in stride(from: 8, to: length, by: 1) { high |= UInt64(bytes[index]) << UInt64((index &- 8) &* 8) }
        }
        add(low: low, high: high, length: length, occurrences: 1)
    }

    @inline(__always)
    private func add(low: UInt64, high: UInt64, length: Int, occurrences: Int) {
        let tag = UInt64(length) << 56
        var index = slot(low, high, length)
        while true {
            let found = slots[index]
            if found.low == low && found.high == high && found.lengthAndCount >> 56 == tag >> 56 {
                slots[index].lengthAndCount = found.lengthAndCount &+ UInt64(occurrences)
                return
            }
            if found.lengthAndCount == 0 { break }
            index = (index &+ 1) & (capacity &- 1)
        }
        slots[index] = Slot(low: low, high: high, lengthAndCount: tag | UInt64(occurrences))
        used += 1
        if used * 2 > capacity { grow() }
    }

    @inline(__always)
    private func slot(_ low: UInt64, _ high: UInt64, _ length: Int) -> Int {
        // Fibonacci hashing of both words; the length tells "a" from "a\0".
        let mixed = (low ^ (high &* 0x9E37_79B9_7F4A_7C15) ^ (high >> 29) ^ UInt64(length)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: ((mixed ^ (mixed >> 32)) &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    private func grow() {
        let old = slots
        let oldCapacity = capacity
        capacity *= 4
        shift -= 2
        slots = Self.freeSlots(capacity)
        for index in 0..<oldCapacity where old[index].lengthAndCount != 0 {
            var target = slot(old[index].low, old[index].high, old[index].length)
            while slots[target].lengthAndCount != 0 { target = (target &+ 1) & (capacity &- 1) }
            slots[target] = old[index]
        }
        old.deallocate()
    }

    private func addLong(_ bytes: UnsafePointer<UInt8>, length: Int, occurrences: Int) {
        long[LongKey(bytes: Array(UnsafeBufferPointer(start: bytes, count: length))), default: 0] += occurrences
    }

    /// Adds what another worker counted.
    func merge(_ other: PreTokenTable) {
        for index in 0..<other.capacity where other.slots[index].lengthAndCount != 0 {
            let slot = other.slots[index]
            add(low: slot.low, high: slot.high, length: slot.length, occurrences: slot.count)
        }
        for (key, occurrences) in other.long { long[key, default: 0] += occurrences }
    }

    /// Calls `body` with the bytes and the number of occurrences of every pre-token, in no particular order.
    func forEach(_ body: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
        for index in 0..<capacity where slots[index].lengthAndCount != 0 {
            var words = (slots[index].low.littleEndian, slots[index].high.littleEndian)
            let slot = slots[index]
            withUnsafeBytes(of: &words) { bytes in
                body(UnsafeBufferPointer(rebasing: bytes.assumingMemoryBound(to: UInt8.self)[..<slot.length]), slot.count)
            }
        }
        for (key, occurrences) in long { key.bytes.withUnsafeBufferPointer { body($0, occurrences) } }
    }
}
