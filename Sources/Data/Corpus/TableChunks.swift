import Tables
import Quantities

/// The rows of a chunk that comes from a table: their texts lie one behind the other in its bytes.
struct TableRows: Equatable {
    struct Section: Equatable {
        let firstRow: Int
        /// `row group 3`.
        let name: String
    }

    struct BadRow: Equatable {
        let row: Int
        let byteOffset: Int
        let reason: OptionText
    }

    /// The end of each text, and its row, counted from the chunk's first.
    var ends: [Int] = []
    var rows: [Int] = []
    /// All rows, those without a text too.
    var rowCount = 0
    /// Where row groups begin.
    var sections: [Section] = []
    /// Rows whose text is not here, and why.
    var badRows: [BadRow] = []

    /// Documents are counted: empty ones have no bytes that would fill a chunk.
    var isFull: Bool { room <= 0 }

    /// So many documents more.
    var room: Int { 65536 - ends.count - badRows.count }
}

/// Cuts the rows of a table into chunks.
final class TableChunks {
    let table: InputTable
    private let maximumDocumentBytes: Int
    private let pool: ChunkPool
    /// The row that begins the next chunk. The table is not asked for another before it was used.
    private var held: TextRows?
    private var failure: CorpusError?

    init(_ table: InputTable, _ options: CorpusOptions, _ pool: ChunkPool) {
        self.table = table
        maximumDocumentBytes = options.maximumDocumentBytes
        self.pool = pool
    }

    /// Fills `buffer` with the texts of the next rows, of which there are `count` bytes in the end; a larger one takes its place for a text that does not
    /// fit. Nil when there are no more rows. An error is thrown when everything before it was given.
    func next(into buffer: inout UnsafeMutableRawBufferPointer, _ count: inout Int) throws(CorpusError) -> TableRows? {
        count = 0
        var rows = TableRows()
        var section = 0
        while !rows.isFull {
            guard let row = try nextRow(hasRows: rows.rowCount > 0) else { break }
            if case .text(let text) = row, text.count <= maximumDocumentBytes, text.count > buffer.count - count {
                guard rows.ends.isEmpty else {
                    held = row
                    break
                }
                pool.give(buffer)
                buffer = pool.take(text.count)
            }
            if section != table.section || rows.sections.isEmpty {
                section = table.section
                rows.sections.append(TableRows.Section(firstRow: rows.rowCount, name: "\(table.sectionName) \(section)"))
            }
            switch row {
            case .nulls(let number): rows.rowCount += number
            case .empty(let number):
                let taken = min(number, rows.room)
                rows.ends += repeatElement(count, count: taken)
                rows.rows += rows.rowCount..<rows.rowCount + taken
                rows.rowCount += taken
                if number > taken { held = .empty(number - taken) }
            case .text(let text) where text.count > maximumDocumentBytes:
                let reason = Limit.documentBytes.reason("a document", text.count, maximumDocumentBytes)
                rows.badRows.append(TableRows.BadRow(row: rows.rowCount, byteOffset: count, reason: reason))
                rows.rowCount += 1
            case .text(let text):
                if !text.isEmpty { (buffer.baseAddress! + count).copyMemory(from: text.baseAddress!, byteCount: text.count) }
                count += text.count
                rows.ends.append(count)
                rows.rows.append(rows.rowCount)
                rows.rowCount += 1
            }
        }
        return rows.rowCount == 0 ? nil : rows
    }

    private func nextRow(hasRows: Bool) throws(CorpusError) -> TextRows? {
        if let row = held {
            held = nil
            return row
        }
        if failure == nil {
            do throws(CorpusError) { return try table.next() } catch { failure = error }
        }
        if let failure, !hasRows { throw failure }
        return nil
    }
}
