/// The parts of a Parquet footer that reading a column of texts needs.
struct FileMetadata {
    struct SchemaElement {
        var type: Int?
        var repetition: Int?
        var name: [UInt8] = []
        var childCount: Int?
        var converted: Int?
        var logical: Int?
    }

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
    }

    struct RowGroup {
        var chunks: [Chunk] = []
        var rowCount: Int?
    }

    var schema: [SchemaElement] = []
    var rowCount: Int?
    var rowGroups: [RowGroup]?

    /// Reads the footer, of which nothing may be left over but the signature of an encrypted file with a plain footer.
    init(_ bytes: UnsafeRawBufferPointer) throws(ParquetError) {
        var reader = ThriftReader(bytes)
        var (schema, isSigned): ([SchemaElement], Bool) = ([], false)
        var (rowCount, rowGroups): (Int?, [RowGroup]?) = (nil, nil)
        try reader.structure { field, reader throws(ParquetError) in
            switch field.id {
            case 2:
                schema = []
                try reader.structures(field, "schema") { reader throws(ParquetError) in schema.append(try Self.schemaElement(&reader)) }
            case 3: rowCount = try reader.integer(field, "num_rows")
            case 4:
                var groups: [RowGroup] = []
                try reader.structures(field, "row_groups") { reader throws(ParquetError) in groups.append(try Self.rowGroup(&reader)) }
                rowGroups = groups
            case 8:
                isSigned = true
                return false
            default: return false
            }
            return true
        }
        guard reader.left == 0 || isSigned && reader.left == 28 else { throw .damaged("\(reader.left) bytes are left over behind the metadata") }
        guard !schema.isEmpty else { throw .damaged("it has no schema") }
        guard let rowCount, let groups = rowGroups else { throw .damaged("it lacks \(rowCount == nil ? "num_rows" : "row_groups")") }
        var sum = 0
        for (index, group) in groups.enumerated() {
            guard let rows = group.rowCount, rows >= 0 else { throw .damaged("num_rows is missing or negative", at: "row group \(index)") }
            let (next, overflow) = sum.addingReportingOverflow(rows)
            guard !overflow else { throw .damaged("the row groups have more rows than there are numbers", at: "row group \(index)") }
            sum = next
        }
        self.schema = schema
        (self.rowCount, self.rowGroups) = (rowCount, groups)
    }

    private static func schemaElement(_ reader: inout ThriftReader) throws(ParquetError) -> SchemaElement {
        var element = SchemaElement()
        try reader.structure { field, reader throws(ParquetError) in
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
                try reader.structure { field, _ throws(ParquetError) in
                    element.logical = field.id
                    return false
                }
            default: return false
            }
            return true
        }
        return element
    }

    private static func rowGroup(_ reader: inout ThriftReader) throws(ParquetError) -> RowGroup {
        var group = RowGroup()
        try reader.structure { field, reader throws(ParquetError) in
            switch field.id {
            case 1:
                group.chunks = []
                try reader.structures(field, "columns") { reader throws(ParquetError) in group.chunks.append(try chunk(&reader)) }
            case 3: group.rowCount = try reader.integer(field, "num_rows")
            default: return false
            }
            return true
        }
        return group
    }

    private static func chunk(_ reader: inout ThriftReader) throws(ParquetError) -> Chunk {
        var chunk = Chunk()
        try reader.structure { field, reader throws(ParquetError) in
            switch field.id {
            case 1:
                try reader.expect(.binary, field, "file_path")
                chunk.filePath = try reader.binary()
                return true
            case 3:
                try reader.expect(.structure, field, "the metadata of a column chunk")
                chunk.hasMetadata = true
                try columnMetadata(&reader, &chunk)
                return true
            case 8, 9: chunk.isEncrypted = true
            default: break
            }
            return false
        }
        return chunk
    }

    private static func columnMetadata(_ reader: inout ThriftReader, _ chunk: inout Chunk) throws(ParquetError) {
        var read = chunk
        try reader.structure { field, reader throws(ParquetError) in
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
            default: return false
            }
            return true
        }
        chunk = read
    }
}
