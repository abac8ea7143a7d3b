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

    /// The byte that each code point below U+0144 stands for; nil for those that are no stand-in.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
        return bytes
    }()

    /// All bytes in the order of their stand-ins' code points: the order of Hugging Face's trainer.
    static let bytesInScalarOrder: [UInt8] = bytes.compactMap { $0 }

    /// The byte for which `scalar` stands, if any.
    static func byte(of scalar: Unicode.Scalar) -> UInt8? { scalar.value < 0x144 ? bytes[Int(scalar.value)] : nil }

    /// The bytes for which a token's spelling stands; nil when a character is no stand-in.
    static func bytes(of spelling: some StringProtocol) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in spelling.unicodeScalars {
            guard let byte = byte(of: scalar) else { return nil }
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
