internal import Tables

/// The texts that a page holds, one after the other, by the encoding it names.
final class PageValues {
    private enum Encoding { case plain, dictionary, lengths, prefixes }

    private var encoding = Encoding.plain
    private var place = UnsafePointer<UInt8>(bitPattern: 1)!
    private var end = UnsafePointer<UInt8>(bitPattern: 1)!
    private var indices: HybridReader?
    private var lengths: DeltaReader?
    private var prefixLengths: DeltaReader?
    private var left = 0
    /// The value before, for those that begin as it does.
    private var previous = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 12, alignment: 16)
    private var previousCount = 0
    /// The dictionary of the chunk: its page and where each value lies in it.
    private var dictionary = PageMemory()
    private var entries: [(start: UInt32, count: UInt32)]?

    deinit { previous.deallocate() }

    /// Forgets the dictionary: a chunk begins.
    func beginChunk() { entries = nil }

    var hasDictionary: Bool { entries != nil }

    /// Takes a dictionary page that `pages` has decoded: `count` values in PLAIN.
    func take(dictionary bytes: UnsafeRawBufferPointer, of pages: ColumnPages, count: Int, encoding: Int) throws(TableError) {
        guard encoding == 0 || encoding == 2 else { throw .damaged("the dictionary has the encoding \(encoding)") }
        // Each value has a length of 4 bytes.
        guard count <= bytes.count / 4 else { throw .damaged("a dictionary of \(count) values in \(bytes.count) bytes") }
        var found: [(start: UInt32, count: UInt32)] = []
        found.reserveCapacity(count)
        var offset = 0
        for _ in 0..<count {
            guard bytes.count - offset >= 4 else { throw .damaged("the dictionary ends early") }
            let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            offset += 4
            guard length <= bytes.count - offset else { throw .damaged("a value reaches beyond the dictionary") }
            found.append((UInt32(offset), UInt32(length)))
            offset += length
        }
        try Self.checkRest(UnsafeRawBufferPointer(rebasing: bytes[offset...]), "the dictionary")
        pages.keep(bytes, in: &dictionary)
        entries = found
    }

    /// Goes to the values of a page, of which there are `count`.
    func begin(_ bytes: UnsafeRawBufferPointer, count: Int, encoding number: Int) throws(TableError) {
        left = count
        (indices, lengths, prefixLengths) = (nil, nil, nil)
        set(bytes)
        switch number {
        case 0: encoding = .plain
        case 2, 8:
            encoding = .dictionary
            guard hasDictionary else { throw .damaged("a page refers to a dictionary and there is none") }
            // A page without values may lack the width.
            guard count > 0 || !bytes.isEmpty else { return }
            guard let width = bytes.first else { throw .damaged("the width of the dictionary indices is missing") }
            guard width <= 32 else { throw .damaged("dictionary indices of \(width) bits") }
            indices = HybridReader(UnsafeRawBufferPointer(rebasing: bytes[1...]), width: Int(width))
        case 6:
            encoding = .lengths
            guard count > 0 || !bytes.isEmpty else { return }
            try takeLengths(bytes, count)
        case 7:
            encoding = .prefixes
            previousCount = 0
            guard count > 0 || !bytes.isEmpty else { return }
            let prefixes = try DeltaReader(bytes)
            guard prefixes.total == count else { throw .damaged("\(prefixes.total) lengths of prefixes for \(count) values") }
            prefixLengths = prefixes
            try takeLengths(try prefixes.rest(), count)
        default: throw .refused("the encoding \(Self.name(of: number)) is not one of texts")
        }
    }

    private func takeLengths(_ bytes: UnsafeRawBufferPointer, _ count: Int) throws(TableError) {
        let reader = try DeltaReader(bytes)
        guard reader.total == count else { throw .damaged("\(reader.total) lengths for \(count) values") }
        lengths = reader
        set(try reader.rest())
    }

    private func set(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return (end = place) }
        (place, end) = (start, start + bytes.count)
    }

    /// The next value, valid until the next call. No more than there are may be asked for.
    func next() throws(TableError) -> UnsafeRawBufferPointer {
        left -= 1
        switch encoding {
        case .plain:
            guard end - place >= 4 else { throw .damaged("a value reaches beyond the page") }
            let length = Int(UInt32(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt32.self)))
            place += 4
            return try takeBytes(length)
        case .dictionary:
            let index = Int(try indices!.nextValue(left + 1))
            guard index < entries!.count else { throw .damaged("the dictionary index \(index) of \(entries!.count) values") }
            let entry = entries![index]
            return UnsafeRawBufferPointer(start: dictionary.start + Int(entry.start), count: Int(entry.count))
        case .lengths: return try takeBytes(Int(try lengths!.next()))
        case .prefixes:
            let prefix = Int(try prefixLengths!.next())
            guard prefix >= 0, prefix <= previousCount else {
                throw .damaged("a value shares \(prefix) bytes with the value before, which has \(previousCount)")
            }
            let suffix = try takeBytes(Int(try lengths!.next()))
            let count = prefix + suffix.count
            if previous.count < count {
                let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * count, alignment: 16)
                larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: previous[..<prefix]))
                previous.deallocate()
                previous = larger
            }
            if !suffix.isEmpty { (previous.baseAddress! + prefix).copyMemory(from: suffix.baseAddress!, byteCount: suffix.count) }
            previousCount = count
            return UnsafeRawBufferPointer(start: previous.baseAddress, count: count)
        }
    }

    /// Passes over the next values, at most `limit`, that are empty, without looking at each: a dictionary repeats an empty text a million times in six bytes.
    func passEmpty(_ limit: Int) -> Int {
        guard encoding == .dictionary, let run = indices?.repeated, Int(run.value) < entries!.count, entries![Int(run.value)].count == 0
        else { return 0 }
        let count = min(run.count, limit)
        indices!.pass(count)
        left -= count
        return count
    }

    private func takeBytes(_ count: Int) throws(TableError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= end - place else { throw .damaged("a value reaches beyond the page") }
        defer { place += count }
        return UnsafeRawBufferPointer(start: place, count: count)
    }

    /// After the last value: nothing may be left over but zeros (fastparquet leaves eight).
    func finish() throws(TableError) {
        guard encoding != .dictionary else { return }
        try Self.checkRest(UnsafeRawBufferPointer(start: place, count: end - place), "the page")
    }

    static func checkRest(_ bytes: UnsafeRawBufferPointer, _ what: String) throws(TableError) {
        guard bytes.allSatisfy({ $0 == 0 }) else { throw .damaged("\(bytes.count) bytes are left over in \(what)") }
    }

    private static func name(of encoding: Int) -> String {
        let names = [
            1: "GROUP_VAR_INT", 3: "RLE", 4: "BIT_PACKED", 5: "DELTA_BINARY_PACKED", 9: "BYTE_STREAM_SPLIT",
        ]
        return names[encoding] ?? "\(encoding)"
    }
}
