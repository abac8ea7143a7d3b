public import Files
public import Tables

/// The texts of one column of a Parquet file, row by row, in the memory of a page.
///
/// Everything in the file is checked before it is used: no file, however damaged, makes it take memory by a number that is merely claimed. Texts are
/// not checked to be UTF-8. A list of texts is joined by an empty line; elements that are missing are left out of it.
public final class ParquetTexts: ColumnTexts {
    public static let sectionName = "row group"
    /// The name of the column, as it was asked for.
    public let column: String
    public let sectionRows: [Int]
    public let sectionStarts: [Int]
    public var sectionBytes: [Int] { chunks.map(\.range.count) }
    public private(set) var section = 0
    public var canBeDivided: Bool { true }

    private let pages: ColumnPages
    private let values = PageValues()
    private let leaf: ParquetSchema.Leaf
    private let chunks: [(range: Range<Int>, codec: ColumnPages.Codec, valueCount: Int)]
    /// The row groups that are still to be opened.
    private var groupsLeft: Range<Int>

    /// Of the row group that is open: its page (counted from 0, the dictionary too), values whose pages were opened, and rows given.
    private var isInGroup = false
    private var page = -1
    private var valuesOpened = 0
    private var rowsGiven = 0
    /// Of the page that is open: levels not read yet, the run they are in, texts that were there.
    private var levelsLeft = 0
    private var definitions: HybridReader?
    private var repetitions: HybridReader?
    private var run: (level: UInt32, count: Int) = (0, 0)
    private var header: PageHeader?
    private var rowsToPass = 0
    /// The list that is being put together.
    private var list = ListText()

    /// Opens the file and reads what it says of itself. `maximumPageBytes`: a larger page is refused before memory is taken for it.
    public init(_ file: consuming OpenFile, column: String, maximumPageBytes: Int) throws(TableError) {
        let pages = ColumnPages(file, maximumBytes: maximumPageBytes)
        let footer = try Footer(pages)
        defer { footer.memory.deallocate() }
        let parsed = ParquetFooter(bytes: UnsafeRawBufferPointer(footer.memory))
        let schema: ParquetSchema
        let index: Int
        let groups: [ParquetFooter.RowGroup]
        let dataEnd: Int
        do throws(TableError) {
            schema = try ParquetSchema(try parsed.schema())
            index = try schema.column(column)
            (groups, dataEnd) = try parsed.rowGroups(leaf: index)
        } catch { throw error.at("the metadata at its end") }
        try footer.checkNotJoined(pages, dataEnd: dataEnd)
        leaf = schema.leaves[index]
        var chunks: [(range: Range<Int>, codec: ColumnPages.Codec, valueCount: Int)] = []
        for (number, group) in groups.enumerated() {
            do throws(TableError) {
                chunks.append(try Self.chunk(group, schema.leaves[index], leafCount: schema.leaves.count, dataEnd: footer.start))
            } catch { throw error.at("row group \(number), column \(column)") }
        }
        try Self.checkApart(chunks.map(\.range), column)
        // A list has as many values as rows, or more.
        try TableError.checkRowCount(chunks.map(\.valueCount), fileBytes: try pages.byteCount())
        self.pages = pages
        self.column = column
        self.chunks = chunks
        sectionRows = groups.map(\.rowCount)
        var start = 0
        sectionStarts = chunks.map {
            start = max(start, $0.range.lowerBound)
            return start
        }
        groupsLeft = 0..<chunks.count
    }

    private init(_ texts: ParquetTexts, _ file: consuming OpenFile) {
        pages = ColumnPages(file, maximumBytes: texts.pages.maximumBytes)
        (column, sectionRows, sectionStarts, leaf, chunks) = (
            texts.column, texts.sectionRows, texts.sectionStarts, texts.leaf, texts.chunks
        )
        groupsLeft = 0..<chunks.count
    }

