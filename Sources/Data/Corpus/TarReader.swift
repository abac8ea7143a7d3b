/// Reads a tar archive once, from its start to its end: ustar, pax (names and sizes), GNU long names, and the old format before them.
///
/// Strict: every header's checksum is verified, sizes are checked before they are used, an archive without its end marker was
/// cut off, and only padding may follow the marker. Links and devices have no content here and are passed over.
final class TarReader {
    /// A regular file in the archive.
    struct Member {
        let name: String
        let byteCount: Int
    }

    private let source: any ByteSource
    private let path: String
    /// Bytes of the archive read so far.
    private var byteOffset = 0
    private var contentLeft = 0
    private var paddingLeft = 0
    private var hasEnded = false

    private static let block = 512
    /// Longer names than any file system has are an attack.
    private static let maximumNameBytes = 1 << 16

    init(_ source: any ByteSource, path: String) {
        self.source = source
        self.path = path
    }

    /// Whether `bytes` (512 of them) are a tar header: the only way to tell an archive by its content.
    static func isHeader(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.count >= block && bytes.contains { $0 != 0 } && hasValidChecksum(Array(bytes.prefix(block)))
    }

    /// The next regular file, or nil at the end. What was not read of the one before is passed over.
    func next() throws(CorpusError) -> Member? {
        if hasEnded { return nil }
        try skip(contentLeft + paddingLeft)
        (contentLeft, paddingLeft) = (0, 0)
        var name: String?
        var size: Int?
        while true {
            let place = byteOffset
            let header = try readBlock(Self.block)
            if header.allSatisfy({ $0 == 0 }) {
                try end()
                return nil
            }
            guard Self.hasValidChecksum(header) else { throw damage("a header has a wrong checksum", at: place) }
            guard let length = Self.number(header[124..<136]) else { throw damage("a header has a malformed size", at: place) }
            switch header[156] {
            case UInt8(ascii: "L"):
                name = Self.text(try readExtension(length, at: place)[...])
            case UInt8(ascii: "x"):
                let records = try paxRecords(try readExtension(length, at: place), at: place)
                if let path = records["path"] { name = path }
                if let text = records["size"] {
                    guard let value = Int(text), value >= 0 else { throw damage("a pax header has a malformed size", at: place) }
                    size = value
                }
            case UInt8(ascii: "g"), UInt8(ascii: "K"), UInt8(ascii: "V"):
                try skip(Self.padded(length, at: place, self))
            case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
                let byteCount = size ?? length
                let full = name ?? Self.name(header)
                contentLeft = byteCount
                paddingLeft = try Self.padded(byteCount, at: place, self) - byteCount
                // Before POSIX a directory was a file whose name ends in a slash.
                if full.hasSuffix("/") {
                    try skip(contentLeft + paddingLeft)
                    (contentLeft, paddingLeft, name, size) = (0, 0, nil, nil)
                    continue
                }
                return Member(name: full, byteCount: byteCount)
            case UInt8(ascii: "1")...UInt8(ascii: "6"):
                // Links, devices, directories, FIFOs: no content whatever the size field says, except hard links of old pax archives.
                (name, size) = (nil, nil)
            case let type:
                throw damage(
                    "an entry of type '\(Character(Unicode.Scalar(type)))' is not supported; repack it with tar --format=pax", at: place)
            }
        }
    }

