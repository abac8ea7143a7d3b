import TestSupport
import Testing

@testable import Tokenization

@Suite("Long pre-tokens")
struct LongPreTokensTests {
    private static func randomWord(_ generator: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 17...255, using: &generator)).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    @Test func `what is remembered is found while there is room`() {
        var generator = SeededGenerator(TestRun.seed)
        let table = LongPreTokens()
        var words: [[UInt8]] = []
        // 1.6 MB in all, four fifths of the arena.
        for number in 0..<12_000 {
            let word = Self.randomWord(&generator)
            let hash = word.withUnsafeBytes { TokenIndex.hash($0) }
            #expect(word.withUnsafeBytes { table.find($0, hash: hash) } == nil)
            word.withUnsafeBytes { table.insert($0, hash: hash, UInt64(number)) }
            words.append(word)
        }
        var found = 0
        for (number, word) in words.enumerated() {
            guard let value = word.withUnsafeBytes({ table.find($0, hash: TokenIndex.hash($0)) }) else { continue }
            #expect(value == UInt64(number))
            found += 1
        }
        // A third word in one place puts the oldest out: a few, not half.
        #expect(found > 11_000)
        table.removeAll()
        #expect(words.allSatisfy { word in word.withUnsafeBytes { table.find($0, hash: TokenIndex.hash($0)) } == nil })
    }

    @Test func `a full arena forgets, and nothing is ever confused`() {
        var generator = SeededGenerator(TestRun.seed)
        let table = LongPreTokens()
        // 4 MB in all, more than the arena may hold. Hashes have four bits only, so bytes alone can tell words apart.
        for number in 0..<30_000 {
            let word = Self.randomWord(&generator)
            let hash = UInt64(word[0] & 0xF) << 60
            word.withUnsafeBytes { table.insert($0, hash: hash, UInt64(number)) }
            #expect(word.withUnsafeBytes { table.find($0, hash: hash) } == UInt64(number))
            var other = word
            other[other.count - 1] ^= 1
            #expect(other.withUnsafeBytes { table.find($0, hash: hash) } == nil)
        }
    }
}
