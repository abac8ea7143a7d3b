public import Files
public import Tables

/// The texts of one column of an Arrow file or stream (IPC: what `datasets` keeps in its cache, `.arrow`, Feather), row by row.
///
/// Everything is checked before it is used. Texts are not checked to be UTF-8.
public final class ArrowTexts: ColumnTexts {
    public static let sectionName = "record batch"
    public let column: String
    public let sectionRows: [Int]
    public let sectionStarts: [Int]
    public let sectionBytes: [Int]
    public private(set) var section = 0
    // Dictionaries lie between the record batches and are read in their order.
    public var canBeDivided: Bool { field.dictionary == nil }

    private let input: ArrowInput
    private let schema: ArrowSchema
    private let field: ArrowColumn
    private let messages: [ArrowMessage]
    private let limit: Int
    /// The message that comes next, and the record batches that are still to be read.
    private var message = 0
    private var batchesLeft = 0..<0
    private var batchesSeen = 0
    private var open: ArrowRows?
    private var row = 0
    private var rowsToPass = 0
    private var dictionary: ArrowDictionary?

    /// Opens the file and goes through its messages. `maximumBytes`: larger compressed buffers are refused before memory is taken for them.
    public init(_ file: consuming OpenFile, column: String, maximumBytes: Int) throws(TableError) {
        input = try ArrowInput(file)
        let found = try ArrowMessages(input)
        guard let schema = found.schema else { throw .damaged("it has no schema") }
        self.schema = schema
        field = try schema.column(column)
        messages = found.messages
        self.column = column
        limit = maximumBytes
        let batches = messages.filter { !$0.isDictionary }
        sectionRows = batches.map(\.rowCount)
        try TableError.checkRowCount(sectionRows, fileBytes: input.byteCount)
        sectionBytes = batches.map { $0.metadata.count + $0.body.count }
        var start = 0
        sectionStarts = batches.map {
            start = max(start, $0.metadata.lowerBound)
            return start
        }
        batchesLeft = 0..<batches.count
    }

    private init(_ texts: ArrowTexts, _ file: consuming OpenFile) throws(TableError) {
        input = try ArrowInput(file)
        (schema, field, messages, column, limit) = (texts.schema, texts.field, texts.messages, texts.column, texts.limit)
        (sectionRows, sectionBytes, sectionStarts) = (texts.sectionRows, texts.sectionBytes, texts.sectionStarts)
        batchesLeft = 0..<sectionRows.count
    }

    public func another(_ file: consuming OpenFile) throws(TableError) -> any ColumnTexts { try ArrowTexts(self, file) }

    public func begin(sections: Range<Int>, atRow row: Int) {
        let first: Int
        (first, rowsToPass) = place(ofRow: row, in: sections)
        batchesLeft = first..<sections.upperBound
        (message, batchesSeen, open, dictionary) = (0, 0, nil, nil)
    }

    /// The next row; nil behind the last. An error names record batch and column.
    public func next() throws(TableError) -> TextRows? {
        do throws(TableError) {
            while true {
                if let rows = open, row < rows.count {
                    row += 1
                    guard let text = try rows.text(row - 1, dictionary) else { return .nulls(1) }
                    return .text(text)
                }
                open = nil
                guard try openBatch() else { return nil }
            }
        } catch { throw error.at("record batch \(section), column \(column)") }
    }

    /// Goes on to the next record batch, taking the dictionaries on the way; false when there is none.
    private func openBatch() throws(TableError) -> Bool {
        guard !batchesLeft.isEmpty else { return false }
        while message < messages.count {
            let next = messages[message]
            message += 1
            if next.isDictionary {
                if field.dictionary != nil { try take(dictionary: next) }
                continue
            }
            let number = batchesSeen
            batchesSeen += 1
            guard number == batchesLeft.lowerBound else { continue }
            section = number
            batchesLeft = number + 1..<batchesLeft.upperBound
            open = try input.withBytes(next.metadata) { bytes throws(TableError) in
                guard let header = try FlatTable(root: bytes).table(2) else { throw TableError.damaged("a message without a header") }
                let parts = try ArrowParts(header, next.body, schema.nodeCount, schema.bufferCount, schema.viewCount)
                return try ArrowRows(input, parts, field, limit: limit)
            }
            (row, rowsToPass) = (rowsToPass, 0)
            return true
        }
        return false
    }

    private func take(dictionary message: ArrowMessage) throws(TableError) {
        try input.withBytes(message.metadata) { bytes throws(TableError) in
            guard let header = try FlatTable(root: bytes).table(2), let data = try header.table(1) else {
                throw TableError.damaged("a dictionary without values")
            }
            guard try header.integer(0, Int64.self) == field.dictionary!.id else { return }
            let isView = field.layout == .views
            let parts = try ArrowParts(data, message.body, 1, isView ? 2 : 3, isView ? 1 : 0)
            let rows = try ArrowRows(input, parts, ArrowColumn(layout: field.layout), limit: limit)
            let isDelta = try header.integer(2, UInt8.self) != 0
            let values = isDelta ? dictionary ?? ArrowDictionary() : ArrowDictionary()
            for index in 0..<rows.count { try values.append(rows.text(index, nil), limit: limit) }
            dictionary = values
        }
    }
}
