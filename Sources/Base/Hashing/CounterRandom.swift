/// Random numbers that are functions of what they are for: no state, no order of draws, the same on every rank.
public enum CounterRandom {
    /// A word for a list of numbers.
    @inlinable
    public static func word(_ numbers: UInt64...) -> UInt64 { numbers.reduce(0x736C_7764_6174_6121) { SplitMix64.mix($0 ^ $1) } }

    /// A number in `0 ..< bound` (Lemire's multiplication; the bias is below bound / 2⁶⁴).
    @inlinable
    public static func below(_ bound: UInt64, _ word: UInt64) -> UInt64 { word.multipliedFullWidth(by: bound).high }

    /// A number in `0 ..< 1`, a multiple of 2⁻⁵³.
    @inlinable
    public static func uniform(_ word: UInt64) -> Double { Double(word >> 11) * 0x1p-53 }
}
