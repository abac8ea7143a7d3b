/// The symbol of each character: its token, or for a character that no token spells itself with a mark.
struct CharacterTable: Sendable {
    /// Symbols that are no tokens: characters that no token spells.
    static let unspelled: UInt32 = 1 << 31

    /// By code point / 128, the number of its page; page 0 has no token.
    private var numbers = [UInt16](repeating: 0, count: 0x110000 >> 7)
    private var pages = [UInt32](repeating: unspelled, count: 128)

    init() {}

    /// Records that a token spells a character.
    mutating func insert(_ scalar: UInt32, _ id: TokenID) {
        if numbers[Int(scalar >> 7)] == 0 {
            numbers[Int(scalar >> 7)] = UInt16(pages.count / 128)
            pages += [UInt32](repeating: Self.unspelled, count: 128)
        }
        pages[Int(numbers[Int(scalar >> 7)]) << 7 | Int(scalar & 127)] = id
    }

    /// The symbol of a code point below 0x110000.
    @inline(__always)
    func symbol(_ scalar: UInt32) -> UInt32 {
        let symbol = pages[Int(numbers[Int(scalar >> 7)]) << 7 | Int(scalar & 127)]
        return symbol == Self.unspelled ? scalar | Self.unspelled : symbol
    }
}
