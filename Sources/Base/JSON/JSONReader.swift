import CByteScan
import Hashing

/// What a JSON value is, told by its first byte.
public enum JSONKind: String, Sendable { case null, bool, number, string, array, object }

/// A strict pull parser (RFC 8259) over bytes in memory. Nothing is built for what the caller does not ask for, and
/// everything that is passed over is checked all the same, UTF-8 included.
///
///     var reader = JSONReader(bytes)
///     try reader.beginObject()
///     while let key = try reader.nextKey() {
///         if key.elementsEqual("vocab".utf8) { … }   // a value that is not read is skipped
///     }
///     try reader.finish()
///
/// The bytes must stay alive and unchanged while the reader is used. Duplicate keys are shown as they come.
public struct JSONReader {
    /// The limit of nesting that no `maximumDepth` can exceed.
    public static let deepest = 1024

    let base: UnsafePointer<UInt8>
    let count: Int
    let maximumDepth: Int
    /// Whether strings are checked here; a caller that has validated the whole text need not pay twice.
    let validatesUTF8: Bool
    let level: json_level
    /// The next byte to be read.
    public internal(set) var byteOffset = 0
    var depth = 0
    /// `NaN`, `Infinity` and `-Infinity` are passed over in values that are not read.
    var passesNonNumbers = false
    /// A value has just ended: a comma or a closing bracket must follow.
    private var isAfterValue = false
    /// ``nextKey()`` or ``nextElement()`` promised a value that was not read yet.
    private var hasPendingValue = false
    private var scratch: [UInt8] = []

    /// `maximumDepth`: how many arrays and objects may be open at once, at most ``deepest``.
    public init(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int = 512) {
        self.init(bytes, maximumDepth: maximumDepth, validatesUTF8: true, level: JSONLevel.best)
    }

    /// Checks that all of `bytes` is valid UTF-8 before anything is read: for texts of many short strings.
    public init(validating bytes: UnsafeRawBufferPointer, maximumDepth: Int = 512) throws(JSONError) {
        self.init(bytes, maximumDepth: maximumDepth, validatesUTF8: false, level: JSONLevel.best)
        let valid = json_valid_utf8_prefix(base, count, level)
        guard valid == count else { throw utf8Error(at: valid) }
    }

    init(_ bytes: UnsafeRawBufferPointer, maximumDepth: Int, validatesUTF8: Bool, level: json_level) {
        base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? Self.nothing
        count = bytes.count
        self.maximumDepth = min(maximumDepth, Self.deepest)
        self.validatesUTF8 = validatesUTF8
        self.level = level
    }

    /// An error at the current place, for callers that find a value wrong in their own terms.
    public func error(_ reason: String) -> JSONError { JSONError(byteOffset: byteOffset, reason: reason) }

    // MARK: structure

