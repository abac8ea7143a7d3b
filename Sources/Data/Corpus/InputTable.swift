import Arrow
import Files
import Parquet
import Tables
import TypedErrors

/// An input that is a table: the column of its texts, whose errors name the file.
final class InputTable {
    /// `row group`.
    let sectionName: String
    private let path: String
    private let texts: any ColumnTexts

    private init<Texts: ColumnTexts>(_ path: String, _ open: (consuming OpenFile) throws(TableError) -> Texts) throws(CorpusError) {
        self.path = path
        sectionName = Texts.sectionName
        let file = try mapping(CorpusError.file, OpenFile(path))
        do throws(TableError) { texts = try open(file) } catch { throw CorpusError(error, path) }
    }

    /// Opens the Parquet file anew: its end is read first.
    convenience init(parquet path: String, _ options: CorpusOptions) throws(CorpusError) {
        try self.init(path) { file throws(TableError) in
            try ParquetTexts(file, column: options.textKey, maximumPageBytes: options.tableBytes)
        }
    }

    /// Opens the Arrow file or stream anew.
    convenience init(arrow path: String, _ options: CorpusOptions) throws(CorpusError) {
        try self.init(path) { file throws(TableError) in
            try ArrowTexts(file, column: options.textKey, maximumBytes: options.tableBytes)
        }
    }

    /// Opens the file of `table` for another thread, without looking at what it says of itself again.
    init(another table: InputTable) throws(CorpusError) {
        (path, sectionName) = (table.path, table.sectionName)
        let file = try mapping(CorpusError.file, OpenFile(path))
        do throws(TableError) { texts = try table.texts.another(file) } catch { throw CorpusError(error, path) }
    }

    var sectionRows: [Int] { texts.sectionRows }
    var sectionBytes: [Int] { texts.sectionBytes }
    /// Whether its sections can be read at the same time, each by another reader.
    var canBeDivided: Bool { texts.canBeDivided }
    /// The section of what ``next()`` last gave.
    var section: Int { texts.section }

    /// The sections that begin within these bytes of the file.
    func sections(beginningIn bytes: Range<Int>) -> Range<Int> { texts.sections(beginningIn: bytes) }

    /// The first of `sections` that is read when `row` rows are left away, and the row in it.
    func place(ofRow row: Int, in sections: Range<Int>) -> (section: Int, row: Int) { texts.place(ofRow: row, in: sections) }

    /// Goes to row `row` of those of `sections`.
    func begin(sections: Range<Int>, atRow row: Int) throws(CorpusError) {
        do throws(TableError) { try texts.begin(sections: sections, atRow: row) } catch { throw CorpusError(error, path) }
    }

    /// The next row or rows; nil behind the last. A text is valid until the next call.
    func next() throws(CorpusError) -> TextRows? {
        do throws(TableError) { return try texts.next() } catch { throw CorpusError(error, path) }
    }
}

extension CorpusOptions {
    /// How much of a table may be in memory at once: a page may hold several texts of the greatest size, and be stored larger than it is.
    fileprivate var tableBytes: Int {
        let (bytes, overflow) = maximumDocumentBytes.multipliedReportingOverflow(by: 4)
        return overflow ? .max : max(bytes, 1 << 20)
    }
}

extension CorpusError {
    fileprivate init(_ error: TableError, _ path: String) {
        self =
            switch error {
            case .file(let error): .file(error)
            case .damaged(let place, let reason), .refused(let place, let reason): .table(path: path, place: place, reason: reason)
            }
    }
}
