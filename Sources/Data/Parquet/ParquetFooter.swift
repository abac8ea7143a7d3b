internal import Tables

/// What a Parquet file says of itself at its end, as far as the reading of one column of texts needs it.
struct ParquetFooter {
    struct SchemaElement {
        var type: Int?
        var repetition: Int?
        var name: [UInt8] = []
        var childCount: Int?
        var converted: Int?
        var logical: Int?
    }

    /// The chunk of the column in one row group.
    struct Chunk {
        var filePath: [UInt8]?
        var hasMetadata = false
        var isEncrypted = false
        var type: Int?
        var path: [[UInt8]]?
        var codec: Int?
        var valueCount: Int?
        var compressedBytes: Int?
        var dataOffset: Int?
        var dictionaryOffset: Int?
        /// Page indexes and Bloom filter, which are not read: where they end.
        var indexEnd = 0
    }

    struct RowGroup {
        var chunkCount = 0
        /// The chunk of the column that was asked for, when there are so many.
        var chunk: Chunk?
        var rowCount = 0
    }

    /// The footer's bytes. Its parts are read one after the other: the schema may stand behind the row groups.
    let bytes: UnsafeRawBufferPointer

    /// The flattened tree of columns. Nothing may be left over behind the footer but the signature of an encrypted file with a plain footer.
    func schema() throws(TableError) -> [SchemaElement] {
        var reader = ThriftReader(bytes)
        var schema: [SchemaElement]?
        var isSigned = false
        try reader.structure { field, reader throws(TableError) in
            if field.id == 8 { isSigned = true }
            guard field.id == 2 else { return false }
            var elements: [SchemaElement] = []
            try reader.structures(field, "schema") { reader throws(TableError) in elements.append(try Self.schemaElement(&reader)) }
            schema = elements
            return true
        }
        guard reader.left == 0 || isSigned && reader.left == 28 else {
            throw .damaged("\(reader.left) bytes are left over behind the metadata")
        }
        guard let schema else { throw .damaged("the metadata lacks the schema") }
        guard !schema.isEmpty else { throw .damaged("the schema is empty") }
        return schema
    }

