internal import Tables

/// Reads Thrift's compact protocol, in which Parquet writes its footer and page headers. Counts are compared with the bytes that are left
/// before anything is done by them, nesting is bounded.
struct ThriftReader {
    /// Types of values as they stand in headers of fields and lists.
    enum Kind: UInt8 {
        case yes = 1, no, byte, short, int, long, double, binary, list, set, map, structure, uuid
    }

    struct Field {
        let id: Int
        let kind: Kind
    }

    let bytes: UnsafeRawBufferPointer
    var place = 0
    private static let maximumDepth = 32

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var left: Int { bytes.count - place }

    private mutating func byte() throws(TableError) -> UInt8 {
        guard place < bytes.count else { throw .damaged("the metadata (thrift) ends early") }
        defer { place += 1 }
        return bytes[place]
    }

    private mutating func varint() throws(TableError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let next = try byte()
            result |= shift < 64 ? UInt64(next & 0x7F) << shift : 0
            if next < 0x80 { return result }
        }
        throw .damaged("a number in the metadata (thrift) has more than 10 bytes")
    }

    private mutating func zigzag() throws(TableError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    private func kind(_ code: UInt8) throws(TableError) -> Kind {
        guard let kind = Kind(rawValue: code) else { throw .damaged("the metadata (thrift) has a value of the undefined type \(code)") }
        return kind
    }

    /// Calls `body` for each field of the structure that begins here. `body` reads the field's value, or returns false to have it passed over.
    mutating func structure(_ body: (Field, inout ThriftReader) throws(TableError) -> Bool) throws(TableError) {
        var id: Int64 = 0
        while true {
            let header = try byte()
            if header == 0 { return }
            let kind = try kind(header & 15)
            id = header >> 4 == 0 ? try zigzag() : id &+ Int64(header >> 4)
            guard (-32768...32767).contains(id) else { throw .damaged("the metadata (thrift) has a field numbered \(id)") }
            if try !body(Field(id: Int(id), kind: kind), &self) { try skip(kind, depth: 0) }
        }
    }

    /// The kind and the number of elements of the list that begins here.
    mutating func listHeader() throws(TableError) -> (kind: Kind, count: Int) {
        let header = try byte()
        let count = header >> 4 == 15 ? try varint() : UInt64(header >> 4)
        // Of nothing the kind does not matter, and not every writer sets it.
        guard count > 0 else { return (.byte, 0) }
        let kind = try kind(header & 15)
        guard count <= UInt64(left) else { throw .damaged("the metadata (thrift) has a list longer than the bytes left") }
        return (kind, Int(count))
    }

    mutating func integer(_ field: Field, _ name: String) throws(TableError) -> Int {
        switch field.kind {
        case .byte: return Int(Int8(bitPattern: try byte()))
        case .short, .int, .long: return Int(try zigzag())
        default: throw .damaged("\(name) is no number in the metadata")
        }
    }

    /// A list of structures, of which `body` reads each.
    mutating func structures(_ field: Field, _ name: String, _ body: (inout ThriftReader) throws(TableError) -> Void) throws(TableError) {
        guard field.kind == .list else { throw .damaged("\(name) is no list in the metadata") }
        let (kind, count) = try listHeader()
        guard kind == .structure || count == 0 else { throw .damaged("\(name) is no list of structures in the metadata") }
        for _ in 0..<count { try body(&self) }
    }

    mutating func expect(_ kind: Kind, _ field: Field, _ name: String) throws(TableError) {
        guard field.kind == kind else { throw .damaged("\(name) has another type than the format says") }
    }

    mutating func binary() throws(TableError) -> [UInt8] {
        let count = try varint()
        guard count <= UInt64(left) else { throw .damaged("the metadata (thrift) has bytes that reach beyond the end") }
        defer { place += Int(count) }
        return Array(bytes[place..<place + Int(count)])
    }

    mutating func skip(_ kind: Kind, depth: Int) throws(TableError) {
        guard depth < Self.maximumDepth else { throw .damaged("the metadata (thrift) is nested too deep") }
        switch kind {
        case .yes, .no: break
        case .byte: _ = try byte()
        case .short, .int, .long: _ = try varint()
        case .double: try pass(8)
        case .uuid: try pass(16)
        case .binary:
            let count = try varint()
            guard count <= UInt64(left) else { throw .damaged("the metadata (thrift) has bytes that reach beyond the end") }
            place += Int(count)
        case .list, .set:
            let (element, count) = try listHeader()
            for _ in 0..<count { try skipElement(element, depth: depth + 1) }
        case .map:
            let count = try varint()
            guard count > 0 else { return }
            guard count <= UInt64(left) else { throw .damaged("the metadata (thrift) has a map longer than the bytes left") }
            let kinds = try byte()
            let (key, value) = (try self.kind(kinds >> 4), try self.kind(kinds & 15))
            for _ in 0..<count {
                try skipElement(key, depth: depth + 1)
                try skipElement(value, depth: depth + 1)
            }
        case .structure:
            var id: Int64 = 0
            while true {
                let header = try byte()
                if header == 0 { return }
                id = header >> 4 == 0 ? try zigzag() : id &+ Int64(header >> 4)
                try skip(try self.kind(header & 15), depth: depth + 1)
            }
        }
    }

    /// In lists and maps a truth value is a byte.
    private mutating func skipElement(_ kind: Kind, depth: Int) throws(TableError) {
        if kind == .yes || kind == .no { try pass(1) } else { try skip(kind, depth: depth) }
    }

    private mutating func pass(_ count: Int) throws(TableError) {
        guard left >= count else { throw .damaged("the metadata (thrift) ends early") }
        place += count
    }
}