    /// Reads the content of the member that ``next()`` gave; 0 at its end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        let wanted = min(buffer.count, contentLeft)
        if wanted == 0 { return 0 }
        let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        if count == 0 { throw damage("the archive ends inside a file; it was cut off, fetch it again", at: byteOffset) }
        byteOffset += count
        contentLeft -= count
        return count
    }

    // MARK: headers

    private static func hasValidChecksum(_ header: [UInt8]) -> Bool {
        guard let expected = number(header[148..<156]) else { return false }
        var sum = 8 * 0x20  // the checksum's own field counts as blanks
        for index in 0..<block where !(148..<156).contains(index) { sum += Int(header[index]) }
        return sum == expected
    }

    /// A number in octal digits, or big-endian binary when the top bit is set (GNU). Nil when malformed, negative or too large.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if field.first! == 0x80 {
            let bytes = field.dropFirst()
            guard bytes.dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
            return bytes.suffix(7).reduce(0) { $0 << 8 | Int($1) }
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0 && $0 != 0x20 }
        guard digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        return digits.reduce(0) { $0 << 3 | Int($1 - 0x30) }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field.prefix { $0 != 0 }, as: UTF8.self) }

    private static func name(_ header: [UInt8]) -> String {
        let prefix = header[257..<263].elementsEqual("ustar\0".utf8) ? text(header[345..<500]) : ""
        return prefix.isEmpty ? text(header[0..<100]) : prefix + "/" + text(header[0..<100])
    }

    /// The records of a pax header: "length key=value\n", the length counting itself.
    private func paxRecords(_ bytes: [UInt8], at place: Int) throws(CorpusError) -> [String: String] {
        var records: [String: String] = [:]
        var rest = bytes[...]
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard digits.count < 7, let length = Int(String(decoding: digits, as: UTF8.self)), length > digits.count + 2,
                length <= rest.count,
                rest[rest.startIndex + length - 1] == 0x0A, rest[rest.startIndex + digits.count] == 0x20
            else { throw damage("a pax header is malformed", at: place) }
            let record = rest.prefix(length - 1).dropFirst(digits.count + 1)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { throw damage("a pax header is malformed", at: place) }
            records[String(decoding: record[..<equals], as: UTF8.self)] = String(decoding: record[(equals + 1)...], as: UTF8.self)
            rest = rest.dropFirst(length)
        }
        return records
    }

    // MARK: reading

    private func readExtension(_ length: Int, at place: Int) throws(CorpusError) -> [UInt8] {
        guard length <= Self.maximumNameBytes else { throw damage("an extended header of \(length) bytes", at: place) }
        let content = try readBlock(length)
        try skip(try Self.padded(length, at: place, self) - length)
        return content
    }

    /// `length` rounded up to whole blocks.
    private static func padded(_ length: Int, at place: Int, _ reader: TarReader) throws(CorpusError) -> Int {
        guard length <= Int.max - block else { throw reader.damage("a size that no file has", at: place) }
        return (length + block - 1) / block * block
    }

    private func readBlock(_ count: Int) throws(CorpusError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var failure: CorpusError?
        var done = 0
        bytes.withUnsafeMutableBytes { buffer in
            do throws(CorpusError) {
                while done < count {
                    let read = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
                    if read == 0 { break }
                    done += read
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        byteOffset += done
        if done < count { throw damage("the archive ends without its end marker; it was cut off, fetch it again", at: byteOffset) }
        return bytes
    }

    private func skip(_ count: Int) throws(CorpusError) {
        var left = count
        try withScratch { scratch throws(CorpusError) in
            while left > 0 {
                let read = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: scratch[..<min(left, scratch.count)]))
                if read == 0 { throw damage("the archive ends inside a file; it was cut off, fetch it again", at: byteOffset) }
                byteOffset += read
                left -= read
            }
        }
    }

    /// After the end marker only zeros may follow, up to the end of the stream: a decompressor above us must see that end too.
    private func end() throws(CorpusError) {
        hasEnded = true
        try withScratch { scratch throws(CorpusError) in
            while true {
                let read = try source.read(into: scratch)
                if read == 0 { return }
                guard scratch[..<read].allSatisfy({ $0 == 0 }) else { throw damage("data follows the end marker", at: byteOffset) }
                byteOffset += read
            }
        }
    }

    private func withScratch(_ body: (UnsafeMutableRawBufferPointer) throws(CorpusError) -> Void) throws(CorpusError) {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 15, alignment: 16)
        defer { scratch.deallocate() }
        try body(scratch)
    }

    private func damage(_ reason: String, at place: Int) -> CorpusError {
        hasEnded = true
        return .archive(path: path, byteOffset: place, reason: reason)
    }
}

/// The content of one member of an archive.
final class TarMemberSource: ByteSource {
    private let archive: TarReader

    init(_ archive: TarReader) { self.archive = archive }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int { try archive.read(into: buffer) }
}