    /// The row groups, each with its chunk of the column `leaf`, and where the last byte of anything in them is.
    func rowGroups(leaf: Int) throws(TableError) -> (groups: [RowGroup], dataEnd: Int) {
        var reader = ThriftReader(bytes)
        var rowCount: Int?
        var rowGroups: [RowGroup]?
        var dataEnd = 0
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 3: rowCount = try reader.integer(field, "num_rows")
            case 4:
                var groups: [RowGroup] = []
                try reader.structures(field, "row_groups") { reader throws(TableError) in
                    do throws(TableError) { groups.append(try Self.rowGroup(&reader, leaf, &dataEnd)) } catch {
                        throw error.at("row group \(groups.count)")
                    }
                }
                rowGroups = groups
            default: return false
            }
            return true
        }
        guard let rowCount, let rowGroups else { throw .damaged("the metadata lacks \(rowCount == nil ? "num_rows" : "row_groups")") }
        var sum = 0
        for group in rowGroups {
            let (next, overflow) = sum.addingReportingOverflow(group.rowCount)
            guard !overflow else { throw .damaged("the row groups have more rows than there are numbers") }
            sum = next
        }
        guard sum == rowCount else { throw .damaged("the file says it has \(rowCount) rows, its row groups hold \(sum)") }
        return (rowGroups, dataEnd)
    }

    private static func schemaElement(_ reader: inout ThriftReader) throws(TableError) -> SchemaElement {
        var element = SchemaElement()
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 1: element.type = try reader.integer(field, "the type of a schema element")
            case 3: element.repetition = try reader.integer(field, "the repetition of a schema element")
            case 4:
                try reader.expect(.binary, field, "the name of a schema element")
                element.name = try reader.binary()
            case 5: element.childCount = try reader.integer(field, "num_children")
            case 6: element.converted = try reader.integer(field, "converted_type")
            case 10:
                try reader.expect(.structure, field, "logicalType")
                try reader.structure { field, _ throws(TableError) in
                    element.logical = field.id
                    return false
                }
            default: return false
            }
            return true
        }
        return element
    }

    private static func rowGroup(_ reader: inout ThriftReader, _ leaf: Int, _ dataEnd: inout Int) throws(TableError) -> RowGroup {
        var group = RowGroup()
        var rowCount: Int?
        var end = dataEnd
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 1:
                (group.chunkCount, group.chunk) = (0, nil)
                try reader.structures(field, "columns") { reader throws(TableError) in
                    let chunk = try chunk(&reader)
                    end = max(end, Self.end(of: chunk))
                    if group.chunkCount == leaf { group.chunk = chunk }
                    group.chunkCount += 1
                }
            case 3: rowCount = try reader.integer(field, "num_rows")
            default: return false
            }
            return true
        }
        guard let rowCount, rowCount >= 0 else { throw .damaged("num_rows is missing or negative") }
        group.rowCount = rowCount
        dataEnd = end
        return group
    }

    private static func end(of chunk: Chunk) -> Int {
        guard let offset = chunk.dataOffset, let count = chunk.compressedBytes else { return chunk.indexEnd }
        let start = chunk.dictionaryOffset.map { $0 > 0 ? min($0, offset) : offset } ?? offset
        return max(chunk.indexEnd, start.addingReportingOverflow(count).partialValue)
    }

    private static func chunk(_ reader: inout ThriftReader) throws(TableError) -> Chunk {
        var chunk = Chunk()
        var (offsetIndex, columnIndex) = ((offset: 0, count: 0), (offset: 0, count: 0))
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 1:
                try reader.expect(.binary, field, "file_path")
                chunk.filePath = try reader.binary()
            case 3:
                try reader.expect(.structure, field, "the metadata of a column chunk")
                chunk.hasMetadata = true
                try columnMetadata(&reader, &chunk)
            case 4: offsetIndex.offset = try reader.integer(field, "offset_index_offset")
            case 5: offsetIndex.count = try reader.integer(field, "offset_index_length")
            case 6: columnIndex.offset = try reader.integer(field, "column_index_offset")
            case 7: columnIndex.count = try reader.integer(field, "column_index_length")
            case 8, 9:
                chunk.isEncrypted = true
                return false
            default: return false
            }
            return true
        }
        for index in [offsetIndex, columnIndex] {
            chunk.indexEnd = max(chunk.indexEnd, index.offset.addingReportingOverflow(index.count).partialValue)
        }
        return chunk
    }

    private static func columnMetadata(_ reader: inout ThriftReader, _ chunk: inout Chunk) throws(TableError) {
        var read = chunk
        var bloom = (offset: 0, count: 0)
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 1: read.type = try reader.integer(field, "the type of a column chunk")
            case 3:
                try reader.expect(.list, field, "path_in_schema")
                let (kind, count) = try reader.listHeader()
                guard kind == .binary || count == 0 else { throw .damaged("path_in_schema is no list of names") }
                var path: [[UInt8]] = []
                for _ in 0..<count { path.append(try reader.binary()) }
                read.path = path
            case 4: read.codec = try reader.integer(field, "the codec of a column chunk")
            case 5: read.valueCount = try reader.integer(field, "num_values")
            case 7: read.compressedBytes = try reader.integer(field, "total_compressed_size")
            case 9: read.dataOffset = try reader.integer(field, "data_page_offset")
            case 11: read.dictionaryOffset = try reader.integer(field, "dictionary_page_offset")
            case 14: bloom.offset = try reader.integer(field, "bloom_filter_offset")
            case 15: bloom.count = try reader.integer(field, "bloom_filter_length")
            default: return false
            }
            return true
        }
        chunk = read
        chunk.indexEnd = max(chunk.indexEnd, bloom.offset.addingReportingOverflow(bloom.count).partialValue)
    }
}
