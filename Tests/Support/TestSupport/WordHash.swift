/// FNV-1a, 64 bits, over 32-bit words: what `Fixtures/frozen` names batches and files by. Of the tests alone, so that no code that is
/// tested decides it.
public struct WordHash: Sendable {
    public private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    public init() {}

    public mutating func update(_ word: UInt32) { value = (value ^ UInt64(word)) &* 0x100_0000_01B3 }

    public mutating func update(_ number: Int) { update(UInt32(truncatingIfNeeded: number)) }

    public mutating func update(_ words: some Sequence<Int32>) { for word in words { update(UInt32(bitPattern: word)) } }

    /// Another hash, low word first.
    public mutating func update(_ hash: WordHash) {
        update(UInt32(truncatingIfNeeded: hash.value))
        update(UInt32(truncatingIfNeeded: hash.value >> 32))
    }

    /// Sixteen digits.
    public var text: String { hexadecimal(value) }
}

/// Sixteen digits, as a digest is written.
public func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
