public import Quantities

/// A line without a document.
public struct BadLine: Sendable, Equatable {
    /// Counted from 0 within the chunk.
    public let line: Int
    /// Where the line begins, counted from the chunk's first byte.
    public let byteOffset: Int
    /// Where in the line the mistake is.
    public let byteInLine: Int
    public let reason: OptionText
    /// It is counted and passed over whatever is done with other bad lines.
    let isSkipped: Bool
}

/// The documents of one chunk: their texts one behind the other, and where each came from. Reused from chunk to chunk, so that parsing does not allocate.
///
/// One thread at a time uses a batch; it may be handed from thread to thread.
public final class DocumentBatch: @unchecked Sendable {
    /// Exclusive end of each document in the text, in bytes. Empty documents repeat the end before.
    public var documentEnds: [Int] { documents.ends }
    /// First line of each document, counted from 0 within the chunk; in archives and text files the number of the document.
    public var documentLines: [Int] { documents.lines }
    /// First byte of each document's record, counted from the chunk's first.
    public var documentOffsets: [Int] { documents.offsets }
    public var emptyDocumentCount: Int { documents.emptyCount }
    /// Lines without a document: the first of them, at most ``badLineLimit``.
    public internal(set) var badLines: [BadLine] = []
    /// How many lines have no document.
    public internal(set) var badLineCount = 0
    /// Lines of the chunk (documents, in archives and text files).
    public internal(set) var lineCount = 0
    /// Lines of nothing but white space: neither documents nor bad.
    public internal(set) var blankLineCount = 0
    /// Documents that were left out because their set is not wanted.
    public internal(set) var filteredCount = 0
    /// Values of documents that were left out for them, as they are spelled: the first ones.
    public internal(set) var unwantedValues: Set<String> = []
    /// Index of the chunk's input in the input list.
    public internal(set) var input = 0
    /// Where the chunk begins and ends in the decompressed content of its input.
    public internal(set) var byteRange = 0..<0

    /// So many bad lines of one chunk are described.
    public static let badLineLimit = 32

    /// Where the row groups of a table begin in the chunk; empty for everything else.
    var sections: [TableRows.Section] = []
    /// The file in an archive that all of the chunk is of.
    public internal(set) var member: String?
    var text: UnsafeMutableRawBufferPointer
    var documents = Documents()
    var textCount: Int { documents.textCount }

    /// Where each document ends and comes from. One value, since each touch of a property of a class is checked, which short documents would feel.
    struct Documents {
        var ends: [Int] = []
        var lines: [Int] = []
        var offsets: [Int] = []
        var emptyCount = 0
        /// Bytes of all.
        var textCount = 0

        mutating func append(textCount count: Int, line: Int, byteOffset: Int) {
            textCount += count
            if count == 0 { emptyCount += 1 }
            ends.append(textCount)
            lines.append(line)
            offsets.append(byteOffset)
        }

        /// Keeps the first ones.
        mutating func keep(_ count: Int) {
            let removed = ends.count - count
            ends.removeLast(removed)
            lines.removeLast(removed)
            offsets.removeLast(removed)
            textCount = ends.last ?? 0
        }

        /// Forgets all, and keeps the memory.
        mutating func removeAll() {
            ends.removeAll(keepingCapacity: true)
            lines.removeAll(keepingCapacity: true)
            offsets.removeAll(keepingCapacity: true)
            (emptyCount, textCount) = (0, 0)
        }
    }

    public init() { text = .allocate(byteCount: 1 << 12, alignment: 64) }

    deinit { text.deallocate() }

    public var documentCount: Int { documentEnds.count }

    /// Bytes of all documents together.
    public var textByteCount: Int { textCount }

    /// Calls `body` with the text of all documents and the exclusive end of each.
    @inlinable
    public func withDocuments<R, E: Error>(
        _ body: (_ text: UnsafeRawBufferPointer, _ documentEnds: UnsafeBufferPointer<Int>) throws(E) -> R
    ) throws(E) -> R {
        try documentEnds.withUnsafeBufferPointer { ends throws(E) in try body(textBytes, ends) }
    }

    /// The text of all documents, valid until the batch is filled again.
    public var textBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: text[..<textCount]) }

    /// The text of document `index`, valid until the batch is filled again.
    public func document(_ index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: text[(index == 0 ? 0 : documentEnds[index - 1])..<documentEnds[index]])
    }

    /// Where document `index` is; `linesBefore` are the input's lines before this chunk.
    public func origin(of index: Int, in inputs: InputList, linesBefore: Int) -> DocumentOrigin {
        DocumentOrigin(
            path: inputs.inputs[input].path, line: linesBefore + documentLines[index] + 1,
            byteOffset: byteRange.lowerBound + documentOffsets[index], section: section(ofLine: documentLines[index]),
            member: member)
    }

    /// The row group or record batch of a table in which line `line` of the chunk is.
    func section(ofLine line: Int) -> String? { sections.last { $0.firstRow <= line }?.name }

    /// Forgets everything and makes room for `textBytes` bytes of text.
    func reset(for chunk: RawChunk, textBytes: Int) {
        documents.removeAll()
        badLines.removeAll(keepingCapacity: true)
        sections.removeAll(keepingCapacity: true)
        unwantedValues.removeAll(keepingCapacity: true)
        (badLineCount, lineCount, blankLineCount, filteredCount) = (0, 0, 0, 0)
        (input, member) = (chunk.input, chunk.member)
        byteRange = chunk.byteOffset..<chunk.endOffset
        // Grows for a large record and shrinks after it.
        if text.count < textBytes || text.count > 4 * max(textBytes, 1 << 20) {
            text.deallocate()
            // Chunks differ a little: no new memory, which costs a page fault for each 4 KB, for each that is the largest so far.
            text = .allocate(byteCount: (textBytes | (1 << 18 - 1)) + 1, alignment: 64)
        }
    }

    /// Ends a document whose text was written behind `textCount`.
    func append(textCount count: Int, line: Int, byteOffset: Int) {
        documents.append(textCount: count, line: line, byteOffset: byteOffset)
    }

    /// Forgets the documents from `line` on.
    func keep(before line: Int) {
        documents.keep(documentLines.firstIndex { $0 >= line } ?? documentCount)
    }

    /// Counts a document that is not wanted, for this value.
    func appendUnwanted(_ value: UnsafeRawBufferPointer?) {
        filteredCount += 1
        if let value, unwantedValues.count < CorpusTally.rememberedValues {
            unwantedValues.insert(String(decoding: value.prefix(60), as: UTF8.self))
        }
    }

    func append(bad line: Int, byteOffset: Int, byteInLine: Int, _ reason: OptionText, isSkipped: Bool = false) {
        badLineCount += 1
        // The first that may stop the run is always among those that are described.
        guard badLines.count < Self.badLineLimit || !isSkipped && badLines.allSatisfy(\.isSkipped) else { return }
        badLines.append(BadLine(line: line, byteOffset: byteOffset, byteInLine: byteInLine, reason: reason, isSkipped: isSkipped))
    }
}
