extension JSONValue {
    /// The value as JSON text: members in their order, doubles in the fewest digits that read back as the same number, non-finite doubles
    /// as null. On one line, or with `pretty` indented by two blanks. No newline at the end.
    public func serialized(pretty: Bool = false) -> String {
        var text: [UInt8] = []
        append(to: &text, pretty ? 0 : nil)
        return String(decoding: text, as: UTF8.self)
    }

    /// As ``serialized(pretty:)``, in UTF-8.
    public func serializedBytes(pretty: Bool = false) -> [UInt8] {
        var text: [UInt8] = []
        append(to: &text, pretty ? 0 : nil)
        return text
    }

    /// `indent` is the nesting of this value, nil for one line.
    private func append(to text: inout [UInt8], _ indent: Int?) {
        switch self {
        case .null: text.append(contentsOf: "null".utf8)
        case .bool(let value): text.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): text.append(contentsOf: String(value).utf8)
        case .double(let value): text.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        case .string(let value): Self.append(value, to: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                Self.separate(&text, index, indent)
                element.append(to: &text, indent.map { $0 + 1 })
            }
            Self.close(&text, "]", isEmpty: elements.isEmpty, indent)
        case .object(let object):
            text.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                Self.separate(&text, index, indent)
                Self.append(member.key, to: &text)
                text.append(contentsOf: (indent == nil ? ":" : ": ").utf8)
                member.value.append(to: &text, indent.map { $0 + 1 })
            }
            Self.close(&text, "}", isEmpty: object.isEmpty, indent)
        }
    }

    private static func separate(_ text: inout [UInt8], _ index: Int, _ indent: Int?) {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        if let indent { line(&text, indent + 1) }
    }

    private static func close(_ text: inout [UInt8], _ bracket: Unicode.Scalar, isEmpty: Bool, _ indent: Int?) {
        if let indent, !isEmpty { line(&text, indent) }
        text.append(UInt8(ascii: bracket))
    }

    private static func line(_ text: inout [UInt8], _ indent: Int) {
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * indent))
    }

    /// A string in quotes. Escaped are only those bytes that must be, and DEL and the separators U+2028 and U+2029, which some readers take for line ends.
    private static func append(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text.append(contentsOf: "\\\"".utf8)
            case "\\": text.append(contentsOf: "\\\\".utf8)
            case "\n": text.append(contentsOf: "\\n".utf8)
            case "\r": text.append(contentsOf: "\\r".utf8)
            case "\t": text.append(contentsOf: "\\t".utf8)
            case "\u{0}"..<" ", "\u{7F}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                text.append(contentsOf: "\\u".utf8)
                text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
                text.append(contentsOf: digits.utf8)
            default: text.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
