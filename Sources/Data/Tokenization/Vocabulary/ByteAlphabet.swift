/// GPT-2's printable stand-ins for the 256 bytes, in which `vocab.bpe`, `encoder.json` and `tokenizer.json` spell tokens.
///
/// Printable Latin-1 stands for itself, every other byte for the next code point from U+0100 on: a blank is `Ġ`,
/// a line feed `Ċ`.
enum ByteAlphabet {
    /// The stand-in of each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 0x100
        return (0...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(next)!
            }
        }
    }()

    /// All bytes in the order of their stand-ins' code points: the order of Hugging Face's trainer.
    static let bytesInScalarOrder: [UInt8] = (0..<0x144).compactMap { byte(ofCodePoint: $0) }

    /// The byte for which a code point stands, if any: `scalars` the other way round, without a table.
    @inline(__always)
    static func byte(ofCodePoint value: UInt32) -> UInt8? {
        switch value {
        case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: UInt8(truncatingIfNeeded: value)
        case 0x100...0x120: UInt8(truncatingIfNeeded: value &- 0x100)
        case 0x121...0x142: UInt8(truncatingIfNeeded: value &- 0x121 &+ 0x7F)
        case 0x143: 0xAD
        default: nil
        }
    }

    /// The bytes for which a token's spelling stands; nil when a character is no stand-in.
    static func bytes(of spelling: some StringProtocol) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in spelling.unicodeScalars {
            guard let byte = byte(ofCodePoint: scalar.value) else { return nil }
            result.append(byte)
        }
        return result
    }

    /// The spelling of a token.
    static func spelling(of bytes: some Sequence<UInt8>) -> String {
        var spelling = String.UnicodeScalarView()
        for byte in bytes { spelling.append(scalars[Int(byte)]) }
        return String(spelling)
    }
}
