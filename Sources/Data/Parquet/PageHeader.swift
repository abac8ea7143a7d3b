internal import Tables

/// What stands before each page.
struct PageHeader {
    enum Kind { case data, dictionary, dataV2 }

    /// Nil for pages that are passed over: indexes, and kinds that came later.
    var kind: Kind?
    /// Bytes of the body, decoded and as stored.
    var decodedBytes = 0
    var storedBytes = 0
    var checksum: UInt32?
    var valueCount = 0
    var encoding = 0
    /// Of version 1.
    var definitionEncoding = 3
    var repetitionEncoding = 3
    /// Of version 2.
    var nullCount = 0
    var rowCount = 0
    var definitionBytes = 0
    var repetitionBytes = 0
    var isCompressed = true

    init(_ reader: inout ThriftReader) throws(TableError) {
        var type: Int?
        var (decoded, stored): (Int?, Int?) = (nil, nil)
        var header = PageHeader()
        var (data, dictionary, dataV2) = (false, false, false)
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 1: type = try reader.integer(field, "the type of a page")
            case 2: decoded = try reader.integer(field, "uncompressed_page_size")
            case 3: stored = try reader.integer(field, "compressed_page_size")
            case 4: header.checksum = UInt32(truncatingIfNeeded: try reader.integer(field, "the checksum of a page"))
            case 5:
                try reader.expect(.structure, field, "data_page_header")
                try header.readData(&reader)
                data = true
            case 7:
                try reader.expect(.structure, field, "dictionary_page_header")
                try header.readDictionary(&reader)
                dictionary = true
            case 8:
                try reader.expect(.structure, field, "data_page_header_v2")
                try header.readDataV2(&reader)
                dataV2 = true
            default: return false
            }
            return true
        }
        guard let type, let decoded, let stored else { throw .damaged("a page header lacks type or sizes") }
        guard decoded >= 0, stored >= 0, type >= 0 else { throw .damaged("a page of type \(type) with \(stored) bytes for \(decoded)") }
        (header.decodedBytes, header.storedBytes) = (decoded, stored)
        switch type {
        case 0: (header.kind, data) = (.data, data)
        case 2: (header.kind, data) = (.dictionary, dictionary)
        case 3: (header.kind, data) = (.dataV2, dataV2)
        default: (header.kind, data) = (nil, true)
        }
        guard data else { throw .damaged("a page of type \(type) without the header of its kind") }
        guard header.valueCount >= 0 else { throw .damaged("a page of \(header.valueCount) values") }
        self = header
    }

    private init() {}

    private mutating func readData(_ reader: inout ThriftReader) throws(TableError) {
        var header = self
        var (values, encoding): (Int?, Int?) = (nil, nil)
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 1: values = try reader.integer(field, "num_values of a page")
            case 2: encoding = try reader.integer(field, "the encoding of a page")
            case 3: header.definitionEncoding = try reader.integer(field, "the encoding of definition levels")
            case 4: header.repetitionEncoding = try reader.integer(field, "the encoding of repetition levels")
            default: return false
            }
            return true
        }
        guard let values, let encoding else { throw .damaged("the header of a data page lacks a field") }
        (header.valueCount, header.encoding) = (values, encoding)
        self = header
    }

    private mutating func readDictionary(_ reader: inout ThriftReader) throws(TableError) {
        var (values, encoding): (Int?, Int?) = (nil, nil)
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 1: values = try reader.integer(field, "num_values of a dictionary")
            case 2: encoding = try reader.integer(field, "the encoding of a dictionary")
            default: return false
            }
            return true
        }
        guard let values, let encoding else { throw .damaged("the header of a dictionary lacks a field") }
        (valueCount, self.encoding) = (values, encoding)
    }

    private mutating func readDataV2(_ reader: inout ThriftReader) throws(TableError) {
        var header = self
        var found = Set<Int>()
        try reader.structure { field, reader throws(TableError) in
            switch field.id {
            case 1: header.valueCount = try reader.integer(field, "num_values of a page")
            case 2: header.nullCount = try reader.integer(field, "num_nulls of a page")
            case 3: header.rowCount = try reader.integer(field, "num_rows of a page")
            case 4: header.encoding = try reader.integer(field, "the encoding of a page")
            case 5: header.definitionBytes = try reader.integer(field, "the length of definition levels")
            case 6: header.repetitionBytes = try reader.integer(field, "the length of repetition levels")
            case 7:
                guard field.kind == .yes || field.kind == .no else { throw .damaged("is_compressed has another type than the format says") }
                header.isCompressed = field.kind == .yes
            default: return false
            }
            found.insert(field.id)
            return true
        }
        guard found.isSuperset(of: 1...6) else { throw .damaged("the header of a data page lacks a field") }
        self = header
    }
}
