internal import Hashing

/// A SentencePiece model's table of normalisation: which stretches of text become which others, the longest stretch at each place first.
///
/// The file's `precompiled_charsmap` (sentencepiece, src/normalizer.cc): the size of a trie in bytes, the trie as a double array (darts-clone), and the texts that stand for the stretches, each
/// with a zero behind it. Whatever the bytes are, no look-up leaves them.
struct CharacterChart: Sendable {
    private let units: [UInt32]
    private let texts: [UInt8]
    /// Where a stretch may begin, by first byte.
    private let isFirst: [Bool]
    /// Equal for equal charts.
    let digest: UInt64

    /// As SentencePiece looks at no more stretches that begin at one place.
    private static let mostMatches = 32

    /// Nil if the bytes are no chart.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 4 else { return nil }
        let trieSize = Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        guard trieSize >= 4, trieSize % 4 == 0, trieSize < bytes.count - 4, bytes.last == 0 else { return nil }
        let units = (0..<trieSize / 4).map {
            UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 + 4 * $0, as: UInt32.self))
        }
        texts = Array(bytes[(4 + trieSize)...])
        self.units = units
        digest = XXHash64.hash(bytes)
        isFirst = (0..<UInt32(256)).map { byte in
            let place = Self.offset(units[0]) ^ byte
            return place < units.count && Self.label(units[Int(place)]) == byte
        }
    }

    // The parts of a unit of the double array: 1 bit value or not, 1 bit shift of the offset, 21 bits offset, 1 bit has a value, 8 bits label.
    private static func label(_ unit: UInt32) -> UInt32 { unit & 0x8000_00FF }
    private static func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 0x200) >> 6) }

    /// Whether anything is replaced at a place that begins with this byte.
    @inline(__always)
    func mayReplace(_ first: UInt8) -> Bool { isFirst[Int(first)] }

    /// The longest stretch from `start` on that the chart has: its length, and the place in `text(_:)` of what it becomes.
    func longest(in text: UnsafeRawBufferPointer, from start: Int) -> (length: Int, text: Int)? {
        units.withUnsafeBufferPointer { units in
            var found: (length: Int, text: Int)?
            var matches = 0
            var place = Self.offset(units[0])
            for index in start..<text.count {
                place ^= UInt32(text[index])
                guard place < units.count, Self.label(units[Int(place)]) == UInt32(text[index]) else { break }
                let unit = units[Int(place)]
                place ^= Self.offset(unit)
                if unit & 0x100 != 0 {
                    guard place < units.count, matches < Self.mostMatches else { break }
                    let value = Int(units[Int(place)] & 0x7FFF_FFFF)
                    guard value < texts.count else { break }
                    matches += 1
                    found = (index + 1 - start, value)
                }
            }
            return found
        }
    }

    /// Calls `body` with the text at a place that `longest(in:from:)` gave.
    func withText(_ place: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        texts.withUnsafeBytes { texts in
            let end = texts[place...].firstIndex(of: 0) ?? texts.count
            body(UnsafeRawBufferPointer(rebasing: texts[place..<end]))
        }
    }
}