    public func another(_ file: consuming OpenFile) -> any ColumnTexts { ParquetTexts(self, file) }

    public func begin(sections: Range<Int>, atRow row: Int) throws(TableError) {
        let first: Int
        (first, rowsToPass) = place(ofRow: row, in: sections)
        groupsLeft = first..<sections.upperBound
        (isInGroup, header, levelsLeft) = (false, nil, 0)
        while rowsToPass > 0 {
            // Whole pages are passed on the way: what is left is a part of one.
            do throws(TableError) { _ = try openLevels(stayingInGroup: false) } catch { throw error.at(place) }
            guard rowsToPass > 0, let next = try next() else { break }
            switch next {
            case .text: rowsToPass -= 1
            case .nulls(let count), .empty(let count): rowsToPass -= count
            }
        }
    }

    /// The next row or rows; nil behind the last. An error names row group, column and page.
    public func next() throws(TableError) -> TextRows? {
        do throws(TableError) {
            return try leaf.maximumRepetition == 0 ? nextFlat() : nextList()
        } catch { throw error.at(place) }
    }

    private var place: String { "row group \(section), column \(column)" + (page >= 0 ? ", page \(page)" : "") }

    // MARK: rows

    private func nextFlat() throws(TableError) -> TextRows? {
        guard try openLevels(stayingInGroup: false) else { return nil }
        if run.count == 0 { run = try nextRun() }
        if run.level == leaf.maximumDefinition {
            let count = values.passEmpty(rowsToPass > 0 ? min(run.count, rowsToPass) : run.count)
            if count > 0 {
                pass(count)
                return .empty(count)
            }
            run.count -= 1
            levelsLeft -= 1
            rowsGiven += 1
            return .text(try values.next())
        }
        // The last rows that are passed end a call.
        let count = rowsToPass > 0 ? min(run.count, rowsToPass) : run.count
        pass(count)
        return .nulls(count)
    }

    private func pass(_ count: Int) {
        run.count -= count
        levelsLeft -= count
        rowsGiven += count
    }

    private func nextRun() throws(TableError) -> (level: UInt32, count: Int) {
        guard leaf.maximumDefinition > 0 else { return (0, levelsLeft) }
        let (level, count) = try definitions!.next(levelsLeft)
        guard level <= leaf.maximumDefinition else { throw .damaged("the definition level \(level), at most \(leaf.maximumDefinition)") }
        return (level, count)
    }

    /// A row of a list goes on until a level says that the next begins, maybe in another page.
    private func nextList() throws(TableError) -> TextRows? {
        while true {
            guard try openLevels(stayingInGroup: list.isOpen) else { return list.isOpen ? finishList() : nil }
            let repetition: UInt32
            if let held = list.heldRepetition { repetition = held } else { repetition = try repetitions!.nextValue(levelsLeft) }
            guard repetition <= 1 else { throw .damaged("the repetition level \(repetition), at most 1") }
            if repetition == 0, list.isOpen {
                list.heldRepetition = 0
                return finishList()
            }
            guard repetition == 0 || list.isOpen else { throw .damaged("a row group begins inside a list") }
            list.heldRepetition = nil
            let level = Int(try definitions!.nextValue(levelsLeft))
            guard level <= leaf.maximumDefinition else {
                throw .damaged("the definition level \(level), at most \(leaf.maximumDefinition)")
            }
            levelsLeft -= 1
            if repetition == 0 {
                list.begin(isNull: level < leaf.listDefinition - 1)
                rowsGiven += 1
            }
            if level == leaf.maximumDefinition { list.append(try values.next()) }
        }
    }

    private func finishList() -> TextRows {
        list.isOpen = false
        return list.isNull ? .nulls(1) : .text(list.text)
    }

    // MARK: pages