    /// The kind of the next value.
    public mutating func kind() throws(JSONError) -> JSONKind {
        skipBlanks()
        guard byteOffset < count else { throw error("the text ends where a value should be") }
        switch base[byteOffset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), 0x30...0x39: return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "N"), UInt8(ascii: "I"): throw error("expected a value, found \(found) (NaN and Infinity are no JSON)")
        default: throw error("expected a value, found \(found)")
        }
    }

    /// Whether the next value is an object. What is no value is left to whoever reads it.
    mutating func isObject() -> Bool {
        skipBlanks()
        return byteOffset < count && base[byteOffset] == UInt8(ascii: "{")
    }

    /// The word that comes next when it is one of those that Python writes for what is no number.
    mutating func nonNumber() -> StaticString? {
        skipBlanks()
        guard byteOffset < count else { return nil }
        switch base[byteOffset] {
        case UInt8(ascii: "N"): return "NaN"
        case UInt8(ascii: "I"): return "Infinity"
        case UInt8(ascii: "-") where byteOffset + 1 < count && base[byteOffset + 1] == UInt8(ascii: "I"): return "-Infinity"
        default: return nil
        }
    }

    /// Enters an object; ``nextKey()`` gives its keys one after the other.
    public mutating func beginObject() throws(JSONError) { try open(UInt8(ascii: "{"), "an object") }

    /// The decoded bytes of the next key, or nil behind the last one. They stay valid until the next string is read.
    public mutating func nextKey() throws(JSONError) -> UnsafeRawBufferPointer? {
        guard let (start, length, hasEscapes) = try nextRawKey() else { return nil }
        return try decoded(start, length, hasEscapes)
    }

    /// Where the next key is in the text, not decoded.
    mutating func nextRawKey() throws(JSONError) -> (start: Int, length: Int, hasEscapes: Bool)? {
        if try closes(UInt8(ascii: "}")) { return nil }
        guard byteOffset < count, base[byteOffset] == UInt8(ascii: "\"") else { throw error("expected a key in quotes, found \(found)") }
        let key = try passString()
        skipBlanks()
        guard byteOffset < count, base[byteOffset] == UInt8(ascii: ":") else { throw error("expected ':' after a key, found \(found)") }
        byteOffset += 1
        isAfterValue = false
        hasPendingValue = true
        return key
    }

    /// Enters an array; ``nextElement()`` tells whether another element follows.
    public mutating func beginArray() throws(JSONError) { try open(UInt8(ascii: "["), "an array") }

    /// Whether another element follows. One that is not read is skipped.
    public mutating func nextElement() throws(JSONError) -> Bool {
        if try closes(UInt8(ascii: "]")) { return false }
        isAfterValue = false
        hasPendingValue = true
        return true
    }

    /// Calls `body` with each key of the object that comes next and the reader before its value.
    public mutating func forEachMember(
        _ body: (UnsafeRawBufferPointer, inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        try beginObject()
        while let key = try nextKey() { try body(key, &self) }
    }

    /// Calls `body` before each element of the array that comes next.
    public mutating func forEachElement(_ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        try beginArray()
        while try nextElement() { try body(&self) }
    }

    /// Checks that only white space is left.
    public mutating func finish() throws(JSONError) {
        skipBlanks()
        guard byteOffset == count else { throw error("expected the end of the text, found \(found)") }
    }

    private mutating func open(_ bracket: UInt8, _ what: String) throws(JSONError) {
        skipBlanks()
        guard byteOffset < count, base[byteOffset] == bracket else { throw error("expected \(what), found \(found)") }
        depth += 1
        guard depth <= maximumDepth else { throw error("nested deeper than \(maximumDepth)") }
        byteOffset += 1
        isAfterValue = false
        hasPendingValue = false
    }

    /// Moves to the next member or behind the closing bracket.
    private mutating func closes(_ bracket: UInt8) throws(JSONError) -> Bool {
        if hasPendingValue { try skipValue() }
        skipBlanks()
        guard byteOffset < count else { throw error("the text ends inside an \(bracket == UInt8(ascii: "}") ? "object" : "array")") }
        if base[byteOffset] == bracket {
            byteOffset += 1
            depth -= 1
            endValue()
            return true
        }
        if isAfterValue {
            guard base[byteOffset] == UInt8(ascii: ",") else {
                throw error("expected ',' or '\(Character(Unicode.Scalar(bracket)))', found \(found)")
            }
            byteOffset += 1
            skipBlanks()
            if byteOffset < count, base[byteOffset] == bracket { throw error("a comma before '\(Character(Unicode.Scalar(bracket)))'") }
        }
        return false
    }

    mutating func endValue() {
        isAfterValue = true
        hasPendingValue = false
    }

    // MARK: strings

    /// The decoded bytes of the string that comes next, valid UTF-8. They stay valid until the next string is read.
    public mutating func readStringBytes() throws(JSONError) -> UnsafeRawBufferPointer {
        guard try kind() == .string else { throw error("expected a string, found \(found)") }
        let (start, length, hasEscapes) = try passString()
        endValue()
        return try decoded(start, length, hasEscapes)
    }

    /// The string that comes next.
    public mutating func readString() throws(JSONError) -> String { String(decoding: try readStringBytes(), as: UTF8.self) }

    /// The text of a string that was passed; copied only when there is something to decode.
    private mutating func decoded(_ start: Int, _ length: Int, _ hasEscapes: Bool) throws(JSONError) -> UnsafeRawBufferPointer {
        let raw = UnsafeRawBufferPointer(start: base + start, count: length)
        guard hasEscapes else { return raw }
        if scratch.count < length + 65 { scratch = [UInt8](repeating: 0, count: max(256, 2 * length + 65)) }
        var (consumed, produced) = (0, 0)
        // The array is ours and is not touched before the next string: its storage does not move.
        let storage = scratch.withUnsafeMutableBufferPointer { $0.baseAddress! }
        let status = json_copy_string(base + start, length + 1, storage, &consumed, &produced, level)
        guard status == json_ok else { throw stringError(status, at: start + consumed) }
        return UnsafeRawBufferPointer(start: storage, count: produced)
    }

    /// Checks a string and moves behind it; the range is that of its body.
    mutating func passString() throws(JSONError) -> (start: Int, length: Int, hasEscapes: Bool) {
        let start = byteOffset + 1
        var consumed = 0
        var hasEscapes: Int32 = 0
        let status = json_skip_string(base + start, count - start, &consumed, &hasEscapes, level)
        guard status == json_ok else { throw stringError(status, at: start + consumed) }
        if validatesUTF8 {
            let valid = json_valid_utf8_prefix(base + start, consumed, level)
            guard valid == consumed else { throw utf8Error(at: start + valid) }
        }
        byteOffset = start + consumed + 1
        return (start, consumed, hasEscapes != 0)
    }

    /// The error for a string that ends with `status` at `place`.
    func stringError(_ status: json_status, at place: Int) -> JSONError {
        func around(_ length: Int) -> String {
            String(
                decoding: UnsafeBufferPointer(start: base + place, count: min(length, count - place)).prefix { $0 > 0x20 && $0 < 0x7F },
                as: UTF8.self)
        }
        let reason =
            switch status {
            case json_unterminated: "a string has no closing quote"
            case json_control_character: "control character 0x\(Hexadecimal.text(base[place])) in a string must be escaped"
            case json_bad_escape: "\(around(2)) is no escape"
            case json_bad_unicode_escape: "\\u needs four hexadecimal digits"
            case json_lone_surrogate: "\(around(6)) is half of a surrogate pair and has no UTF-8 form"
            default: "malformed string"
            }
        return JSONError(byteOffset: min(place, count), reason: reason, isInvalidText: status == json_lone_surrogate)
    }

    /// The error for a malformed UTF-8 sequence at `place`.
    func utf8Error(at place: Int) -> JSONError {
        JSONError(byteOffset: place, reason: "byte 0x\(Hexadecimal.text(base[place])) is not valid UTF-8 here", isInvalidText: true)
    }

    // MARK: scalars

    /// The integer that comes next; fractions and exponents are refused, as is what does not fit.
    public mutating func readInteger() throws(JSONError) -> Int64 {
        guard try kind() == .number else { throw error("expected an integer, found \(found)") }
        let start = byteOffset
        guard let value = try passNumber() else {
            throw JSONError(byteOffset: start, reason: "expected an integer of at most 64 bits")
        }
        endValue()
        return value
    }

    /// The number that comes next, rounded to the nearest double.
    public mutating func readDouble() throws(JSONError) -> Double {
        guard try kind() == .number else { throw error("expected a number, found \(found)") }
        let start = byteOffset
        _ = try passNumber()
        endValue()
        return Double(String(decoding: UnsafeBufferPointer(start: base + start, count: byteOffset - start), as: UTF8.self))!
    }

    /// The `true` or `false` that comes next.
    public mutating func readBool() throws(JSONError) -> Bool {
        guard try kind() == .bool else { throw error("expected true or false, found \(found)") }
        let value = base[byteOffset] == UInt8(ascii: "t")
        try passLiteral(value ? "true" : "false")
        endValue()
        return value
    }

    /// Reads a `null` and returns true, or leaves any other value where it is.
    public mutating func readNull() throws(JSONError) -> Bool {
        guard try kind() == .null else { return false }
        try passLiteral("null")
        endValue()
        return true
    }

    mutating func passLiteral(_ word: StaticString) throws(JSONError) {
        let length = word.utf8CodeUnitCount
        for index in 0..<length where byteOffset + index >= count || base[byteOffset + index] != word.utf8Start[index] {
            throw error("expected a value, found \(found)")
        }
        byteOffset += length
    }

    /// Checks a number and moves behind it; the value when it is an integer of 64 bits.
    mutating func passNumber() throws(JSONError) -> Int64? {
        var index = byteOffset
        let isNegative = base[index] == UInt8(ascii: "-")
        if isNegative { index += 1 }
        var value: Int64 = 0
        var fits = true
        let first = index
        while index < count, let digit = Self.digit(base[index]) {
            let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, spilled) = tens.subtractingReportingOverflow(digit)  // negative: has room for Int64.min
            fits = fits && !overflowed && !spilled
            value = sum
            index += 1
        }
        guard index > first else { throw JSONError(byteOffset: index, reason: "a number needs a digit here") }
        guard base[first] != 0x30 || index == first + 1 else { throw JSONError(byteOffset: first, reason: "a number may not begin with 0") }
        if index < count, base[index] == UInt8(ascii: ".") {
            fits = false
            index = try passDigits(index + 1)
        }
        if index < count, base[index] | 0x20 == UInt8(ascii: "e") {
            fits = false
            index += 1
            if index < count, base[index] == UInt8(ascii: "+") || base[index] == UInt8(ascii: "-") { index += 1 }
            index = try passDigits(index)
        }
        byteOffset = index
        guard fits, isNegative || value != .min else { return nil }
        return isNegative ? value : -value
    }

    private func passDigits(_ start: Int) throws(JSONError) -> Int {
        var index = start
        while index < count, Self.digit(base[index]) != nil { index += 1 }
        guard index > start else { throw JSONError(byteOffset: index, reason: "a number needs a digit here") }
        return index
    }

    private static func digit(_ byte: UInt8) -> Int64? { byte >= 0x30 && byte <= 0x39 ? Int64(byte &- 0x30) : nil }

    mutating func skipBlanks() {
        while byteOffset < count {
            let byte = base[byteOffset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
            byteOffset += 1
            // The indentation of a pretty text, a word at a time.
            while byteOffset + 8 <= count {
                let word = UInt64(littleEndian: UnsafeRawPointer(base + byteOffset).loadUnaligned(as: UInt64.self))
                let blanks = (word ^ 0x2020_2020_2020_2020).trailingZeroBitCount / 8
                byteOffset += blanks
                if blanks < 8 { break }
            }
        }
    }

    // MARK: words

    /// What stands at the current place, for a message.
    var found: String {
        guard byteOffset < count else { return "the end of the text" }
        let byte = base[byteOffset]
        return byte > 0x20 && byte < 0x7F ? "'\(Character(Unicode.Scalar(byte)))'" : "byte 0x\(Hexadecimal.text(byte))"
    }

    /// A place to point at when there are no bytes; never read.
    private nonisolated(unsafe) static let nothing: UnsafePointer<UInt8> = {
        let byte = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
        byte.initialize(to: 0)
        return UnsafePointer(byte)
    }()
}

/// The vector level of this machine, asked once.
enum JSONLevel { static let best = json_best_level() }
