/// Words of a text as a comparison of texts wants them: without regard to punctuation, spaces and the case of ASCII letters.
///
/// A word is a run of ASCII letters and digits and of other characters that are no spaces and no punctuation of the blocks where most of it is (Latin-1 below U+00C0,
/// general punctuation, CJK symbols, fullwidth forms). Scripts without spaces between words (Chinese, kana, Thai, Lao, Burmese, Khmer) have a word a
/// character. Bytes that are no UTF-8 are characters by themselves.
enum WordScanner {
    /// Calls `body` with a hash of each word, in their order.
    @inline(__always)
    static func forEachWord(_ text: UnsafeRawBufferPointer, _ body: (UInt64) -> Void) {
        let empty: UInt64 = 0xCBF2_9CE4_8422_2325
        var hash = empty
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte < 0x80 {
                index &+= 1
                // Bit 5 makes ASCII capitals small and leaves digits alone.
                let letter = byte | 0x20
                if letter &- 0x61 < 26 || byte &- 0x30 < 10 {
                    hash = (hash ^ UInt64(letter)) &* 0x0000_0100_0000_01B3
                } else if hash != empty {
                    body(mixed(hash))
                    hash = empty
                }
            } else {
                let (scalar, length) = scalar(text, index)
                index &+= length
                switch role(scalar) {
                case .part: hash = (hash ^ UInt64(scalar)) &* 0x0000_0100_0000_01B3
                case .gap, .whole:
                    if hash != empty { body(mixed(hash)) }
                    hash = empty
                    if role(scalar) == .whole { body(mixed((empty ^ UInt64(scalar)) &* 0x0000_0100_0000_01B3)) }
                }
            }
        }
        if hash != empty { body(mixed(hash)) }
    }

    /// Spreads the bits of a hash (the finaliser of SplitMix64).
    @inline(__always)
    static func mixed(_ word: UInt64) -> UInt64 {
        var word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    enum Role { case part, gap, whole }

    static func role(_ scalar: UInt32) -> Role {
        switch scalar {
        case 0xAA, 0xB5, 0xBA, 0xC0..<0x0E00: .part
        case 0x80..<0xC0, 0x2000..<0x2070, 0x3000..<0x3040, 0xFF00..<0xFF10, 0xFF1A..<0xFF21, 0xFF3B..<0xFF41, 0xFF5B..<0xFF66: .gap
        case 0x0E00..<0x0F00, 0x1000..<0x10A0, 0x1780..<0x1800, 0x3040..<0xA000, 0xF900..<0xFB00, 0x20000..<0x40000: .whole
        default: .part
        }
    }

    /// The character at a byte from 0x80 on, and its length; a byte that begins none is one of its own, above all of Unicode.
    private static func scalar(_ text: UnsafeRawBufferPointer, _ index: Int) -> (UInt32, Int) {
        let lead = text[index]
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard lead >= 0xC2, lead < 0xF5, text.count - index >= length else { return (0x11_0000 | UInt32(lead), 1) }
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for place in 1..<length {
            let byte = text[index + place]
            guard byte & 0xC0 == 0x80 else { return (0x11_0000 | UInt32(lead), 1) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        return (scalar, length)
    }
}
