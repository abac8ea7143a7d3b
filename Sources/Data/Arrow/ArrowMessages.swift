import Files
import TypedErrors
internal import Tables

/// A dictionary or record batch in a file: where its description and its buffers are.
struct ArrowMessage {
    let isDictionary: Bool
    let metadata: Range<Int>
    let body: Range<Int>
    /// Rows of a record batch.
    let rowCount: Int
}

/// The bytes of an Arrow file, read at any place.
final class ArrowInput {
    private let file: OpenFile
    let byteCount: Int

    init(_ file: consuming OpenFile) throws(TableError) {
        byteCount = try mapping(TableError.file, file.status().size)
        self.file = file
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(TableError) {
        let count = try mapping(TableError.file, file.read(into: buffer, at: byteOffset))
        guard count == buffer.count else { throw .damaged("the file has become shorter while it was read") }
    }

    /// Calls `body` with a copy of a part of the file.
    func withBytes<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(TableError) -> R) throws(TableError) -> R {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(range.count, 1), alignment: 16)
        defer { buffer.deallocate() }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: buffer[..<range.count])
        try read(into: bytes, at: range.lowerBound)
        return try body(UnsafeRawBufferPointer(bytes))
    }

    func word(at byteOffset: Int) throws(TableError) -> Int32 {
        try withBytes(byteOffset..<byteOffset + 4) { Int32(littleEndian: $0.loadUnaligned(as: Int32.self)) }
    }
}

/// Goes through the messages of a stream, or of a file, which is a stream with a list of its messages behind it.
struct ArrowMessages {
    private(set) var schema: ArrowSchema?
    private(set) var messages: [ArrowMessage] = []
    private let input: ArrowInput
    private var place = 0
    private var end: Int
    private static let fileMagic = Array("ARROW1".utf8)

    init(_ input: ArrowInput) throws(TableError) {
        self.input = input
        end = input.byteCount
        guard end >= 8 else {
            throw .damaged(end == 0 ? "the file is empty; an Arrow stream has a schema" : "\(end) bytes are too few for Arrow")
        }
        let head = try input.withBytes(0..<8) { Array($0) }
        if head.starts(with: "FEA1".utf8) {
            throw .refused("it is Feather of version 1, which is not read; write it again with a newer program")
        }
        if head.starts(with: Self.fileMagic) {
            let footer = try footerRange()
            end = footer.lowerBound
            do throws(TableError) {
                try input.withBytes(footer) { bytes throws(TableError) in try readFooter(FlatTable(root: bytes)) }
            } catch { throw error.at("its footer") }
        } else {
            try scan()
        }
    }

    private func footerRange() throws(TableError) -> Range<Int> {
        guard end >= 8 + 10 else { throw .damaged("the file was cut off, fetch it again") }
        let tail = try input.withBytes(end - 6..<end) { Array($0) }
        guard tail == Self.fileMagic else { throw .damaged("it does not end with ARROW1; it was cut off or added to, fetch it again") }
        let length = Int(try input.word(at: end - 10))
        guard length > 0, length <= end - 18 else { throw .damaged("a footer of \(length) bytes at the end of a file of \(end)") }
        return end - 10 - length..<end - 10
    }

    /// A file names its schema and its messages in the footer: dictionaries first, then record batches. Not all of them begin as streams do.
    private mutating func readFooter(_ footer: FlatTable) throws(TableError) {
        let version = try Self.version(footer)
        guard let table = try footer.table(1) else { throw .damaged("it has no schema") }
        schema = try ArrowSchema(table, version: version)
        var blocks: [Range<Int>] = []
        for (field, isDictionary) in [(2, true), (3, false)] {
            // Offset, length of the description in the lower half of a word, length of the body.
            for block in try footer.rows(field, words: 3) {
                let (start, description, body) = (block[0], Int(Int32(truncatingIfNeeded: block[1])), block[2])
                guard start >= 8, description >= 8, body >= 0, start <= end, description <= end - start, body <= end - start - description
                else {
                    throw .damaged("a block of \(description) and \(body) bytes at byte \(start) does not lie in the file")
                }
                place = start
                let before = messages.count
                try readMessage()
                // The description's length may or may not count the bytes that say it.
                let there = place - start
                guard messages.count == before + 1, messages[before].isDictionary == isDictionary, messages[before].body.count == body,
                    there == description + body || there == description + body + 8
                else { throw .damaged("a block at byte \(start) is not the message that is there") }
                blocks.append(start..<place)
            }
        }
        try checkCovered(blocks)
    }

