/// A permutation of `0 ..< count` with random access and no memory: a Feistel network on the smallest even number of bits (at least
/// eight) that holds `count`, walked along its cycle until it lands inside.
///
/// Eight rounds of a 64-bit mixer (the finaliser of SplitMix64 over half, key and round) make the four-round
/// Luby-Rackoff construction's distance from a random permutation irrelevant here; quality is measured in
/// `docs/determinism.md`. From 65 on the domain is less than four times `count`, so a look-up takes fewer than four walks on average.
/// O(1) time and memory.
public struct KeyedPermutation: Sendable, Equatable {
    public let count: Int
    private let key: UInt64
    private let halfBits: UInt64
    private let halfMask: UInt64

    /// - Parameter key: equal keys give equal permutations of equal counts.
    public init(count: Int, key: UInt64) {
        precondition(count >= 0, "a permutation needs a count")
        self.count = count
        self.key = key
        let bits = UInt64(Int.bitWidth - max(count - 1, 1).leadingZeroBitCount)
        // Halves of two bits do not generate every permutation, those of three leave a trace: chi-squares of small counts show it.
        halfBits = max((bits + 1) / 2, 4)
        halfMask = (1 << halfBits) - 1
    }

    /// Where `index` goes. Traps outside `0..<count`.
    public subscript(index: Int) -> Int {
        precondition(index >= 0 && index < count, "index outside the permutation")
        if count == 1 { return 0 }
        var value = UInt64(index)
        repeat { value = forward(value) } while value >= UInt64(count)
        return Int(value)
    }

    @inline(__always)
    private func forward(_ value: UInt64) -> UInt64 {
        var left = value >> halfBits
        var right = value & halfMask
        for round in 0..<8 as Range<UInt64> {
            (left, right) = (right, left ^ (CounterRandom.mix(right &+ key &+ round &* 0x9E37_79B9_7F4A_7C15) & halfMask))
        }
        return left << halfBits | right
    }
}

/// Random numbers that are functions of what they are for: no state, no order of draws, the same on every rank.
public enum CounterRandom {
    /// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit words that mixes well.
    @inlinable
    public static func mix(_ word: UInt64) -> UInt64 {
        var z = word &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A word for a list of numbers.
    @inlinable
    public static func word(_ numbers: UInt64...) -> UInt64 { numbers.reduce(0x736C_7764_6174_6121) { mix($0 ^ $1) } }

    /// A number in `0 ..< bound` (Lemire's multiplication; the bias is below bound / 2⁶⁴).
    @inlinable
    public static func below(_ bound: UInt64, _ word: UInt64) -> UInt64 { word.multipliedFullWidth(by: bound).high }
}
