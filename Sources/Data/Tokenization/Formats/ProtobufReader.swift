/// Reads protocol buffers: fields one after the other, strictly.
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        case bytes(Range<Int>)
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset: Int
    private let end: Int

    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next field, nil behind the last one.
    mutating func next() throws(ProtobufError) -> (number: Int, value: Value)? {
        guard offset < end else { return nil }
        let start = offset
        let key = try varint()
        guard key >> 3 > 0, key >> 3 < 1 << 29 else { throw ProtobufError(byteOffset: start, reason: "no field of a protocol buffer") }
        let number = Int(key >> 3)
        switch key & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(UInt64(try fixed(4)) | UInt64(try fixed(4)) << 32))
        case 2:
            let count = try varint()
            guard count <= UInt64(end - offset) else { throw ProtobufError(byteOffset: start, reason: "a field is longer than the file") }
            defer { offset += Int(count) }
            return (number, .bytes(offset..<offset + Int(count)))
        case 5: return (number, .fixed32(try fixed(4)))
        default: throw ProtobufError(byteOffset: start, reason: "no field of a protocol buffer")
        }
    }

    private mutating func varint() throws(ProtobufError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard offset < end else { throw ProtobufError(byteOffset: start, reason: "the file ends within a number") }
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw ProtobufError(byteOffset: start, reason: "a number of more than 64 bits")
    }

    private mutating func fixed(_ count: Int) throws(ProtobufError) -> UInt32 {
        guard end - offset >= count else { throw ProtobufError(byteOffset: offset, reason: "the file ends within a number") }
        defer { offset += count }
        return (0..<count).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
}

/// Bytes that are no protocol buffer, and where.
struct ProtobufError: Error {
    let byteOffset: Int
    let reason: String
}
