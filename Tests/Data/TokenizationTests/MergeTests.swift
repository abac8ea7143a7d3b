import CBPE
import TestSupport
import Testing

@testable import Tokenization

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
        // Around the borders of a register, of a vector of least keys, of several of them, and of the limit; then any length.
        var lengths = Array(1...66) + [253, 254, 255, 256, 257, slw_merge_limit - 1, slw_merge_limit]
        lengths += (0..<TestRun.cases(400)).map { _ in Int.random(in: 1...64, using: &generator) }
        for length in lengths {
            let text = bytes(length, &generator)
            var tokens = [TokenID](repeating: 0, count: length)
            let count = slw_merge(&parts, text, length, &tokens)
            #expect(Array(tokens[..<count]) == naive(text, merges), "\(text)")
            // The products of this vocabulary are known without their table; read from it they are the same.
            parts.products = UnsafePointer(merges.products)
            #expect(slw_merge(&parts, text, length, &tokens) == count && Array(tokens[..<count]) == naive(text, merges), "\(text)")
            parts.products = nil
        }
    }

    @Test func `products are looked up unless tokens are numbered as their merges are`() throws {
        #expect(try EncoderTests.bundled.get().model.merges.parts.pointee.products == nil)
        for last in [TokenID(258), 259] {
            let merges = MergeTable(mergeCount: 3, byteTokens: (0..<256).map { TokenID($0) })
            merges.insert(97, 98, rank: 0, product: 256)
            merges.insert(256, 99, rank: 1, product: 257)
            merges.insert(257, 100, rank: 2, product: last)
            merges.finish()
            #expect((merges.parts.pointee.products == nil) == (last == 258))
            var tokens = [TokenID](repeating: 0, count: 4)
            #expect(slw_merge(merges.parts, Array("abcd".utf8), 4, &tokens) == 1 && tokens[0] == last)
        }
    }

    @Test(arguments: [0, 1, 2] as [UInt32])
    func `pieces of all lengths that are merged by turns come out as each by itself`(level: UInt32) throws {
        let merges = try EncoderTests.bundled.get().model.merges
        var parts = merges.parts.pointee
        parts.level = slw_scan_level(rawValue: min(level, slw_best_scan_level().rawValue))
        var generator = SeededGenerator(TestRun.seed &+ UInt64(level))
        for round in 0..<TestRun.cases(60) {
            // None, fewer than there are turns, many; short ones, long ones, both.
            let longest = [4, 16, 62].randomElement(using: &generator)!
            var text: [UInt8] = []
            var pieces: [slw_piece] = []
            for index in 0..<Int.random(in: 0...(round % 2 == 0 ? 5 : 60), using: &generator) {
                let length = Int.random(in: 1...longest, using: &generator)
                pieces.append(slw_piece(start: UInt16(text.count), length: UInt16(length), count: 0, index: UInt16(index)))
                text += bytes(length, &generator)
            }
            let end = text.count
            text += bytes(16, &generator)
            let unused = TokenID.max
            var tokens = [TokenID](repeating: unused, count: end)
            slw_merge_pieces(&parts, text, &pieces, pieces.count, &tokens)
            for (index, piece) in pieces.enumerated() {
                let (start, count, length) = (Int(piece.start), Int(piece.count), Int(piece.length))
                #expect(piece.index == index)
                #expect(Array(tokens[start..<start + count]) == naive(Array(text[start..<start + length]), merges))
                #expect(tokens[start + count..<start + length].allSatisfy { $0 == unused })
            }
        }
    }

    @Test func `a table of merges that is nearly full forgets nothing`() {
        let room = 1638  // of 2048 slots
        let table = MergeTable(mergeCount: room, byteTokens: Array(0..<256))
        func pair(_ rank: Int) -> (TokenID, TokenID) { (TokenID(rank * 37 % 4096), TokenID(rank / 3 + 7)) }
        for rank in 0..<room { table.insert(pair(rank).0, pair(rank).1, rank: rank, product: TokenID(rank)) }
        for rank in 0..<5000 {
            #expect(table.rank(pair(rank).0, pair(rank).1) == (rank < room ? UInt32(rank) : MergeTable.noRank))
        }
        table.insert(pair(7).0, pair(7).1, rank: room - 1, product: 1)
        #expect(table.rank(pair(7).0, pair(7).1) == UInt32(room - 1))
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

    @Test func `a table that was made too small grows and keeps every merge`() {
        // Room for ten is 256 slots.
        let count: UInt32 = 5000
        let merges = MergeTable(mergeCount: 10, byteTokens: [TokenID](repeating: 0, count: 256))
        for pair in 0..<count { merges.insert(pair, pair &* 7 % 4001, rank: Int(pair % 10), product: pair % 10) }
        for pair in 0..<count {
            #expect(merges.rank(pair, pair &* 7 % 4001) == pair % 10)
            #expect(merges.rank(pair, pair &* 7 % 4001 + 1) == MergeTable.noRank)
        }
        merges.insert(17, 119, rank: 3, product: 3)
        #expect(merges.rank(17, 119) == 3)
    }
}
