/// Damages files as broken disks, careless tools and hostile people do. Seeded: the same damage again for the same seed and file.
public struct Mutator {
    public var generator: SeededGenerator

    /// Numbers at which arithmetic breaks.
    static let extremes = [
        "0", "-0", "-1", "1", "255", "65536", "2147483647", "2147483648", "-2147483649", "4294967296", "4611686018427387904",
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551616",
        "99999999999999999999999999999999999999", "1e308", "-1e308", "1e999", "0.5", "1e-320",
    ]

    /// Pieces of JSON that are not what somebody expected there.
    static let strangers = ["null", "true", "[]", "{}", "\"\"", "[[]]", "{\"\":0}", "\"\\u0000\"", "\"\\ud800\"", "NaN", "[1,-1]"]

    public init(seed: UInt64) { generator = SeededGenerator(seed) }

    /// One to three kinds of damage, one upon the other.
    public mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<number(1...3) { damage(&bytes) }
        return bytes
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

    private mutating func damage(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return bytes = (0..<number(0...40)).map { _ in UInt8(number(0...255)) } }
        let place = number(0...bytes.count - 1)
        switch number(0...11) {
        case 0: bytes[place] ^= 1 << UInt8(number(0...7))
        case 1: bytes[place] = UInt8(number(0...255))
        case 2: bytes.removeLast(bytes.count - place)
        case 3: bytes.removeSubrange(piece(of: bytes))
        case 4:
            let piece = bytes[piece(of: bytes)]
            bytes.insert(contentsOf: piece, at: place)
        case 5: swapPieces(of: &bytes)
        case 6: bytes.insert(contentsOf: (0..<number(1...16)).map { _ in UInt8(number(0...255)) }, at: place)
        case 7: overwrite(&bytes)
        case 8: replaceValue(of: &bytes)
        default: replaceNumber(of: &bytes)
        }
    }

    /// Mostly short: a large piece is a cut, and that is tried anyway.
    private mutating func piece(of bytes: [UInt8]) -> Range<Int> {
        let start = number(0...bytes.count - 1)
        return start..<min(bytes.count, start + number(1...(number(0...3) == 0 ? 1024 : 24)))
    }

    private mutating func swapPieces(of bytes: inout [UInt8]) {
        let pieces = [piece(of: bytes), piece(of: bytes)].sorted { $0.lowerBound < $1.lowerBound }
        guard pieces[0].upperBound <= pieces[1].lowerBound else { return }
        let (first, second) = (Array(bytes[pieces[0]]), Array(bytes[pieces[1]]))
        bytes.replaceSubrange(pieces[1], with: first)
        bytes.replaceSubrange(pieces[0], with: second)
    }

    /// A binary number of 1, 2, 4 or 8 bytes, where numbers of that size are likely to be.
    private mutating func overwrite(_ bytes: inout [UInt8]) {
        let width = [1, 2, 4, 8][number(0...3)]
        let value = [0, 1, UInt64.max, 1 << 63, 1 << 62, 1 << 31, 1 << 32, 0x7FFF_FFFF, 0x1555_5555_5555_5556][number(0...8)]
        let place = number(0...(bytes.count - 1) / width) * width
        for byte in 0..<min(width, bytes.count - place) { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
    }

    /// Puts an extreme in the place of a number that is written out in digits, wherever there is one.
    private mutating func replaceNumber(of bytes: inout [UInt8]) {
        func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
        var start = number(0...bytes.count - 1)
        guard let found = bytes[start...].firstIndex(where: isDigit) ?? bytes.firstIndex(where: isDigit) else { return overwrite(&bytes) }
        start = found
        while start > 0, isDigit(bytes[start - 1]) { start -= 1 }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Array(Self.extremes[number(0...Self.extremes.count - 1)].utf8))
    }

    /// Puts another value of JSON in the place of what stands behind a colon or a comma.
    private mutating func replaceValue(of bytes: inout [UInt8]) {
        let marks = Set(":,[".utf8)
        guard let mark = bytes[number(0...bytes.count - 1)...].firstIndex(where: marks.contains) else { return }
        let ends = Set(",]}\n".utf8)
        let end = bytes[(mark + 1)...].firstIndex(where: ends.contains) ?? bytes.count
        bytes.replaceSubrange(mark + 1..<end, with: Array(Self.strangers[number(0...Self.strangers.count - 1)].utf8))
    }
}
