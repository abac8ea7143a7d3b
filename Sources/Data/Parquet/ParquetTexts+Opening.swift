import Files
internal import Tables

/// The bytes at a file's end, in which it describes itself. Whoever takes them frees `memory`.
struct Footer {
    let memory: UnsafeMutableRawBufferPointer
    /// Where it begins in the file: everything else lies before.
    let start: Int
    private static let magic = Array("PAR1".utf8)

    init(_ pages: ColumnPages) throws(TableError) {
        let size = try pages.byteCount()
        guard size >= 12 else {
            throw .damaged(size == 0 ? "the file is empty; a Parquet file never is" : "\(size) bytes are too few for a Parquet file")
        }
        let head = try Self.bytes(pages, 0, 64)
        let tail = try Self.bytes(pages, size - 8, 8)
        let ending = Array(tail[4...])
        guard !head.starts(with: "PARE".utf8), !ending.elementsEqual("PARE".utf8) else {
            throw .refused("it is encrypted; decrypt it with the program that wrote it")
        }
        guard head.starts(with: Self.magic) else {
            let isPointer = head.starts(with: "version https://git-lfs".utf8)
            throw .damaged(
                isPointer
                    ? "this is a Git LFS pointer instead of the file; fetch it with git lfs pull"
                    : "this is no Parquet file: it does not begin with PAR1")
        }
        guard ending == Self.magic else { throw .damaged("it does not end with PAR1; it was cut off or added to, fetch it again") }
        let length = tail.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length > 0, length <= size - 12 else { throw .damaged("metadata of \(length) bytes at the end of a file of \(size)") }
        start = size - 8 - length
        memory = .allocate(byteCount: length, alignment: 16)
        do throws(TableError) { try pages.read(into: memory, at: start) } catch {
            memory.deallocate()
            throw error
        }
    }

    private static func bytes(_ pages: ColumnPages, _ offset: Int, _ count: Int) throws(TableError) -> [UInt8] {
        let count = min(count, try pages.byteCount() - offset)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 16)
        defer { buffer.deallocate() }
        try pages.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
        return Array(buffer[..<count])
    }

    /// Two files joined by `cat` end with the footer of the second, whose offsets lead into the first: where the second begins
    /// the end of the first stands before it.
    func checkNotJoined(_ pages: ColumnPages, dataEnd: Int) throws(TableError) {
        let shift = start - dataEnd
        guard dataEnd > 0, shift >= 12 else { return }
        guard try Self.bytes(pages, shift - 4, 8) == Self.magic + Self.magic else { return }
        throw .damaged("it is several Parquet files joined into one, of which only the last could be found; give the files one by one")
    }
}

extension ParquetTexts {
    /// Where the pages of the column are in a row group, checked against the schema and the file.
    static func chunk(_ group: ParquetFooter.RowGroup, _ leaf: ParquetSchema.Leaf, leafCount: Int, dataEnd: Int) throws(TableError)
        -> (range: Range<Int>, codec: ColumnPages.Codec, valueCount: Int)
    {
        guard group.chunkCount == leafCount, let chunk = group.chunk else {
            throw .damaged("\(group.chunkCount) column chunks for \(leafCount) columns")
        }
        guard chunk.filePath == nil || chunk.filePath == [] else {
            throw .refused("its data lies in another file; name the files with the data themselves")
        }
        guard !chunk.isEncrypted else { throw .refused("it is encrypted; decrypt it with the program that wrote it") }
        guard chunk.hasMetadata else { throw .damaged("a column chunk without metadata") }
        guard let type = chunk.type, let codec = chunk.codec, let values = chunk.valueCount, let size = chunk.compressedBytes,
            let dataOffset = chunk.dataOffset
        else { throw .damaged("the metadata of a column chunk lacks a field") }
        guard type == leaf.element.type else { throw .damaged("the column chunk has another type than the schema") }
        guard chunk.path == nil || chunk.path == [] || chunk.path == leaf.path else {
            throw .damaged("the column chunk belongs to another column than the schema says")
        }
        let compression = try ColumnPages.Codec(codec)
        guard values >= 0 else { throw .damaged("\(values) values in a column chunk") }
        if leaf.maximumRepetition == 0, values != group.rowCount { throw .damaged("\(group.rowCount) rows with \(values) values") }
        // Of nothing the offsets are not looked at: pyarrow leaves a dictionary and a data page at 0.
        if values == 0 && group.rowCount == 0 { return (4..<4, compression, 0) }
        var start = dataOffset
        if let dictionary = chunk.dictionaryOffset, dictionary != 0 {
            guard dictionary >= 4 else { throw .damaged("a dictionary at byte \(dictionary)") }
            start = min(start, dictionary)
        }
        guard start >= 4, size >= 0, start <= dataEnd, size <= dataEnd - start, dataOffset < start + size else {
            throw .damaged("\(size) bytes from byte \(dataOffset) on do not lie between the beginning and the metadata")
        }
        return (start..<start + size, compression, values)
    }

    /// No byte belongs to two row groups: a few would otherwise stand for any number of rows.
    static func checkApart(_ ranges: [Range<Int>], _ column: String) throws(TableError) {
        let order = ranges.indices.filter { !ranges[$0].isEmpty }.sorted { ranges[$0].lowerBound < ranges[$1].lowerBound }
        for (before, after) in zip(order, order.dropFirst()) where ranges[after].lowerBound < ranges[before].upperBound {
            throw .damaged(
                place: "row group \(max(before, after)), column \(column)",
                reason: "its pages overlap those of row group \(min(before, after))")
        }
    }
}
