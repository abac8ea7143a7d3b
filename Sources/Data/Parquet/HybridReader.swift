internal import Tables

/// Reads the hybrid of runs and bit-packed groups in which Parquet stores levels and dictionary indices.
struct HybridReader {
    private var place: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private let width: Int
    /// The rest of a run of one value.
    private var runLeft = 0
    private var runValue: UInt32 = 0
    /// Values of the open bit-packed run, where its bits begin, where its bytes end, and which value is next.
    private var packedLeft = 0
    private var packedStart: UnsafePointer<UInt8>
    private var packedEnd: UnsafePointer<UInt8>
    private var packedIndex = 0

    /// `width`: bits of a value, 0 to 32.
    init(_ bytes: UnsafeRawBufferPointer, width: Int) {
        // An empty buffer may have no address; any will do, for nothing is read there.
        place = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(bitPattern: 1)!
        end = place + bytes.count
        packedStart = place
        packedEnd = place
        self.width = width
    }

    /// What lies behind the runs that were used.
    var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: place, count: end - place) }

    /// The next value and how often it stands here, at most `limit` (at least 1) times; a bit-packed value comes alone.
    mutating func next(_ limit: Int) throws(TableError) -> (value: UInt32, count: Int) {
        while true {
            if runLeft > 0 {
                let count = min(runLeft, limit)
                runLeft -= count
                return (runValue, count)
            }
            if packedLeft > 0 {
                packedLeft -= 1
                return (try packedValue(), 1)
            }
            try openRun(limit)
        }
    }

    /// The value that stands here several times, and how often; nil where that is not known.
    var repeated: (value: UInt32, count: Int)? { runLeft > 0 ? (runValue, runLeft) : nil }

    /// Passes over so many of those that are ``repeated``.
    mutating func pass(_ count: Int) { runLeft -= count }

    /// The next value alone, of `left` that there should be.
    mutating func nextValue(_ left: Int) throws(TableError) -> UInt32 {
        while true {
            if runLeft > 0 {
                runLeft -= 1
                return runValue
            }
            if packedLeft > 0 {
                packedLeft -= 1
                return try packedValue()
            }
            try openRun(left)
        }
    }

    private mutating func openRun(_ limit: Int) throws(TableError) {
        var header: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard place < end else { throw .damaged("levels or indices end early") }
            let byte = place.pointee
            place += 1
            header |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { break }
            shift += 7
            guard shift < 35 else { throw .damaged("the length of a run of levels or indices has more than 5 bytes") }
        }
        guard header >> 1 > 0 else { throw .damaged("levels or indices have a run of length 0") }
        if header & 1 == 0 {
            runLeft = Int(header >> 1)
            guard runLeft <= limit else { throw .damaged("a run of \(runLeft) levels or indices where \(limit) are left") }
            let count = (width + 7) / 8
            guard end - place >= count else { throw .damaged("a run of levels or indices is cut off") }
            runValue = 0
            for index in 0..<count { runValue |= UInt32(place[index]) << UInt32(8 * index) }
            place += count
            guard width == 32 || runValue >> UInt32(width) == 0 else {
                throw .damaged("a run repeats the value \(runValue) of more than \(width) bits")
            }
        } else {
            let groups = Int(header >> 1)
            let (available, wanted) = (end - place, groups * width)
            // The padding of the last group may have been cut off.
            guard wanted - available < max(width, 1) else { throw .damaged("bit-packed levels or indices reach beyond their end") }
            packedStart = place
            packedIndex = 0
            packedLeft = groups * 8
            packedEnd = place + min(wanted, available)
            place = packedEnd
        }
    }

    private mutating func packedValue() throws(TableError) -> UInt32 {
        guard width > 0 else { return 0 }
        let bit = packedIndex * width
        packedIndex += 1
        let first = packedStart + (bit >> 3)
        let shift = UInt64(bit & 7)
        var word: UInt64 = 0
        if packedEnd - first >= 8 {
            word = UInt64(littleEndian: UnsafeRawPointer(first).loadUnaligned(as: UInt64.self))
        } else {
            let count = (Int(shift) + width + 7) / 8
            guard packedEnd - first >= count else { throw .damaged("bit-packed levels or indices end early") }
            for index in 0..<count { word |= UInt64(first[index]) << UInt64(8 * index) }
        }
        return UInt32(truncatingIfNeeded: (word >> shift) & ((1 << UInt64(width)) - 1))
    }
}
