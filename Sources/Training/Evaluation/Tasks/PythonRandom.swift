import Hashing

/// Python's `random.Random(seed)`, as far as examples and bootstraps are drawn with it.
public struct PythonRandom: Sendable {
    private var twister: MersenneTwister

    public init(seed: UInt64) { twister = MersenneTwister(pythonSeed: seed) }

    /// `random()`: 53 bits in `0 ..< 1`.
    public mutating func uniform() -> Double { twister.uniform() }

    /// `_randbelow(bound)` for a bound of at least 1: as many bits as the bound has, drawn until they are below it.
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a bound is positive")
        let width = Int.bitWidth - bound.leadingZeroBitCount
        while true {
            let value: UInt64
            if width <= 32 {
                value = UInt64(twister.next() >> UInt32(32 - width))
            } else {
                // The low word comes first.
                let low = UInt64(twister.next())
                value = UInt64(twister.next() >> UInt32(64 - width)) << 32 | low
            }
            if value < UInt64(bound) { return Int(value) }
        }
    }

    /// `sample(range(population), count)`, in the order drawn. O(population) for small ones, else O(count).
    public mutating func sample(_ population: Int, _ count: Int) -> [Int] {
        precondition((0...population).contains(count), "no more can be drawn than there are")
        var limit = 21
        if count > 5 {
            // 4 to the power of log₄ 3k, rounded up: where Python changes from a list to a set.
            var power = 1
            while power < 3 * count { power *= 4 }
            limit += power
        }
        var drawn: [Int] = []
        if population <= limit {
            var pool = Array(0..<population)
            for index in 0..<count {
                let place = below(population - index)
                drawn.append(pool[place])
                pool[place] = pool[population - index - 1]
            }
        } else {
            var seen: Set<Int> = []
            while drawn.count < count {
                let index = below(population)
                if seen.insert(index).inserted { drawn.append(index) }
            }
        }
        return drawn
    }
}
