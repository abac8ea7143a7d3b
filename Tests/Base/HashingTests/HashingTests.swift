import Hashing
import TestSupport
import Testing

@Suite("Hashes, mixers and hexadecimal digits")
struct HashingTests {
    @Test("the set answers as Swift's does, in at most 25.5 bytes a hash, also for hashes that crowd in one place")
    func set() {
        var random = SeededGenerator(TestRun.seed)
        for crowded in [false, true] {
            let known = HashSet128()
            var reference = Set<[UInt64]>()
            for _ in 0..<400_000 {
                var (low, high) = (random.next(), random.next())
                // A hundred values, the two words zero among them, and neighbours that run over the end of a segment.
                if crowded { (low, high) = (low % 10, Bool.random(using: &random) ? high % 10 : .max - high % 10) }
                #expect(
                    known.insert(low, high) == reference.insert(low | high == 0 ? [1, 0] : [low, high]).inserted)
            }
            #expect(known.count == reference.count)
            if !crowded { #expect(Double(known.byteCount) < 25.5 * Double(known.count)) }
            for key in reference.prefix(10_000) { #expect(!known.insert(key[0], key[1])) }
        }
    }

    @Test("a set takes no more memory than it may, and says so without losing what it has")
    func memoryLimit() {
        var random = SeededGenerator(TestRun.seed)
        let known = HashSet128()
        let limit = 2 * known.byteCount
        var kept: [(UInt64, UInt64)] = []
        while true {
            let (low, high) = (random.next(), random.next())
            guard let isNew = known.insert(low, high, memoryLimit: limit) else { break }
            #expect(isNew)
            kept.append((low, high))
        }
        #expect(known.byteCount <= limit && kept.count == known.count && kept.count > limit / 2 / HashSet128.bytesPerHash)
        for (low, high) in kept { #expect(!known.insert(low, high)) }
    }

    // Made with the reference implementation of Vigna (prng.di.unimi.it), seed 1234567.
    @Test("SplitMix64 gives the reference's words, and its mixer the first of each seed")
    func splitMix() {
        var generator = SplitMix64(seed: 1_234_567)
        let words = (0..<3).map { _ in generator.next() }
        #expect(words == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
        #expect(SplitMix64.mix(1_234_567) == words[0] && SplitMix64.mix(1_234_567 &+ SplitMix64.increment) == words[1])
        #expect(SplitMix64.finalize(0) == 0)
    }

    @Test("counter-based numbers are the same for the same words, stay below their bound and reach all of it")
    func counterRandom() {
        #expect(CounterRandom.word(1, 2, 3) == CounterRandom.word(1, 2, 3) && CounterRandom.word(1, 2, 3) != CounterRandom.word(1, 3, 2))
        var seen = Set<UInt64>()
        for index in 0..<1000 as Range<UInt64> {
            let word = CounterRandom.word(TestRun.seed, index)
            let number = CounterRandom.below(7, word)
            #expect(number < 7)
            seen.insert(number)
            #expect((0..<1).contains(CounterRandom.uniform(word)))
        }
        #expect(seen.count == 7)
        #expect(CounterRandom.uniform(.max) < 1 && CounterRandom.below(.max, .max) == .max - 1)
    }

    @Test("hexadecimal digits are padded, and are read back; what is none is refused")
    func hexadecimal() {
        #expect(Hexadecimal.text(0 as UInt64) == "0000000000000000" && Hexadecimal.text(UInt64.max) == "ffffffffffffffff")
        #expect(Hexadecimal.text(0xA as UInt16) == "000a" && Hexadecimal.text(0xA as UInt8) == "0A")
        let bytes = (0...255).map { UInt8($0) }
        #expect(
            Hexadecimal.bytes(Hexadecimal.text(bytes)) == bytes && Hexadecimal.text(bytes).hasPrefix("000102")
                && Hexadecimal.bytes("")! == [])
        for wrong in ["0", "0g", "é0", "0x00", "000", "\u{0660}\u{0660}"] { #expect(Hexadecimal.bytes(wrong) == nil, "\(wrong)") }
    }
}