    /// Sees to it that there are levels to read; false behind the last of the row groups, or of the one that is open.
    private func openLevels(stayingInGroup isStaying: Bool) throws(TableError) -> Bool {
        while true {
            if levelsLeft > 0 { return true }
            if header != nil { try closePage() }
            if isInGroup {
                if try openPage() { continue }
                try closeGroup()
            }
            guard !isStaying, let next = groupsLeft.first else { return false }
            groupsLeft = next + 1..<groupsLeft.upperBound
            open(group: next)
        }
    }

    private func open(group next: Int) {
        section = next
        let chunk = chunks[section]
        (isInGroup, page, valuesOpened, rowsGiven) = (true, -1, 0, 0)
        values.beginChunk()
        pages.enter(chunk.range, chunk.codec)
    }

    private func closeGroup() throws(TableError) {
        isInGroup = false
        let expected = chunks[section].valueCount
        guard valuesOpened == expected else { throw .damaged("its pages hold \(valuesOpened) values, not \(expected)") }
        guard rowsGiven == sectionRows[section] else { throw .damaged("it holds \(rowsGiven) rows, not \(sectionRows[section])") }
        page = -1
    }

    /// Opens the next page that has values, or the dictionary; false at the end of the chunk.
    private func openPage() throws(TableError) -> Bool {
        page += 1
        guard let next = try pages.nextHeader() else { return false }
        guard let kind = next.kind else {
            pages.pass(next)
            return true
        }
        if kind == .dictionary {
            guard page == 0, !values.hasDictionary else { throw .damaged("a dictionary page that is not the first page") }
            let bytes = try pages.decode(try pages.body(next), to: next.decodedBytes, isCompressed: true)
            try values.take(dictionary: bytes, of: pages, count: next.valueCount, encoding: next.encoding)
            return true
        }
        if next.valueCount == 0 {
            pages.pass(next)
            return true
        }
        valuesOpened += next.valueCount
        guard valuesOpened <= chunks[section].valueCount else {
            throw .damaged("its pages hold more than the \(chunks[section].valueCount) values that the metadata says")
        }
        if leaf.maximumRepetition == 0, next.valueCount <= rowsToPass {
            rowsToPass -= next.valueCount
            rowsGiven += next.valueCount
            pages.pass(next)
            return true
        }
        try kind == .data ? open(next) : openV2(next)
        header = next
        levelsLeft = next.valueCount
        run = (0, 0)
        return true
    }

    /// A page of version 1: levels and values are compressed together.
    private func open(_ header: PageHeader) throws(TableError) {
        var body = try pages.decode(try pages.body(header), to: header.decodedBytes, isCompressed: true)
        repetitions = nil
        if leaf.maximumRepetition > 0 {
            let levels = try Self.levels(&body, header.repetitionEncoding)
            repetitions = HybridReader(levels, width: Self.width(of: leaf.maximumRepetition))
        }
        var present = header.valueCount
        if leaf.maximumDefinition > 0 {
            let levels = try Self.levels(&body, header.definitionEncoding)
            present = try takeDefinitions(levels, header.valueCount)
        }
        try values.begin(body, count: present, encoding: header.encoding)
    }

