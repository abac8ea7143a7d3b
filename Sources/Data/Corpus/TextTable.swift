import Arrow
import Files
import Parquet
import Tables
import TypedErrors

/// A file of rows, of which one column holds texts. Its rows lie in sections (row groups of Parquet, record batches of Arrow), which can be
/// entered by themselves.
protocol TextTable: AnyObject {
    /// What a section is called.
    var sectionName: String { get }
    /// The rows of each section.
    var sectionRows: [Int] { get }
    /// Where each section begins in the file, in their order.
    var sectionStarts: [Int] { get }
    /// The section of what ``next()`` last gave.
    var section: Int { get }

    /// Goes to row `row` of those of `sections`.
    func begin(sections: Range<Int>, atRow row: Int) throws(CorpusError)

    /// The next row or rows; nil behind the last.
    func next() throws(CorpusError) -> TableRow?
}

enum TableRow {
    /// Valid until the next one is asked for.
    case text(UnsafeRawBufferPointer)
    /// So many rows without a text: they are no documents.
    case nulls(Int)
}

extension TextTable {
    /// The sections that begin within these bytes of the file.
    func sections(beginningIn bytes: Range<Int>) -> Range<Int> {
        let first = sectionStarts.firstIndex { $0 >= bytes.lowerBound } ?? sectionStarts.count
        let end = sectionStarts.firstIndex { $0 >= bytes.upperBound } ?? sectionStarts.count
        return first..<max(first, end)
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

/// Parquet by our own reader.
final class ParquetTable: TextTable {
    let sectionName = "row group"
    private let path: String
    private let texts: ParquetTexts

    /// Opens the file anew: its end is read first.
    init(_ path: String, _ options: CorpusOptions) throws(CorpusError) {
        self.path = path
        let file = try mapping(CorpusError.file, OpenFile(path))
        do throws(TableError) {
            texts = try ParquetTexts(file, column: options.textKey, maximumPageBytes: options.tableBytes)
        } catch { throw CorpusError(error, path) }
    }

    var sectionRows: [Int] { texts.groupRows }
    var sectionStarts: [Int] { texts.groupStarts }
    var section: Int { texts.group }

    func begin(sections: Range<Int>, atRow row: Int) throws(CorpusError) {
        do throws(TableError) { try texts.begin(groups: sections, atRow: row) } catch { throw CorpusError(error, path) }
    }

    func next() throws(CorpusError) -> TableRow? {
        do throws(TableError) {
            return switch try texts.next() {
            case .text(let bytes): .text(bytes)
            case .nulls(let count): .nulls(count)
            case nil: nil
            }
        } catch { throw CorpusError(error, path) }
    }
}

/// Arrow by our own reader.
final class ArrowTable: TextTable {
    let sectionName = "record batch"
    private let path: String
    private let texts: ArrowTexts

    init(_ path: String, _ options: CorpusOptions) throws(CorpusError) {
        self.path = path
        let file = try mapping(CorpusError.file, OpenFile(path))
        do throws(TableError) { texts = try ArrowTexts(file, column: options.textKey, maximumBytes: options.tableBytes) } catch {
            throw CorpusError(error, path)
        }
    }

    var sectionRows: [Int] { texts.batchRows }
    var sectionStarts: [Int] { texts.batchStarts }
    var section: Int { texts.batch }

    func begin(sections: Range<Int>, atRow row: Int) { texts.begin(batches: sections, atRow: row) }

    func next() throws(CorpusError) -> TableRow? {
        do throws(TableError) {
            return switch try texts.next() {
            case .text(let bytes): .text(bytes)
            case .nulls(let count): .nulls(count)
            case nil: nil
            }
        } catch { throw CorpusError(error, path) }
    }
}
