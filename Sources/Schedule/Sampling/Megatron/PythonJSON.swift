import JSON

/// `json.dumps(value, indent=4)` of Python, whose exact text Megatron hashes.
enum PythonJSON {
    static func text(_ value: JSONValue, indent: Int = 0) -> String {
        let inner = String(repeating: " ", count: indent + 4)
        let outer = String(repeating: " ", count: indent)
        switch value {
        case .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return String(number)
        case .double(let number): return number.description
        case .string(let string): return quoted(string)
        case .array(let elements):
            if elements.isEmpty { return "[]" }
            return "[\n" + elements.map { inner + text($0, indent: indent + 4) }.joined(separator: ",\n") + "\n" + outer + "]"
        case .object(let object):
            if object.isEmpty { return "{}" }
            let members = object.map { inner + quoted($0.key) + ": " + text($0.value, indent: indent + 4) }
            return "{\n" + members.joined(separator: ",\n") + "\n" + outer + "}"
        }
    }

    /// ASCII only, as `ensure_ascii` does: everything else as UTF-16 escapes.
    private static func quoted(_ string: String) -> String {
        var quoted = "\""
        for unit in string.utf16 {
            switch unit {
            case 0x22: quoted += "\\\""
            case 0x5C: quoted += "\\\\"
            case 0x0A: quoted += "\\n"
            case 0x0D: quoted += "\\r"
            case 0x09: quoted += "\\t"
            case 0x08: quoted += "\\b"
            case 0x0C: quoted += "\\f"
            case 0x20..<0x7F: quoted.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
