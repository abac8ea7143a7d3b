/// 128 bits that stand for a text: MurmurHash3 (Appleby), x64 variant, seed 0.
///
/// Among 10¹⁰ texts the chance that any two different ones share a hash is below 10⁻¹⁸. It is not cryptographic: who writes a text may make two that collide, which
/// would cost them one of theirs.
struct ContentHash: Hashable, Sendable {
    var low: UInt64
    var high: UInt64

    init(_ text: UnsafeRawBufferPointer) {
        let (c1, c2): (UInt64, UInt64) = (0x87C3_7B91_1142_53D5, 0x4CF5_AD43_2745_937F)
        var (h1, h2): (UInt64, UInt64) = (0, 0)
        func mixed1(_ word: UInt64) -> UInt64 { Self.rotate(word &* c1, 31) &* c2 }
        func mixed2(_ word: UInt64) -> UInt64 { Self.rotate(word &* c2, 33) &* c1 }
        var index = 0
        while text.count &- index >= 16 {
            h1 ^= mixed1(UInt64(littleEndian: text.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
            h1 = (Self.rotate(h1, 27) &+ h2) &* 5 &+ 0x52DC_E729
            h2 ^= mixed2(UInt64(littleEndian: text.loadUnaligned(fromByteOffset: index &+ 8, as: UInt64.self)))
            h2 = (Self.rotate(h2, 31) &+ h1) &* 5 &+ 0x3849_5AB5
            index &+= 16
        }
        var (tail1, tail2): (UInt64, UInt64) = (0, 0)
        for place in index..<text.count {
            let byte = UInt64(text[place])
            if place - index < 8 { tail1 |= byte << UInt64(8 * (place - index)) } else { tail2 |= byte << UInt64(8 * (place - index - 8)) }
        }
        h1 ^= mixed1(tail1) ^ UInt64(text.count)
        h2 ^= mixed2(tail2) ^ UInt64(text.count)
        h1 &+= h2
        h2 &+= h1
        h1 = Self.finished(h1)
        h2 = Self.finished(h2)
        h1 &+= h2
        low = h1
        high = h2 &+ h1
    }

    private static func rotate(_ word: UInt64, _ count: UInt64) -> UInt64 { (word << count) | (word >> (64 - count)) }

    private static func finished(_ word: UInt64) -> UInt64 {
        var word = (word ^ (word >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        word = (word ^ (word >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return word ^ (word >> 33)
    }
}
