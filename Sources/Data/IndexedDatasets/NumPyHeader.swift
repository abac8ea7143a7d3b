package import Quantities

/// The header of NumPy's `.npy`, versions 1 to 3: `\x93NUMPY`, version, length, and a literal of Python that says type, order and shape of the array
/// behind it (NumPy's `numpy.lib.format`).
package struct NumPyHeader: Equatable {
    /// Why it is none, or not one of integers in the order of rows; the place in the file where that has one.
    package struct Fault: Error {
        package let reason: OptionText
        package let byteOffset: Int?
    }

    static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// More is no header of token ids: NumPy itself writes 128 bytes.
    package static let maximumByteCount = 1 << 16

    package let tokenType: TokenType
    /// Extents of the array, the last the fastest.
    package let shape: [Int]
    /// Where the array begins.
    package let byteCount: Int

    /// Reads the header in `start`, the first ``maximumByteCount`` bytes of a file or all of it.
    package init(_ start: [UInt8]) throws(Fault) {
        func refusal(_ reason: OptionText, at byteOffset: Int? = nil) -> Fault { Fault(reason: reason, byteOffset: byteOffset) }
        guard start.starts(with: Self.magic) else { throw refusal("no NumPy array (it does not begin with \\x93NUMPY)") }
        guard start.count >= 10 else { throw refusal("the file ends inside of the header", at: start.count) }
        guard (1...3).contains(start[6]), start[7] == 0 else {
            throw refusal("version \(start[6]).\(start[7]) of the header; 1.0 to 3.0 are known", at: 6)
        }
        let lengthBytes = start[6] == 1 ? 2 : 4
        guard start.count >= 8 + lengthBytes else { throw refusal("the file ends inside of the header", at: start.count) }
        let length = start[8..<8 + lengthBytes].reversed().reduce(0) { $0 << 8 | Int($1) }
        byteCount = 8 + lengthBytes + length
        guard byteCount <= start.count else {
            throw refusal("the header claims \(length) bytes, which is more than the file has or a header needs", at: 8)
        }
        var literal = PythonLiteral(start[(byteCount - length)..<byteCount])
        guard let members = literal.dictionary(), literal.isAtEnd else {
            throw refusal("the header is no dictionary of NumPy's", at: literal.place)
        }
        guard Set(members.map(\.key)) == ["descr", "fortran_order", "shape"], members.count == 3 else {
            throw refusal("the header has the keys \(members.map(\.key).joined(separator: ", ")), not descr, fortran_order and shape")
        }
        func member(_ key: String) -> PythonLiteral.Value { members.first { $0.key == key }!.value }
        guard case .text(let description) = member("descr") else { throw refusal("an array of records, not of token ids") }
        guard let type = Self.types.first(where: { $0.description == description })?.type else {
            if description.hasPrefix(">") {
                throw refusal("an array of big-endian numbers (\(description)); save it as \"<\(description.dropFirst())\"")
            }
            throw refusal(
                "an array of \(description), which are no token ids; integers are (\(Self.types.map(\.description).joined(separator: ", ")))"
            )
        }
        tokenType = type
        guard case .numbers(let extents) = member("shape") else { throw refusal("the header's shape is no list of numbers") }
        guard !extents.isEmpty else { throw refusal("a single number, not an array of token ids") }
        shape = extents
        guard case .truth(let isFortran) = member("fortran_order") else {
            throw refusal("the header's fortran_order is neither True nor False")
        }
        if isFortran, shape.count(where: { $0 != 1 }) > 1 {
            throw refusal("the array is stored column by column; save numpy.ascontiguousarray of it")
        }
    }

    /// The number of values; nil when no file can hold so many.
    package var count: Int? {
        var count = 1
        for extent in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            count = product
        }
        return count.multipliedReportingOverflow(by: tokenType.itemSize).overflow ? nil : count
    }

    /// Values of a row: of all, when there is one dimension.
    var rowLength: Int { shape.last! }

    /// The header of an array of integers, byte for byte as `numpy.save` writes it (`_wrap_header`).
    package static func bytes(for type: TokenType, shape: [Int]) -> [UInt8] {
        let description = types.first { $0.type == type }!.description
        let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var text = "{'descr': '\(description)', 'fortran_order': False, 'shape': (\(extents)), }"
        // NumPy leaves room for a first extent of 21 digits, so that an array can grow in place.
        text += String(repeating: " ", count: max(0, 21 - String(shape[0]).count))
        let unpadded = magic.count + 4 + text.utf8.count + 1
        text += String(repeating: " ", count: 64 - unpadded % 64) + "\n"
        let length = text.utf8.count
        return magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    }

    private static let types: [(type: TokenType, description: String)] = [
        (.uint8, "|u1"), (.int8, "|i1"), (.uint16, "<u2"), (.int16, "<i2"), (.uint32, "<u4"), (.int32, "<i4"), (.uint64, "<u8"),
        (.int64, "<i8"),
    ]
}

/// As much of Python's literals as headers of arrays have.
private struct PythonLiteral {
    enum Value: Equatable {
        case text(String)
        case truth(Bool)
        case numbers([Int])
        /// A list, as the descriptions of records are.
        case other
    }

    private var bytes: ArraySlice<UInt8>
    var place: Int { bytes.startIndex }
    /// Whether only blanks follow.
    var isAtEnd: Bool { bytes.allSatisfy { $0 == 0x20 || $0 == 0x0A } }

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    mutating func dictionary() -> [(key: String, value: Value)]? {
        guard take("{") else { return nil }
        var members: [(key: String, value: Value)] = []
        while !take("}") {
            guard let key = text(), take(":"), let value = value() else { return nil }
            members.append((key, value))
            guard take(",") || next == UInt8(ascii: "}") else { return nil }
        }
        return members
    }

    private var next: UInt8? { bytes.first { $0 != 0x20 } }

    /// Takes a word, with the blanks before it, when it comes next.
    private mutating func take(_ word: String) -> Bool {
        let rest = bytes.drop { $0 == 0x20 }
        guard rest.starts(with: word.utf8) else { return false }
        bytes = rest.dropFirst(word.utf8.count)
        return true
    }

    private mutating func text() -> String? {
        guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { return nil }
        let rest = bytes.drop { $0 == 0x20 }.dropFirst()
        guard let end = rest.firstIndex(of: quote), !rest[..<end].contains(UInt8(ascii: "\\")) else { return nil }
        bytes = rest[(end + 1)...]
        return String(decoding: rest[..<end], as: UTF8.self)
    }

    private mutating func value() -> Value? {
        if let text = text() { return .text(text) }
        if take("True") { return .truth(true) }
        if take("False") { return .truth(false) }
        if take("(") { return numbers().map { .numbers($0) } }
        guard next == UInt8(ascii: "[") else { return nil }
        // What is in it is of no use: up to its end.
        guard let end = bytes.lastIndex(of: UInt8(ascii: "]")) else { return nil }
        bytes = bytes[(end + 1)...]
        return .other
    }

    private mutating func numbers() -> [Int]? {
        var numbers: [Int] = []
        while !take(")") {
            let digits = bytes.drop { $0 == 0x20 }.prefix { (0x30...0x39).contains($0) }
            guard let number = Int(String(decoding: digits, as: UTF8.self)), numbers.count < 32 else { return nil }
            numbers.append(number)
            bytes = bytes[digits.endIndex...]
            // Python 2 wrote long numbers so.
            _ = take("L")
            guard take(",") || next == UInt8(ascii: ")") else { return nil }
        }
        return numbers
    }
}
