internal import CByteScan

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
    private var used = 0

    /// Short pre-tokens whose slot was asked for and not yet visited: a table that is larger than the caches answers
    /// late, and by the time that a batch is full its slots have come.
    private struct Pending {
        let low: UInt64
        let high: UInt64
        let tag: UInt64
        let hash: UInt64
    }
    private static let pendingLimit = 64
    private let pending = UnsafeMutablePointer<Pending>.allocate(capacity: pendingLimit)
    private var pendingCount = 0

    init() {
        capacity = 1 << 14
        shift = 64 - 14
        slots = Self.freeSlots(capacity)
    }

    deinit {
        slots.deallocate()
        pending.deallocate()
    }

    /// Number of distinct pre-tokens.
    var count: Int {
        settle()
        return used
    }

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
        let hash = Self.hash(low, high, UInt64(length))
        slw_prefetch(slots + Int(truncatingIfNeeded: hash >> shift))
        pending[pendingCount] = Pending(low: low, high: high, tag: UInt64(length), hash: hash)
        pendingCount &+= 1
        if pendingCount == Self.pendingLimit { settle() }
    }

    /// Counts what is pending.
    @inline(never)
    private func settle() {
        for index in 0..<pendingCount {
            let next = pending[index]
            addShort(next.low, next.high, next.tag, hash: next.hash, occurrences: 1)
        }
        pendingCount = 0
    }

    @inline(__always)
    private func addShort(_ low: UInt64, _ high: UInt64, _ tag: UInt64, hash: UInt64, occurrences: Int) {
        var index = Int(truncatingIfNeeded: hash >> shift)
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
        var index = Int(truncatingIfNeeded: Self.hash(hash, 0, Self.longTag) >> shift)
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

    /// Fibonacci hashing of both words; the length tells "a" from "a\0". The highest bits are the best.
    @inline(__always)
    private static func hash(_ low: UInt64, _ high: UInt64, _ tag: UInt64) -> UInt64 {
        let mixed = (low ^ (high &* 0x9E37_79B9_7F4A_7C15) ^ (high >> 29) ^ tag) &* 0xD6E8_FEB8_6659_FD93
        return (mixed ^ (mixed >> 32)) &* 0x9E37_79B9_7F4A_7C15
    }

    private func added() {
        used += 1
        guard used * 2 > capacity else { return }
        let old = slots
        let oldCapacity = capacity
        capacity *= 2
        shift -= 1
        slots = Self.freeSlots(capacity)
        for index in 0..<oldCapacity where old[index].tagAndCount != 0 {
            let slot = old[index]
            var target = Int(truncatingIfNeeded: Self.hash(slot.low, slot.tag == Self.longTag ? 0 : slot.high, slot.tag) >> shift)
            while slots[target].tagAndCount != 0 { target = (target &+ 1) & (capacity &- 1) }
            slots[target] = slot
        }
        old.deallocate()
    }

    /// Adds what another worker counted.
    func merge(_ other: PreTokenTable) {
        other.settle()
        for index in 0..<other.capacity where other.slots[index].tagAndCount != 0 {
            let slot = other.slots[index]
            if slot.tag == Self.longTag {
                addLong(other.longBytes.pointer(at: Int(slot.high)), length: slot.longLength, occurrences: slot.count)
            } else {
                let hash = Self.hash(slot.low, slot.high, slot.tag)
                addShort(slot.low, slot.high, slot.tag, hash: hash, occurrences: slot.count)
            }
        }
    }

    /// Calls `body` with the bytes and the number of occurrences of every pre-token, in no particular order.
    func forEach(_ body: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
        settle()
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