    /// A page of version 2: levels stand before the values and are never compressed.
    private func openV2(_ header: PageHeader) throws(TableError) {
        let body = try pages.body(header)
        let (repetition, definition) = (header.repetitionBytes, header.definitionBytes)
        guard repetition >= 0, definition >= 0, repetition <= body.count, definition <= body.count - repetition,
            repetition + definition <= header.decodedBytes
        else { throw .damaged("levels of \(repetition) and \(definition) bytes in a page of \(body.count)") }
        guard (repetition == 0) == (leaf.maximumRepetition == 0) else {
            throw .damaged("repetition levels of \(repetition) bytes in a column that is \(leaf.maximumRepetition == 0 ? "no" : "a") list")
        }
        guard leaf.maximumRepetition > 0 || header.rowCount == header.valueCount else {
            throw .damaged("a page of \(header.rowCount) rows with \(header.valueCount) values")
        }
        repetitions = nil
        if leaf.maximumRepetition > 0 {
            let levels = UnsafeRawBufferPointer(rebasing: body[..<repetition])
            repetitions = HybridReader(levels, width: Self.width(of: leaf.maximumRepetition))
        }
        var present = header.valueCount
        let levels = UnsafeRawBufferPointer(rebasing: body[repetition..<repetition + definition])
        // Levels of a column that is always there say nothing; some writers leave a few bytes of them.
        if leaf.maximumDefinition > 0 { present = try takeDefinitions(levels, header.valueCount) }
        guard header.nullCount == header.valueCount - present else {
            throw .damaged("the page says \(header.nullCount) values are missing, its levels say \(header.valueCount - present)")
        }
        let stored = UnsafeRawBufferPointer(rebasing: body[(repetition + definition)...])
        let decoded = try pages.decode(
            stored, to: header.decodedBytes - repetition - definition, isCompressed: header.isCompressed)
        try values.begin(decoded, count: present, encoding: header.encoding)
    }

    /// Counts the values that are there, run by run, and goes back to the first level.
    private func takeDefinitions(_ levels: UnsafeRawBufferPointer, _ count: Int) throws(TableError) -> Int {
        let reader = HybridReader(levels, width: Self.width(of: leaf.maximumDefinition))
        var counting = reader
        var (left, present) = (count, 0)
        while left > 0 {
            let (level, length) = try counting.next(left)
            if level == leaf.maximumDefinition { present += length }
            left -= length
        }
        try PageValues.checkRest(counting.rest, "the definition levels")
        definitions = reader
        return present
    }

    private func closePage() throws(TableError) {
        try values.finish()
        header = nil
    }

    /// The levels of version 1: a length of 4 bytes and so many.
    private static func levels(_ body: inout UnsafeRawBufferPointer, _ encoding: Int) throws(TableError) -> UnsafeRawBufferPointer {
        guard encoding == 3 else {
            throw encoding == 4
                ? .refused("its levels have the old encoding BIT_PACKED, which is not read")
                : .damaged("levels in the encoding \(encoding)")
        }
        guard body.count >= 4 else { throw .damaged("the levels are cut off") }
        let count = Int(UInt32(littleEndian: body.loadUnaligned(as: UInt32.self)))
        guard count <= body.count - 4 else { throw .damaged("levels of \(count) bytes in a page of \(body.count)") }
        defer { body = UnsafeRawBufferPointer(rebasing: body[(4 + count)...]) }
        return UnsafeRawBufferPointer(rebasing: body[4..<4 + count])
    }

    private static func width(of maximum: Int) -> Int { Int.bitWidth - maximum.leadingZeroBitCount }
}

/// The elements of one row of a list of texts, joined by an empty line.
private struct ListText {
    var isOpen = false
    private(set) var isNull = false
    /// The first level of the next row, when it has been read already.
    var heldRepetition: UInt32?
    private var bytes: [UInt8] = []
    private var elementCount = 0
    private let memory = Memory()

    /// Where the text of a row that was given out lies while the next one is put together.
    private final class Memory {
        var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 12, alignment: 16)
        deinit { buffer.deallocate() }
    }

    mutating func begin(isNull: Bool) {
        (isOpen, self.isNull, elementCount) = (true, isNull, 0)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func append(_ text: UnsafeRawBufferPointer) {
        if elementCount > 0 { bytes += [0x0A, 0x0A] }
        elementCount += 1
        bytes.append(contentsOf: text)
    }

    var text: UnsafeRawBufferPointer {
        if memory.buffer.count < bytes.count {
            memory.buffer.deallocate()
            memory.buffer = .allocate(byteCount: 2 * bytes.count, alignment: 16)
        }
        memory.buffer.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(start: memory.buffer.baseAddress, count: bytes.count)
    }
}
