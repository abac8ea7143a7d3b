import Hashing

/// Which characters of a string its JSON spelling has behind a backslash. All of them are read back alike.
public enum JSONQuoting: Sendable {
    /// Those that must be, and DEL and the separators U+2028 and U+2029, which some readers take for line ends: what this project writes.
    case readable
    /// Those that must be, each in its shortest spelling, as Hugging Face's `tokenizers` writes them.
    case shortest
    /// All but ASCII, as Python's `json.dumps` writes them.
    case ascii

    /// The string in quotes.
    public func quoted(_ string: String) -> String {
        var text: [UInt8] = []
        append(string, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    func append(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text.append(contentsOf: "\\\"".utf8)
            case "\\": text.append(contentsOf: "\\\\".utf8)
            case "\n": text.append(contentsOf: "\\n".utf8)
            case "\r": text.append(contentsOf: "\\r".utf8)
            case "\t": text.append(contentsOf: "\\t".utf8)
            case "\u{8}" where self != .readable: text.append(contentsOf: "\\b".utf8)
            case "\u{C}" where self != .readable: text.append(contentsOf: "\\f".utf8)
            case _ where escapes(scalar):
                for unit in UTF16.encode(scalar)! { text.append(contentsOf: "\\u\(Hexadecimal.text(unit))".utf8) }
            default: text.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
        text.append(UInt8(ascii: "\""))
    }

    private func escapes(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\u{0}"..<" ": true
        case "\u{7F}": self != .shortest
        case "\u{2028}", "\u{2029}": self != .shortest
        default: self == .ascii && scalar.value > 0x7E
        }
    }
}