    /// Each message is named once, and none is passed over: between them there is padding at most.
    private func checkCovered(_ blocks: [Range<Int>]) throws(TableError) {
        let order = blocks.sorted { $0.lowerBound < $1.lowerBound }
        let ends = order.dropFirst().map(\.lowerBound) + [end]
        for (block, next) in zip(order, ends) {
            guard next >= block.upperBound else { throw .damaged("the blocks at bytes \(block.lowerBound) and \(next) overlap") }
            guard next - block.upperBound < 128 else {
                throw .damaged("\(next - block.upperBound) bytes at byte \(block.upperBound) are not named")
            }
        }
    }

    private mutating func scan() throws(TableError) {
        while place < end { if try !readMessage() { return try checkRest() } }
        guard schema != nil else { throw .damaged("it has no schema") }
    }

    /// Takes the message that begins here and moves behind it; false at the end mark.
    @discardableResult
    private mutating func readMessage() throws(TableError) -> Bool {
        guard end - place >= 4 else { throw .damaged("it ends inside a message; it was cut off, fetch it again") }
        var length = try input.word(at: place)
        place += 4
        if length == -1 {
            guard end - place >= 4 else { throw .damaged("it ends inside a message; it was cut off, fetch it again") }
            length = try input.word(at: place)
            place += 4
        }
        if length == 0 { return false }
        guard length > 0, Int(length) <= end - place else {
            throw .damaged("a message of \(length) bytes at byte \(place) reaches beyond the end; the file was cut off or is no Arrow")
        }
        let metadata = place..<place + Int(length)
        place = metadata.upperBound
        do throws(TableError) {
            try input.withBytes(metadata) { bytes throws(TableError) in try add(FlatTable(root: bytes), metadata) }
        } catch { throw error.at("message \(messages.count) (byte \(metadata.lowerBound))") }
        return true
    }

    private static func version(_ table: FlatTable) throws(TableError) -> Int {
        let version = try table.integer(0, Int16.self)
        guard version == 3 || version == 4 else { throw .refused("version \(version + 1) of Arrow's messages is not read") }
        return version
    }

    private mutating func add(_ message: FlatTable, _ metadata: Range<Int>) throws(TableError) {
        let version = try Self.version(message)
        let bodyBytes = try message.integer(3, Int64.self)
        guard bodyBytes >= 0, bodyBytes <= end - place else { throw .damaged("a body of \(bodyBytes) bytes reaches beyond the end") }
        let body = place..<place + bodyBytes
        place = body.upperBound
        let type = try message.integer(1, UInt8.self)
        guard let header = try message.table(2) else { throw .damaged("a message without a header") }
        switch type {
        case 1:
            guard schema == nil else { throw .damaged("a second schema") }
            schema = try ArrowSchema(header, version: version)
        case 2, 3:
            guard schema != nil else { throw .damaged("it has no schema before its first batch") }
            let rows = type == 3 ? try header.integer(0, Int64.self) : 0
            guard rows >= 0 else { throw .damaged("a record batch of \(rows) rows") }
            messages.append(ArrowMessage(isDictionary: type == 2, metadata: metadata, body: body, rowCount: rows))
        case 4, 5: throw .refused("it holds tensors, not columns")
        default: throw .damaged("a message of the unknown type \(type)")
        }
    }

    /// Behind the end mark only zeros may follow.
    private func checkRest() throws(TableError) {
        guard schema != nil else { throw .damaged("it has no schema") }
        var from = place
        while from < end {
            let range = from..<min(end, from + 1 << 16)
            guard try input.withBytes(range, { $0.allSatisfy { $0 == 0 } }) else {
                throw .damaged("\(end - place) bytes follow the end of the stream")
            }
            from = range.upperBound
        }
    }
}
