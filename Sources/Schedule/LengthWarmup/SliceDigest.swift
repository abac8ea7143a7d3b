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

    mutating func add(_ run: TokenRun) {
        if run.dataset != dataset || run.pass != pass {
            (dataset, pass) = (run.dataset, run.pass)
            key = CounterRandom.word(5, UInt64(dataset), UInt64(pass))
        }
        let first = UInt64(run.firstTarget)
        value &+=
            SplitMix64.mix(key ^ SplitMix64.mix(first &+ UInt64(run.targetCount)))
            &- SplitMix64.mix(key ^ SplitMix64.mix(first))
    }
}
