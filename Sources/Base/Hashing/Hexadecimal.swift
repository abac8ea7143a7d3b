/// Bytes and words in hexadecimal digits.
public enum Hexadecimal {
    /// All 16 digits of a word, lower case.
    public static func text(_ word: UInt64) -> String { padded(String(word, radix: 16), 16) }

    /// The four digits of a UTF-16 code unit, lower case.
    public static func text(_ unit: UInt16) -> String { padded(String(unit, radix: 16), 4) }

    /// The two digits of a byte, upper case as in messages about bytes.
    public static func text(_ byte: UInt8) -> String { padded(String(byte, radix: 16, uppercase: true), 2) }

    /// Two digits a byte, lower case.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The bytes that ``text(_:)-(Sequence)`` spelled; nil when the text is no such spelling.
    public static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count % 2 == 0, !digits.contains(nil) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) }
    }

    private static func padded(_ digits: String, _ width: Int) -> String { String(repeating: "0", count: width - digits.count) + digits }
}
