/// GPT-2's pre-tokenizer as one pass over bytes: a table for ASCII, cached classes for the rest.
///
/// Equal to `ReferencePreTokenizer` on valid text; a byte that is not part of valid UTF-8 counts as a symbol.
struct PreTokenScanner {
    /// What the pattern tells apart.
    enum Class {
        static let other: UInt8 = 0
        static let letter: UInt8 = 1
        static let number: UInt8 = 2
        static let space: UInt8 = 3
        static let unknown: UInt8 = 255
    }

    /// Class by code point; pages of it become known as texts need them.
    private var classes: [UInt8]

    init() {
        classes = [UInt8](repeating: Class.unknown, count: 0x110000)
        for value in 0..<UInt32(0x80) { classes[Int(value)] = Self.classify(Unicode.Scalar(value)!) }
    }

    private static func classify(_ scalar: Unicode.Scalar) -> UInt8 {
        if scalar.properties.isWhitespace { return Class.space }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return Class.letter
        case .decimalNumber, .letterNumber, .otherNumber: return Class.number
        default: return Class.other
        }
    }

    /// Calls `body` with the offset and the length of each pre-token of `text`.
    @inline(__always)
    mutating func forEachPreToken(in text: UnsafeBufferPointer<UInt8>, _ body: (Int, Int) -> Void) {
        guard let bytes = text.baseAddress else { return }
        let end = text.count
        classes.withUnsafeMutableBufferPointer { table in
            let classes = table.baseAddress!
            var first = 0
            while first < end {
                var next = first
                if bytes[first] == UInt8(ascii: "'") {
                    let length = Self.contraction(bytes + first, end - first)
                    if length > 0 {
                        body(first, length)
                        first += length
                        continue
                    }
                }
                var kind = Self.advance(bytes, &next, end, classes)
                if kind == Class.space {
                    // A blank belongs to the word that follows; of several blanks the last one does.
                    var last = first
                    while next < end {
                        var after = next
                        kind = Self.advance(bytes, &after, end, classes)
                        if kind != Class.space { break }
                        last = next
                        next = after
                    }
                    if next < end, last > first {
                        body(first, last - first)
                        first = last
                    }
                    if next == end || bytes[first] != 0x20 {
                        body(first, next - first)
                        first = next
                        continue
                    }
                    kind = Self.advance(bytes, &next, end, classes)
                }
                while next < end {
                    var after = next
                    if Self.advance(bytes, &after, end, classes) != kind { break }
                    next = after
                }
                body(first, next - first)
                first = next
            }
        }
    }

    /// Moves `offset` over one character and returns its class.
    @inline(__always)
    private static func advance(
        _ bytes: UnsafePointer<UInt8>, _ offset: inout Int, _ end: Int, _ classes: UnsafeMutablePointer<UInt8>
    ) -> UInt8 {
        let byte = bytes[offset]
        if byte < 0x80 {
            offset &+= 1
            return classes[Int(byte)]
        }
        return advanceBeyondASCII(bytes, &offset, end, classes)
    }

    @inline(never)
    private static func advanceBeyondASCII(
        _ bytes: UnsafePointer<UInt8>, _ offset: inout Int, _ end: Int, _ classes: UnsafeMutablePointer<UInt8>
    ) -> UInt8 {
        let lead = bytes[offset]
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        var value = UInt32(lead) & (0x7F >> UInt32(length))
        guard lead >= 0xC2, lead < 0xF5, offset + length <= end else {
            offset += 1
            return Class.other
        }
        for index in 1..<length {
            let byte = bytes[offset + index]
            guard byte & 0xC0 == 0x80 else {
                offset += 1
                return Class.other
            }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard let scalar = Unicode.Scalar(value), scalar.utf8.count == length else {
            offset += 1
            return Class.other
        }
        offset += length
        if classes[Int(value)] == Class.unknown { classes[Int(value)] = classify(scalar) }
        return classes[Int(value)]
    }

    /// The length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at `bytes`, else 0.
    private static func contraction(_ bytes: UnsafePointer<UInt8>, _ readable: Int) -> Int {
        guard readable > 1 else { return 0 }
        switch bytes[1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"): return readable > 2 && bytes[2] == UInt8(ascii: "e") ? 3 : 0
        case UInt8(ascii: "l"): return readable > 2 && bytes[2] == UInt8(ascii: "l") ? 3 : 0
        default: return 0
        }
    }
}
