internal import CByteScan

/// The third table of `PreTokenCache`: pre-tokens whose bytes lie in an arena and are compared one by one.
///
/// Two entries share a place, where the older gives way to a third one; a full arena empties the table. It does not grow: in
/// texts that would fill more, most long words are there only once.
final class LongPreTokens {
    /// All zero: it is free.
    private struct Entry: BitwiseCopyable {
        var hash: UInt64 = 0
        var value: UInt64 = 0
        var offset: UInt32 = 0
        var length: UInt32 = 0
    }

    private static let placeBits: UInt64 = 15
    private static let capacity = 2 << Int(placeBits)
    private static let arenaBytes = 1 << 21

    private let entries = ReservedMemory<Entry>(capacity: capacity)
    private let arena = ReservedMemory<UInt8>(capacity: arenaBytes)
    private var arenaUsed = 0

    @inline(__always)
    private func place(_ hash: UInt64) -> UnsafeMutablePointer<Entry> {
        entries.base + 2 * Int(truncatingIfNeeded: hash &>> (64 &- Self.placeBits))
    }

    /// Says that a pre-token will be asked for soon.
    @inline(__always)
    func prefetch(_ hash: UInt64) { slw_prefetch(place(hash)) }

    /// The value of a pre-token of at least one byte, by its `TokenIndex.hash`.
    func find(_ bytes: UnsafeRawBufferPointer, hash: UInt64) -> UInt64? {
        let place = place(hash)
        for index in 0..<2 where place[index].hash == hash && Int(place[index].length) == bytes.count {
            if slw_same_bytes(arena.base + Int(place[index].offset), bytes.baseAddress!, bytes.count) { return place[index].value }
        }
        return nil
    }

    /// Remembers a pre-token that `find` does not know.
    func insert(_ bytes: UnsafeRawBufferPointer, hash: UInt64, _ value: UInt64) {
        if arenaUsed + bytes.count > Self.arenaBytes { removeAll() }
        UnsafeMutableRawPointer(arena.base + arenaUsed).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
        let place = place(hash)
        place[1] = place[0]
        place[0] = Entry(hash: hash, value: value, offset: UInt32(arenaUsed), length: UInt32(bytes.count))
        arenaUsed += bytes.count
    }

    /// Forgets everything.
    func removeAll() {
        entries.base.update(repeating: Entry(), count: Self.capacity)
        arenaUsed = 0
    }
}
