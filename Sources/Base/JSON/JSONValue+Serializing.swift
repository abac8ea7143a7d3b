extension JSONValue {
    /// The value as JSON text: members in their order, doubles in the fewest digits that read back as the same number, non-finite doubles
    /// as null. On one line, or with `pretty` indented by two blanks. No newline at the end.
    public func serialized(pretty: Bool = false) -> String { String(decoding: serializedBytes(pretty: pretty), as: UTF8.self) }

    /// As ``serialized(pretty:)``, in UTF-8.
    public func serializedBytes(pretty: Bool = false) -> [UInt8] {
        serializedBytes(Style(indent: pretty ? 2 : nil, quoting: .readable))
    }

    /// As Python's `json.dumps(value, indent=4)` writes it: for those who compare or hash its text.
    public func serializedAsPython() -> String { String(decoding: serializedBytes(Style(indent: 4, quoting: .ascii)), as: UTF8.self) }

    /// `indent`: blanks a level, nil for one line.
    private struct Style {
        let indent: Int?
        let quoting: JSONQuoting
    }

    private func serializedBytes(_ style: Style) -> [UInt8] {
        var text: [UInt8] = []
        append(to: &text, style, level: 0)
        return text
    }

    private func append(to text: inout [UInt8], _ style: Style, level: Int) {
        switch self {
        case .null: text.append(contentsOf: "null".utf8)
        case .bool(let value): text.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): text.append(contentsOf: String(value).utf8)
        case .double(let value): text.append(contentsOf: (value.isFinite ? "\(value)" : "null").utf8)
        case .string(let value): style.quoting.append(value, to: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                Self.separate(&text, index, style, level)
                element.append(to: &text, style, level: level + 1)
            }
            Self.close(&text, "]", isEmpty: elements.isEmpty, style, level)
        case .object(let object):
            text.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                Self.separate(&text, index, style, level)
                style.quoting.append(member.key, to: &text)
                text.append(contentsOf: (style.indent == nil ? ":" : ": ").utf8)
                member.value.append(to: &text, style, level: level + 1)
            }
            Self.close(&text, "}", isEmpty: object.isEmpty, style, level)
        }
    }

    private static func separate(_ text: inout [UInt8], _ index: Int, _ style: Style, _ level: Int) {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        line(&text, style, level + 1)
    }

    private static func close(_ text: inout [UInt8], _ bracket: Unicode.Scalar, isEmpty: Bool, _ style: Style, _ level: Int) {
        if !isEmpty { line(&text, style, level) }
        text.append(UInt8(ascii: bracket))
    }

    private static func line(_ text: inout [UInt8], _ style: Style, _ level: Int) {
        guard let indent = style.indent else { return }
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indent * level))
    }
}
