internal import Tables

/// The nodes and buffers of a record batch, as its description lists them.
struct ArrowParts {
    let rowCount: Int
    /// Rows and missing values of each field.
    let nodes: [[Int]]
    /// Where each buffer lies in the file.
    let buffers: [Range<Int>]
    /// The data buffers of each view.
    let viewCounts: [Int]
    let compression: ArrowBuffer.Compression?

    init(_ header: FlatTable, _ body: Range<Int>, _ nodeCount: Int, _ bufferCount: Int, _ viewCount: Int) throws(TableError) {
        rowCount = try header.integer(0, Int64.self)
        guard rowCount >= 0 else { throw .damaged("a record batch of \(rowCount) rows") }
        nodes = try header.rows(1, words: 2)
        guard nodes.count == nodeCount else { throw .damaged("\(nodes.count) field nodes for \(nodeCount) fields") }
        for node in nodes where node[0] < 0 || node[1] < 0 || node[1] > node[0] {
            throw .damaged("\(node[1]) of \(node[0]) values are missing")
        }
        if let codec = try header.table(3) {
            switch try codec.integer(0, Int8.self) {
            case 0: compression = .lz4
            case 1: compression = .zstd
            case let other: throw .refused("its compression \(other) is unknown")
            }
        } else {
            compression = nil
        }
        viewCounts = try header.rows(4, words: 1).map { $0[0] }
        guard viewCounts.count == viewCount, viewCounts.allSatisfy({ (0...1 << 20).contains($0) }) else {
            throw .damaged("counts of data buffers for \(viewCounts.count) of \(viewCount) views")
        }
        var ranges: [Range<Int>] = []
        for buffer in try header.rows(2, words: 2) {
            guard buffer[0] >= 0, buffer[1] >= 0, buffer[0] <= body.count, buffer[1] <= body.count - buffer[0] else {
                throw .damaged("a buffer of \(buffer[1]) bytes at \(buffer[0]) does not lie in the body of \(body.count)")
            }
            guard buffer[0] % 8 == 0 || buffer[1] == 0 else {
                throw .damaged("a buffer at byte \(buffer[0]) of the body, no multiple of 8")
            }
            ranges.append(body.lowerBound + buffer[0]..<body.lowerBound + buffer[0] + buffer[1])
        }
        buffers = ranges
        let wanted = bufferCount + viewCounts.reduce(0, +)
        guard buffers.count == wanted else { throw .damaged("\(buffers.count) buffers, \(wanted) are needed") }
    }

    /// Where the buffers of a field begin.
    func first(_ place: ArrowColumn.Place) -> Int { place.buffer + viewCounts[..<place.views].reduce(0, +) }
}

/// The rows of one column in one record batch.
final class ArrowRows {
    let count: Int
    private let field: ArrowColumn
    private let input: ArrowInput
    /// The validity of the column and of the structures around it; those without missing values have none.
    private var validities: [ArrowBuffer] = []
    /// Offsets, views or indices.
    private let entries: ArrowBuffer
    private var data: ArrowBuffer?
    /// The data buffers of views: those in memory, or the one that was last looked into.
    private let dataRanges: [Range<Int>]
    private var decoded: [ArrowBuffer] = []
    private var window: (index: Int, buffer: ArrowBuffer)?

    init(_ input: ArrowInput, _ parts: ArrowParts, _ field: ArrowColumn, limit: Int) throws(TableError) {
        (self.input, self.field) = (input, field)
        count = parts.rowCount
        var limit = limit
        for place in field.parents + [field.place] {
            guard parts.nodes[place.node][0] == count else { throw .damaged("\(parts.nodes[place.node][0]) values in \(count) rows") }
            let validity = parts.buffers[parts.first(place)]
            guard !validity.isEmpty else {
                guard parts.nodes[place.node][1] == 0 else { throw .damaged("values are missing and nothing says which") }
                continue
            }
            let buffer = try ArrowBuffer(input, validity, parts.compression, limit: &limit)
            guard buffer.byteCount >= (count + 7) / 8 else { throw .damaged("validity of \(buffer.byteCount) bytes for \(count) rows") }
            if parts.nodes[place.node][1] > 0 { validities.append(buffer) }
        }
        let first = parts.first(field.place)
        entries = try ArrowBuffer(input, parts.buffers[first + 1], parts.compression, limit: &limit)
        let width =
            field.dictionary.map(\.indexBytes)
            ?? (field.layout == .views ? 16 : field.layout == .offsets64 ? 8 : 4)
        // Of no rows there may be no offset at all.
        let wanted = field.dictionary == nil && field.layout != .views && count > 0 ? count + 1 : count
        guard wanted <= entries.byteCount / width else {
            throw .damaged("a buffer of \(entries.byteCount) bytes is too short for \(count) rows")
        }
        if field.dictionary == nil, field.layout == .views {
            dataRanges = Array(parts.buffers[first + 2..<first + 2 + parts.viewCounts[field.place.views]])
            if parts.compression != nil {
                for range in dataRanges { decoded.append(try ArrowBuffer(input, range, parts.compression, limit: &limit)) }
            }
        } else {
            dataRanges = []
            if field.dictionary == nil { data = try ArrowBuffer(input, parts.buffers[first + 2], parts.compression, limit: &limit) }
        }
    }

    /// The text of a row, valid until the next call; nil when it is missing.
    func text(_ row: Int, _ dictionary: ArrowDictionary?) throws(TableError) -> UnsafeRawBufferPointer? {
        for validity in validities where try !validity.bit(row) { return nil }
        if let index = field.dictionary {
            guard let dictionary else { throw .damaged("there is no dictionary before it") }
            return try dictionary.text(try entries.integer(row, width: index.indexBytes, isSigned: index.isSigned))
        }
        if field.layout == .views { return try view(row) }
        let width = field.layout == .offsets64 ? 8 : 4
        let (start, end) = (try entries.integer(row, width: width), try entries.integer(row + 1, width: width))
        guard start >= 0, start <= end else { throw .damaged("the offsets \(start) and \(end) of row \(row)") }
        return try data!.bytes(at: start, end - start)
    }

    /// Short texts lie in the view itself, others in one of the data buffers.
    private func view(_ row: Int) throws(TableError) -> UnsafeRawBufferPointer {
        let view = try entries.bytes(at: 16 * row, 16)
        func word(_ place: Int) -> Int { Int(Int32(littleEndian: view.loadUnaligned(fromByteOffset: place, as: Int32.self))) }
        let length = word(0)
        guard length >= 0 else { throw .damaged("a text of \(length) bytes") }
        if length <= 12 { return UnsafeRawBufferPointer(rebasing: view[4..<4 + length]) }
        let (index, offset) = (word(8), word(12))
        guard dataRanges.indices.contains(index) else { throw .damaged("data buffer \(index) of \(dataRanges.count)") }
        let prefix = UInt32(littleEndian: view.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        if !decoded.isEmpty { return try Self.check(decoded[index].bytes(at: offset, length), prefix) }
        if window?.index != index {
            var none = 0
            window = (index, try ArrowBuffer(input, dataRanges[index], nil, limit: &none))
        }
        return try Self.check(window!.buffer.bytes(at: offset, length), prefix)
    }

    /// The first four bytes stand in the view, too.
    private static func check(_ text: UnsafeRawBufferPointer, _ prefix: UInt32) throws(TableError) -> UnsafeRawBufferPointer {
        guard UInt32(littleEndian: text.loadUnaligned(as: UInt32.self)) == prefix else {
            throw .damaged("a text does not begin as its view says")
        }
        return text
    }
}
