/// Which bytes stand side by side in some token that merges make, blanks as blanks.
///
/// Between two bytes that do so in none, no merge reaches: what it made would be such a token. So a text may be cut there, if a character ends there too, and the tokens of
/// the parts are those of the whole.
struct JoinedBytes: Sendable {
    /// A bit a pair, `first << 8 | second`.
    private(set) var pairs = [UInt64](repeating: 0, count: 1 << 10)

    /// Of no token.
    init() {}

    /// Joins the bytes within characters.
    mutating func joinWithinCharacters() {
        for first in 0..<256 { for second in 0x80..<0xC0 { set(UInt8(first), UInt8(second), true) } }
    }

    private mutating func set(_ first: UInt8, _ second: UInt8, _ isJoined: Bool) {
        let pair = Int(first) << 8 | Int(second)
        let bit: UInt64 = 1 << UInt64(pair & 63)
        if isJoined { pairs[pair >> 6] |= bit } else { pairs[pair >> 6] &= ~bit }
    }

    @inline(__always)
    func contains(_ first: UInt8, _ second: UInt8) -> Bool {
        let pair = Int(first) << 8 | Int(second)
        return pairs[pair >> 6] >> UInt64(pair & 63) & 1 != 0
    }

    /// Joins the bytes of a token, in which blanks are blanks.
    mutating func join(_ token: some Sequence<UInt8>) {
        var previous: UInt8?
        for byte in token {
            if let previous { set(previous, byte, true) }
            previous = byte
        }
    }

    /// Words begin with every blank, whatever merges say.
    mutating func cutBeforeBlanks() {
        for first in UInt8.min...UInt8.max { set(first, 0x20, false) }
    }

    /// Words begin with blanks alone.
    mutating func joinAllButBlanks() {
        for first in UInt8.min...UInt8.max { for second in UInt8.min...UInt8.max where second != 0x20 { set(first, second, true) } }
    }
}
