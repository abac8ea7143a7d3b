/// The Mersenne Twister MT19937 (Matsumoto, Nishimura 1998), with both of its seedings: what NumPy's `RandomState` and Python's `random` are made of.
public struct MersenneTwister: Sendable {
    @inlinable
    static var wordCount: Int { 624 }
    private static let middle = 397

    @usableFromInline
    var words: [UInt32]
    @usableFromInline
    var position: Int

    /// `init_genrand`: the seeding by one word.
    public init(seed: UInt32) {
        words = [UInt32](repeating: seed, count: Self.wordCount)
        for index in 1..<Self.wordCount {
            let previous = words[index - 1]
            words[index] = 1_812_433_253 &* (previous ^ (previous >> 30)) &+ UInt32(index)
        }
        position = Self.wordCount
    }

    /// `init_by_array`: the seeding by a key of any number of words, at least one.
    public init(key: [UInt32]) {
        precondition(!key.isEmpty, "a key has at least one word")
        self.init(seed: 19_650_218)
        func mixed(_ index: Int, _ factor: UInt32) -> UInt32 {
            let previous = words[index - 1]
            return words[index] ^ ((previous ^ (previous >> 30)) &* factor)
        }
        var place = 1
        func next(_ index: Int, _ words: inout [UInt32]) -> Int {
            if index + 1 < Self.wordCount { return index + 1 }
            words[0] = words[Self.wordCount - 1]
            return 1
        }
        var word = 0
        for _ in 0..<max(Self.wordCount, key.count) {
            words[place] = mixed(place, 1_664_525) &+ key[word] &+ UInt32(word)
            place = next(place, &words)
            word = (word + 1) % key.count
        }
        for _ in 1..<Self.wordCount {
            words[place] = mixed(place, 1_566_083_941) &- UInt32(place)
            place = next(place, &words)
        }
        words[0] = 0x8000_0000
        position = Self.wordCount
    }

    /// The state of Python's `random.Random(seed)`: the key is the seed's 32-bit words, the lowest first.
    public init(pythonSeed seed: UInt64) {
        let (low, high) = (UInt32(truncatingIfNeeded: seed), UInt32(seed >> 32))
        self.init(key: high == 0 ? [low] : [low, high])
    }

    /// The next tempered 32-bit output.
    @inlinable
    public mutating func next() -> UInt32 {
        if position == Self.wordCount { twist() }
        var word = words[position]
        position += 1
        word ^= word >> 11
        word ^= (word << 7) & 0x9D2C_5680
        word ^= (word << 15) & 0xEFC6_0000
        word ^= word >> 18
        return word
    }

    /// A number in `0 ..< 1` of 53 bits from two outputs: Python's `random()`, NumPy's `random_sample`.
    public mutating func uniform() -> Double {
        let high = next() >> 5
        return (Double(high) * 0x1p26 + Double(next() >> 6)) * 0x1p-53
    }

    @usableFromInline
    mutating func twist() {
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
