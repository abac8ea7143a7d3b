/// NumPy's `SeedSequence` over one number: words of good quality from a seed, however small, as NumPy's generators begin with them.
///
/// Source: NumPy `numpy/random/bit_generator.pyx`, after M. E. O'Neill's "Developing a seed_seq alternative".
public struct SeedSequence: Sendable {
    private var pool: [UInt32]

    /// The sequence of `SeedSequence(entropy)`.
    public init(_ entropy: UInt64) {
        let words = [UInt32(truncatingIfNeeded: entropy), UInt32(entropy >> 32)]
        var factor: UInt32 = 0x43B0_D7E5
        func hash(_ word: UInt32) -> UInt32 {
            var word = word ^ factor
            factor = factor &* 0x931E_8875
            word = word &* factor
            return word ^ (word >> 16)
        }
        pool = (0..<4).map { hash($0 < words.count ? words[$0] : 0) }
        for source in 0..<4 {
            for target in 0..<4 where target != source { pool[target] = Self.mix(pool[target], hash(pool[source])) }
        }
    }

    private static func mix(_ a: UInt32, _ b: UInt32) -> UInt32 {
        let word = 0xCA01_F9DD &* a &- 0x4973_F715 &* b
        return word ^ (word >> 16)
    }

    /// The first `count` words of `generate_state`.
    public func words(_ count: Int) -> [UInt32] {
        var factor: UInt32 = 0x8B51_F9DD
        return (0..<count).map { index in
            var word = pool[index % 4] ^ factor
            factor = factor &* 0x58F3_8DED
            word = word &* factor
            return word ^ (word >> 16)
        }
    }
}
