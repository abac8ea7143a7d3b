import Hashing
import Sampling

/// A digest of the multiset of trained targets that does not depend on how they were cut, ordered or spread over ranks.
///
/// A slice that trains the targets `a ..< b` of a data set's pass adds h(b) − h(a), modulo 2⁶⁴, with h a random function of
/// (data set, pass, token). Adjacent slices telescope: `a ..< b` and `b ..< c` add what `a ..< c` adds. So equal digests mean equal coverage, at O(1) a
/// slice instead of O(1) a token.
struct SliceDigest {
    private(set) var value: UInt64 = 0

    private var dataset = -1
    private var pass = -1
    private var key: UInt64 = 0

    /// Adds the targets of a run, but those of `masked`, some of its targets.
    mutating func add(_ run: TokenRun, without masked: ArraySlice<Range<Int>> = []) {
        if run.dataset != dataset || run.pass != pass {
            (dataset, pass) = (run.dataset, run.pass)
            key = CounterRandom.word(5, UInt64(dataset), UInt64(pass))
        }
        value &+= word(run.targets)
        for range in masked { value &-= word(range) }
    }

    private func word(_ targets: Range<Int>) -> UInt64 {
        SplitMix64.mix(key ^ SplitMix64.mix(UInt64(targets.upperBound))) &- SplitMix64.mix(key ^ SplitMix64.mix(UInt64(targets.lowerBound)))
    }
}
