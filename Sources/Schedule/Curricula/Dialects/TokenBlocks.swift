import Quantities

/// fairseq's blocks of a token stream, as Shortformer trains them: every target once, whatever the length of a block.
///
/// Source: ofirpress/shortformer `edc411f`, `fairseq/data/token_block_utils_fast.pyx` 24–138, `data_utils_fast.pyx`, `monolingual_dataset.py` 185–193. A block's tokens are its
/// targets; its first input is the token before.
public struct TokenBlocks: Sendable, Equatable {
    /// The blocks' tokens in the stream, in order; the last may be shorter.
    public let blocks: [Range<Int>]

    public init(streamLength: Int, blockLength: Int) throws(CurriculumError) {
        try CurriculumError.check("the length of a block", blockLength, in: CurriculumError.lengths)
        blocks = stride(from: 0, to: streamLength, by: blockLength).map { $0..<min($0 + blockLength, streamLength) }
    }

    /// The line in which each block begins, how far into it, and the line in which it ends.
    public func places(lineLengths: [Int]) -> [(firstLine: Int, offset: Int, lastLine: Int)] {
        var ends: [Int] = []
        for length in lineLengths { ends.append((ends.last ?? 0) + length) }
        /// The line that holds a token: the first that ends behind it.
        func line(_ token: Int) -> Int {
            var (low, high) = (0, ends.count)
            while low < high {
                let middle = (low + high) / 2
                if ends[middle] > token { high = middle } else { low = middle + 1 }
            }
            return low
        }
        return blocks.map { block in
            let first = line(block.lowerBound)
            return (first, block.lowerBound - (first == 0 ? 0 : ends[first - 1]), line(block.upperBound - 1))
        }
    }

    /// Batches of blocks, by size and then by place, each of as many as have room when all are as long as the longest.
    ///
    /// - Parameter maximumTokens: of a batch, at least a block's length.
    public func batches(maximumTokens: Int) throws(CurriculumError) -> [[Int]] {
        var (batches, batch, longest): ([[Int]], [Int], Int) = ([], [], 0)
        for block in blocks.indices.sorted(by: { (blocks[$0].count, $0) < (blocks[$1].count, $1) }) {
            let size = blocks[block].count
            guard size <= maximumTokens else {
                throw .original("AssertionError", at: "the batches", "a block of \(size) tokens is longer than a batch of \(maximumTokens)")
            }
            if (batch.count + 1) * max(longest, size) > maximumTokens {
                batches.append(batch)
                (batch, longest) = ([], 0)
            }
            batch.append(block)
            longest = max(longest, size)
        }
        return batch.isEmpty ? batches : batches + [batch]
    }
}
