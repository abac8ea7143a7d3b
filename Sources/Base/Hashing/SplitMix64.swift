/// SplitMix64 (Steele, Lea, Flood 2014): a generator of 64-bit words whose n-th word is a function of seed and n, and the mixer that makes it.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    /// What the state grows by: the golden ratio times 2⁶⁴, odd.
    @inlinable
    public static var increment: UInt64 { 0x9E37_79B9_7F4A_7C15 }

    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        let word = Self.mix(state)
        state &+= Self.increment
        return word
    }

    /// The first word of the generator with this seed: a bijection of 64-bit words that mixes well.
    @inlinable @inline(__always)
    public static func mix(_ word: UInt64) -> UInt64 { finalize(word &+ increment) }

    /// The finaliser alone, which leaves 0 where it is.
    @inlinable @inline(__always)
    public static func finalize(_ word: UInt64) -> UInt64 {
        var word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
