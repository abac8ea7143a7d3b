#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// How often each pre-token occurred: a hash table over byte strings, filled by one thread.
///
/// Nearly all pre-tokens of a text are at most 16 bytes long. They live in the slots themselves, two words of bytes
/// and one of length and count, so that counting one touches one cache line; the bytes of longer ones lie behind each
/// other in a buffer. Memory grows with the number of distinct pre-tokens, not with the text.
final class PreTokenTable {
    struct Slot {
        /// Bytes 0 ..< 8 of the pre-token, padded with zeros; the hash of a long one.
        var low: UInt64
        /// Bytes 8 ..< 16; where a long pre-token begins among the long bytes.
        var high: UInt64
        /// `tag << 56 | count`, where the tag is the length, or `longTag`. 0: the slot is free.
        var tagAndCount: UInt64
        /// The length of a long pre-token.
        var longLength = 0

        var tag: UInt64 { tagAndCount >> 56 }
        var count: Int { Int(tagAndCount & 0x00FF_FFFF_FFFF_FFFF) }
    }

    private static let inlineLimit = 16
    private static let longTag: UInt64 = 0xFF
    private var slots: UnsafeMutablePointer<Slot>
    private var capacity: Int
    private var shift: UInt64
    private var longBytes = GrowingBuffer<UInt8>()
    /// Number of distinct pre-tokens.
    private(set) var count = 0

    init() {
        capacity = 1 << 14
        shift = 64 - 14
        slots = Self.freeSlots(capacity)
    }

    deinit { slots.deallocate() }

    private static func freeSlots(_ capacity: Int) -> UnsafeMutablePointer<Slot> {
        let slots = LargePages.allocate(Slot.self, capacity: capacity)
        slots.initialize(repeating: Slot(low: 0, high: 0, tagAndCount: 0), count: capacity)
        return slots
    }

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
        addShort(low, high, length: length, occurrences: 1)
    }

    @inline(__always)
    private func addShort(_ low: UInt64, _ high: UInt64, length: Int, occurrences: Int) {
        let tag = UInt64(length)
        var index = home(low, high, tag)
        while true {
            let found = slots[index]
            if found.low == low && found.high == high && found.tag == tag {
                slots[index].tagAndCount = found.tagAndCount &+ UInt64(occurrences)
                return
            }
            if found.tagAndCount == 0 { break }
            index = (index &+ 1) & (capacity &- 1)
        }
        slots[index] = Slot(low: low, high: high, tagAndCount: tag << 56 | UInt64(occurrences))
        added()
    }

    @inline(never)
    private func addLong(_ bytes: UnsafePointer<UInt8>, length: Int, occurrences: Int) {
        let hash = Self.hash(bytes, length)
        var index = home(hash, 0, Self.longTag)
        while slots[index].tagAndCount != 0 {
            let found = slots[index]
            if found.low == hash, found.tag == Self.longTag, found.longLength == length,
                memcmp(longBytes.pointer(at: Int(found.high)), bytes, length) == 0
            {
                slots[index].tagAndCount = found.tagAndCount &+ UInt64(occurrences)
                return
            }
            index = (index &+ 1) & (capacity &- 1)
        }
        let start = longBytes.count
        longBytes.appendUninitialized(length)
        UnsafeMutablePointer(mutating: longBytes.pointer(at: start)).update(from: bytes, count: length)
        slots[index] = Slot(low: hash, high: UInt64(start), tagAndCount: Self.longTag << 56 | UInt64(occurrences), longLength: length)
        added()
    }

    /// A hash of a long pre-token, eight bytes at a time; the last eight may overlap the ones before.
    private static func hash(_ bytes: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        let raw = UnsafeRawPointer(bytes)
        var hash = UInt64(length)
        for offset in stride(from: 0, to: length &- 8, by: 8) {
            hash = (hash ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 32
        }
        hash = (hash ^ raw.loadUnaligned(fromByteOffset: length &- 8, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
        return hash ^ (hash >> 32)
    }

    @inline(__always)
    private func home(_ low: UInt64, _ high: UInt64, _ tag: UInt64) -> Int {
        // Fibonacci hashing of both words; the length tells "a" from "a\0".
        let mixed = (low ^ (high &* 0x9E37_79B9_7F4A_7C15) ^ (high >> 29) ^ tag) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: ((mixed ^ (mixed >> 32)) &* 0x9E37_79B9_7F4A_7C15) >> shift)
    }

    private func home(of slot: Slot) -> Int { slot.tag == Self.longTag ? home(slot.low, 0, slot.tag) : home(slot.low, slot.high, slot.tag) }

    private func added() {
        count += 1
        guard count * 2 > capacity else { return }
        let old = slots
        let oldCapacity = capacity
        capacity *= 4
        shift -= 2
        slots = Self.freeSlots(capacity)
        for index in 0..<oldCapacity where old[index].tagAndCount != 0 {
            var target = home(of: old[index])
            while slots[target].tagAndCount != 0 { target = (target &+ 1) & (capacity &- 1) }
            slots[target] = old[index]
        }
        old.deallocate()
    }

    /// Adds what another worker counted.
    func merge(_ other: PreTokenTable) {
        for index in 0..<other.capacity where other.slots[index].tagAndCount != 0 {
            let slot = other.slots[index]
            if slot.tag == Self.longTag {
                addLong(other.longBytes.pointer(at: Int(slot.high)), length: slot.longLength, occurrences: slot.count)
            } else {
                addShort(slot.low, slot.high, length: Int(slot.tag), occurrences: slot.count)
            }
        }
    }

    /// Calls `body` with the bytes and the number of occurrences of every pre-token, in no particular order.
    func forEach(_ body: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
        for index in 0..<capacity where slots[index].tagAndCount != 0 {
            let slot = slots[index]
            if slot.tag == Self.longTag {
                body(UnsafeBufferPointer(start: longBytes.pointer(at: Int(slot.high)), count: slot.longLength), slot.count)
                continue
            }
            var words = (slot.low.littleEndian, slot.high.littleEndian)
            withUnsafeBytes(of: &words) { bytes in
                body(UnsafeBufferPointer(rebasing: bytes.assumingMemoryBound(to: UInt8.self)[..<Int(slot.tag)]), slot.count)
            }
        }
    }
}
