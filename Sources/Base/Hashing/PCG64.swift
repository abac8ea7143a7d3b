/// NumPy's default generator, PCG-XSL-RR 128/64, with the draws of `numpy.random.Generator(PCG64(seed))`, bit for bit.
///
/// Source: NumPy `numpy/random/src/pcg64`, `numpy/random/_generator.pyx`, `src/distributions/distributions.c`; M. E. O'Neill, "PCG".
public struct PCG64: Sendable {
    private var state: UInt128
    private let increment: UInt128
    /// The upper half of a word whose lower half was drawn.
    private var half: UInt32?

    /// A generator in the state of `PCG64(seed)`.
    public init(seed: UInt64) {
        let words = SeedSequence(seed).words(8).map { UInt64($0) }
        let pairs = (0..<4).map { UInt128(words[2 * $0] | words[2 * $0 + 1] << 32) }
        increment = (pairs[2] << 64 | pairs[3]) << 1 | 1
        state = increment &+ (pairs[0] << 64 | pairs[1])
        step()
    }

    private mutating func step() { state = state &* 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645 &+ increment }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        step()
        let word = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
        let turn = UInt64(truncatingIfNeeded: state >> 122)
        return word >> turn | word << ((64 &- turn) & 63)
    }

    /// The next 32 bits: the lower half of a word, then its upper half.
    public mutating func nextUInt32() -> UInt32 {
        if let kept = half {
            half = nil
            return kept
        }
        let word = next()
        half = UInt32(word >> 32)
        return UInt32(truncatingIfNeeded: word)
    }

    /// `integers(range.lowerBound, range.upperBound)` of NumPy, of up to 2³² − 1 numbers, by Lemire's method; a range of one number draws nothing.
    public mutating func integer(in range: Range<Int>) -> Int {
        precondition(!range.isEmpty && range.count < 1 << 32, "an empty range has no number, and a larger one is drawn otherwise")
        let bound = UInt32(range.count)
        if bound == 1 { return range.lowerBound }
        let least = (0 &- bound) % bound
        while true {
            let product = UInt64(nextUInt32()) * UInt64(bound)
            if UInt32(truncatingIfNeeded: product) >= least { return range.lowerBound + Int(product >> 32) }
        }
    }

    /// A uniform draw from `0...maximum`, below 2³², by masked rejection: what shuffles draw.
    private mutating func bounded(_ maximum: UInt32) -> UInt32 {
        let mask = UInt32.max >> UInt32(maximum.leadingZeroBitCount)
        while true {
            let draw = nextUInt32() & mask
            if draw <= maximum { return draw }
        }
    }

    /// `shuffle` of a part of an array of fewer than 2³² elements.
    public mutating func shuffle<Element>(_ elements: inout ArraySlice<Element>) {
        guard elements.count > 1 else { return }
        for last in stride(from: elements.count - 1, through: 1, by: -1) {
            elements.swapAt(elements.startIndex + last, elements.startIndex + Int(bounded(UInt32(last))))
        }
    }

    /// `permutation` of an array.
    public mutating func permutation<Element>(_ elements: [Element]) -> [Element] {
        var shuffled = elements[...]
        shuffle(&shuffled)
        return Array(shuffled)
    }
}
