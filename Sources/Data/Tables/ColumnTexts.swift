public import Files

/// The texts of one column of a file of rows. Its rows lie in sections (row groups of Parquet, record batches of Arrow), which can be
/// entered by themselves. One thread at a time uses it.
public protocol ColumnTexts: AnyObject {
    /// What a section is called.
    static var sectionName: String { get }
    /// The rows of each section.
    var sectionRows: [Int] { get }
    /// Where each section begins in the file, never before the one in front of it: by this they are dealt out to shards.
    var sectionStarts: [Int] { get }
    /// Bytes of each section in the file, of which this column is made.
    var sectionBytes: [Int] { get }
    /// The section of what ``next()`` last gave, counted from 0.
    var section: Int { get }

    /// Whether its sections can be read at the same time, each by ``another(_:)``.
    var canBeDivided: Bool { get }

    /// Reads the same file, open anew as `file`, by what this one found in it. This one may be in use by another thread.
    func another(_ file: consuming OpenFile) throws(TableError) -> any ColumnTexts

    /// Goes to row `row` of those of `sections`, counted from 0.
    func begin(sections: Range<Int>, atRow row: Int) throws(TableError)

    /// The next row or rows; nil behind the last. An error names the place.
    func next() throws(TableError) -> TextRows?
}

/// What ``ColumnTexts/next()`` gives.
public enum TextRows {
    /// The text of the next row, valid until the next call.
    case text(UnsafeRawBufferPointer)
    /// So many rows with an empty text.
    case empty(Int)
    /// So many rows without a text: they are no documents.
    case nulls(Int)
}

extension ColumnTexts {
    /// The sections that begin within these bytes of the file.
    public func sections(beginningIn bytes: Range<Int>) -> Range<Int> {
        let first = sectionStarts.firstIndex { $0 >= bytes.lowerBound } ?? sectionStarts.count
        let end = sectionStarts.firstIndex { $0 >= bytes.upperBound } ?? sectionStarts.count
        return first..<max(first, end)
    }

    /// Rows `row...` of `sections` with the sections in front of them left away: the first section that is read, and the row in it.
    package func place(ofRow row: Int, in sections: Range<Int>) -> (section: Int, row: Int) {
        var (first, row) = (sections.lowerBound, row)
        while first < sections.upperBound, row >= sectionRows[first] {
            row -= sectionRows[first]
            first += 1
        }
        return (first, first < sections.upperBound ? row : 0)
    }
}
