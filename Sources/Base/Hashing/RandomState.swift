/// NumPy's `RandomState`: the Mersenne Twister with the seeding and the draws of `numpy.random.seed(n)`, bit for bit.
///
/// Megatron shuffles documents and samples with it and Dataset Decomposition draws lengths, so their orders can only be reproduced with the same generator.
/// Source: NumPy `numpy/random/mtrand.pyx` (`shuffle`, `choice`), `src/legacy/legacy-distributions.c` (`random_interval`).
public struct RandomState: Sendable {
    @usableFromInline
    var twister: MersenneTwister

    /// A generator in the state of `numpy.random.RandomState(seed)`.
    public init(seed: UInt32) { twister = MersenneTwister(seed: seed) }

    /// The next tempered 32-bit output.
    @inlinable
    public mutating func nextUInt32() -> UInt32 { twister.next() }

    /// A number in `0 ..< 1` of 53 bits, `random_sample()`.
    public mutating func uniform() -> Double { twister.uniform() }

    /// The index that `choice(n, p=…)` draws: the first whose running sum of `probabilities`, divided by the whole sum, is above a uniform number.
    public mutating func choice(probabilities: [Double]) -> Int {
        var sums: [Double] = []
        for probability in probabilities { sums.append((sums.last ?? 0) + probability) }
        let (all, drawn) = (sums.last ?? 1, uniform())
        return sums.firstIndex { $0 / all > drawn } ?? max(0, sums.count - 1)
    }

    /// A uniform draw from `0...maximum` by masked rejection, as NumPy's `random_interval`; 0 draws nothing.
    @inlinable
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
    @inlinable
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        elements.withUnsafeMutableBufferPointer { elements in
            shuffle(elements[...])
        }
    }

    /// Shuffles one part of an array, which is what Megatron does to keep the last epoch at the end.
    @inlinable
    public mutating func shuffle<Element>(_ elements: Slice<UnsafeMutableBufferPointer<Element>>) {
        guard elements.count > 1 else { return }
        let base = elements.base
        for last in stride(from: elements.count - 1, through: 1, by: -1) {
            base.swapAt(elements.startIndex + last, elements.startIndex + Int(bounded(UInt64(last))))
        }
    }
}
