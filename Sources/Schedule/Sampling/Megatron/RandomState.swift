/// NumPy's `RandomState`: the Mersenne Twister MT19937 with the seeding and the bounded draws that
/// `numpy.random.RandomState(seed).shuffle` uses, bit for bit.
///
/// Megatron shuffles documents and samples with it, so a run's order can only be reproduced with the same generator.
/// Source: NumPy `numpy/random/mtrand.pyx` (`shuffle`), `src/legacy/legacy-distributions.c` (`random_interval`).
public struct RandomState: Sendable {
    private static let wordCount = 624
    private static let middle = 397

    private var words: [UInt32]
    private var position: Int

    /// A generator in the state of `numpy.random.RandomState(seed)`.
    public init(seed: UInt32) {
        words = [UInt32](repeating: seed, count: Self.wordCount)
        for index in 1..<Self.wordCount {
            let previous = words[index - 1]
            words[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
        }
        position = Self.wordCount
    }

    /// The next tempered 32-bit output.
    public mutating func nextUInt32() -> UInt32 {
        if position == Self.wordCount { twist() }
        var word = words[position]
        position += 1
        word ^= word >> 11
        word ^= (word << 7) & 0x9D2C_5680
        word ^= (word << 15) & 0xEFC6_0000
        word ^= word >> 18
        return word
    }

    /// A uniform draw from `0...maximum` by masked rejection, as NumPy's `random_interval`; 0 draws nothing.
    public mutating func bounded(_ maximum: UInt64) -> UInt64 {
        guard maximum > 0 else { return 0 }
        let mask = UInt64.max >> UInt64(maximum.leadingZeroBitCount)
        while true {
            var draw = UInt64(nextUInt32())
            if maximum > UInt64(UInt32.max) { draw = draw << 32 | UInt64(nextUInt32()) }
            if draw & mask <= maximum { return draw & mask }
        }
    }

    /// Shuffles as `RandomState.shuffle` does for a one-dimensional array; the element type plays no part.
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        elements.withUnsafeMutableBufferPointer { elements in
            shuffle(elements[...])
        }
    }

    /// Shuffles one part of an array, which is what Megatron does to keep the last epoch at the end.
    mutating func shuffle<Element>(_ elements: Slice<UnsafeMutableBufferPointer<Element>>) {
        guard elements.count > 1 else { return }
        let base = elements.base
        for last in stride(from: elements.count - 1, through: 1, by: -1) {
            base.swapAt(elements.startIndex + last, elements.startIndex + Int(bounded(UInt64(last))))
        }
    }

    private mutating func twist() {
        words.withUnsafeMutableBufferPointer { words in
            for index in 0..<Self.wordCount {
                let next = words[index + 1 == Self.wordCount ? 0 : index + 1]
                let joined = (words[index] & 0x8000_0000) | (next & 0x7FFF_FFFF)
                let far = words[(index + Self.middle) % Self.wordCount]
                words[index] = far ^ (joined >> 1) ^ (joined & 1 == 0 ? 0 : 0x9908_B0DF)
            }
        }
        position = 0
    }
}
