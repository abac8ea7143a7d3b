internal import Tables

/// Reads DELTA_BINARY_PACKED integers, one at a time: nothing is unpacked ahead, whatever the header claims.
struct DeltaReader {
    private var place: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    /// How many integers there are.
    let total: Int
    private let miniblockValues: Int
    private let miniblocks: Int
    /// Integers that were given out.
    private var given = 0
    private var value: Int64 = 0
    private var minimum: Int64 = 0
    private var widths: UnsafePointer<UInt8>
    /// The miniblock that is open, and how many of its integers were taken.
    private var miniblock = 0
    private var taken = 0
    private var miniblockStart: UnsafePointer<UInt8>

    init(_ bytes: UnsafeRawBufferPointer) throws(TableError) {
        place = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(bitPattern: 1)!
        end = place + bytes.count
        let block = try Self.varint(&place, end)
        let miniblocks = try Self.varint(&place, end)
        let total = try Self.varint(&place, end)
        let first = try Self.varint(&place, end)
        guard block > 0, block % 128 == 0, block <= 1 << 20, miniblocks > 0, block % miniblocks == 0, block / miniblocks % 32 == 0 else {
            throw .damaged("delta blocks of \(block) values in \(miniblocks) parts")
        }
        guard total <= UInt64(Int32.max) else { throw .damaged("delta encoding of \(total) values in one page") }
        self.total = Int(total)
        self.miniblocks = Int(miniblocks)
        miniblockValues = Int(block / miniblocks)
        value = Self.signed(first)
        (widths, miniblockStart) = (place, place)
        miniblock = Int(miniblocks)
    }

    /// The next integer. No more than ``total`` may be asked for.
    mutating func next() throws(TableError) -> Int64 {
        defer { given += 1 }
        if given == 0 { return value }
        if taken == 0 { try openMiniblock() }
        let width = Int(widths[miniblock])
        var delta: UInt64 = 0
        if width > 0 { delta = Self.bits(miniblockStart, taken * width, width, end) }
        value = value &+ minimum &+ Int64(bitPattern: delta)
        taken += 1
        if taken == miniblockValues {
            taken = 0
            miniblock += 1
        }
        return value
    }

    /// What lies behind the integers: found by passing over them, miniblock by miniblock.
    func rest() throws(TableError) -> UnsafeRawBufferPointer {
        var copy = self
        while copy.given < total {
            if copy.given == 0 {
                copy.given = 1
                continue
            }
            if copy.taken == 0 { try copy.openMiniblock() }
            let count = min(copy.miniblockValues - copy.taken, total - copy.given)
            copy.given += count
            copy.taken = 0
            copy.miniblock += 1
        }
        return UnsafeRawBufferPointer(start: copy.place, count: end - copy.place)
    }

    /// The next miniblock, and the block's header before its first. `place` moves behind it.
    private mutating func openMiniblock() throws(TableError) {
        if miniblock == miniblocks {
            minimum = Self.signed(try Self.varint(&place, end))
            guard end - place >= miniblocks else { throw .damaged("a delta block is cut off") }
            widths = place
            place += miniblocks
            miniblock = 0
        }
        let width = Int(widths[miniblock])
        guard width <= 64 else { throw .damaged("delta encoding with \(width) bits a value") }
        let count = miniblockValues / 8 * width
        guard end - place >= count else { throw .damaged("a delta miniblock reaches beyond the page") }
        miniblockStart = place
        place += count
    }

    /// `width` bits, 1 to 64, from bit `bit` on; they lie before `end`.
    private static func bits(_ start: UnsafePointer<UInt8>, _ bit: Int, _ width: Int, _ end: UnsafePointer<UInt8>) -> UInt64 {
        let first = start + (bit >> 3)
        let shift = bit & 7
        let count = (shift + width + 7) / 8
        var low: UInt64 = 0
        if end - first >= 8 {
            low = UInt64(littleEndian: UnsafeRawPointer(first).loadUnaligned(as: UInt64.self))
        } else {
            for index in 0..<min(count, 8) { low |= UInt64(first[index]) << UInt64(8 * index) }
        }
        var value = low >> UInt64(shift)
        if count > 8 { value |= UInt64(first[8]) << UInt64(64 - shift) }
        return width == 64 ? value : value & ((1 << UInt64(width)) - 1)
    }

    private static func signed(_ word: UInt64) -> Int64 { Int64(bitPattern: word >> 1) ^ -Int64(bitPattern: word & 1) }

    private static func varint(_ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) throws(TableError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard place < end else { throw .damaged("delta encoding ends early") }
            let byte = place.pointee
            place += 1
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        throw .damaged("a number of the delta encoding has more than 10 bytes")
    }
}
