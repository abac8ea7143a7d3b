import CByteScan
import TestSupport
import Testing

@testable import Tokenizer

/// The fast merge loops against one that looks at every pair before each merge.
@Suite("Merges")
struct MergeTests {
    private func naive(_ bytes: [UInt8], _ merges: MergeTable) -> [TokenID] {
        var tokens = bytes.map { merges.byteTokens[Int($0)] }
        while true {
            var best = (rank: MergeTable.noRank, at: 0)
            for at in tokens.indices.dropLast() {
                let rank = merges.rank(tokens[at], tokens[at + 1])
                if rank < best.rank { best = (rank, at) }
            }
            if best.rank == MergeTable.noRank { return tokens }
            tokens[best.at] = merges.products[Int(best.rank)]
            tokens.remove(at: best.at + 1)
        }
    }

    /// Few letters, so that nearly everything merges, runs of one, and any bytes.
    private func bytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
        let letters = [Array(" aeinrst".utf8), Array("-=".utf8), Array("a".utf8), Array(0...255)].randomElement(using: &generator)!
        return (0..<count).map { _ in letters.randomElement(using: &generator)! }
    }

    @Test(arguments: [0, 1, 2] as [UInt32])
    func `merging in vectors of every level equals merging pair by pair`(level: UInt32) throws {
        let merges = try EncoderTests.bundled.get().model.merges
        var parts = merges.parts.pointee
        parts.level = slw_scan_level(rawValue: min(level, slw_best_scan_level().rawValue))
        var generator = SeededGenerator(TestRun.seed &+ UInt64(level))
        // Around the borders of a register, of a vector of least keys, and of the limit; then any length.
        var lengths = Array(1...40) + [253, 254, 255, 256, 257, slw_merge_limit - 1, slw_merge_limit]
        lengths += (0..<TestRun.cases(400)).map { _ in Int.random(in: 1...64, using: &generator) }
        for length in lengths {
            let text = bytes(length, &generator)
            var tokens = [TokenID](repeating: 0, count: length)
            let count = slw_merge(&parts, text, length, &tokens)
            #expect(Array(tokens[..<count]) == naive(text, merges), "\(text)")
        }
    }

    @Test func `what is too long for the vectors is merged alike`() throws {
        let merges = try EncoderTests.bundled.get().model.merges
        let scratch = MergeScratch(merges)
        var generator = SeededGenerator(TestRun.seed)
        for length in [slw_merge_limit, slw_merge_limit + 1, 1500] {
            let text = bytes(length, &generator)
            let count = scratch.encode(text, count: length)
            #expect((0..<count).map { scratch.tokens[$0] } == naive(text, merges))
        }
    }
}
