import Hashing
import Quantities

/// OLMo-core's data set of variable sequence lengths: documents in pieces of powers of two, batches of one length each.
///
/// Source: allenai/OLMo-core `fa6c501`, `src/olmo_core/data/numpy_dataset.py` 1619–1898, 2011–2234, `data/utils.py` 170–215, 470–532, `data/data_loader.py` 780–984, after
/// Dataset Decomposition's curricula. Pieces do not overlap, so 2^k tokens train 2^k − 1 targets.
public struct VariableSequenceLength: Sendable, Equatable {
    /// The shortest and the longest piece, powers of two.
    public let minimum: Int
    public let maximum: Int
    public let curriculum: BucketCurriculum
    /// G: tokens of a batch over all ranks.
    public let batchTokens: Int
    public let seed: UInt64
    public let shuffles: Bool

    public init(
        minimum: Int = 256, maximum: Int, curriculum: BucketCurriculum = .natural, batchTokens: Int, seed: UInt64 = 0, shuffles: Bool = true
    ) throws(CurriculumError) {
        for (name, length) in [("the shortest piece", minimum), ("the longest piece", maximum)] {
            try CurriculumError.check(name, length, in: CurriculumError.lengths)
            guard length & (length - 1) == 0 else { throw .badValue("\(name) is \(length): it must be a power of two") }
        }
        guard minimum <= maximum else { throw .badValue("the shortest piece is \(minimum), above the longest, \(maximum)") }
        guard batchTokens >= maximum else {
            throw .original(
                "OLMoConfigurationError", at: "construction", "a batch of \(batchTokens) tokens is too small for a piece of \(maximum)")
        }
        (self.minimum, self.maximum, self.curriculum) = (minimum, maximum, curriculum)
        (self.batchTokens, self.seed, self.shuffles) = (batchTokens, seed, shuffles)
    }

    /// The lengths of the buckets, from short to long.
    public var lengths: [Int] { (minimum.trailingZeroBitCount...maximum.trailingZeroBitCount).map { 1 << $0 } }

    /// The pieces of documents in order: the longest as often as it fits, then the binary digits of the rest. What is below the shortest is in none.
    public func pieces(ofDocuments documentLengths: [Int]) -> [Piece] {
        var pieces: [Piece] = []
        for (document, length) in documentLengths.enumerated() {
            var start = 0
            while length - start >= minimum {
                let left = length - start
                let piece = min(maximum, 1 << (Int.bitWidth - 1 - left.leadingZeroBitCount))
                pieces.append(Piece(source: document, start: start, length: piece))
                start += piece
            }
        }
        return pieces
    }

    /// The numbers of the pieces in each bucket.
    ///
    /// The original stores lengths in the least unsigned type that holds the longest less one: a longest piece of 256, 65536 or 2³² does not fit, and its bucket is empty.
    public func buckets(_ pieces: [Piece]) -> [[Int]] {
        let wraps = [8, 16, 32].contains(maximum.trailingZeroBitCount)
        return lengths.map { length in
            wraps && length == maximum ? [] : pieces.indices.filter { pieces[$0].length == length }
        }
    }

    /// The batches of each bucket in an epoch.
    public func batchesPerBucket(_ buckets: [[Int]]) -> [Int] {
        curriculum.batches(zip(lengths, buckets).map { $1.count / (batchTokens / $0) })
    }

    /// An epoch: which batches, in which order, of which pieces.
    public struct Epoch: Sendable, Equatable {
        /// Numbers of batches in the order of training; numbers run through the buckets from short to long.
        public var order: [Int]
        /// The pieces of each bucket in the order in which batches take them.
        public var drawn: [[Int]]
        /// The pieces of each batch in the order of training.
        public var batches: [[Int]]
    }

    /// Epoch `epoch`, 1 for the first.
    public func epoch(_ epoch: Int, buckets: [[Int]]) throws(CurriculumError) -> Epoch {
        let counts = batchesPerBucket(buckets)
        let epochSeed = seed &+ UInt64(epoch)
        let all = Array(0..<counts.reduce(0, +))
        let order = shuffles ? try curriculum.order(counts, seed: epochSeed) : all
        let drawn = zip(lengths, buckets).map { length, pieces in
            guard shuffles else { return pieces }
            var random = PCG64(seed: epochSeed &+ UInt64(length))
            return random.permutation(pieces)
        }
        let batches = order.map { batch in
            var (bucket, place) = (0, batch)
            while place >= counts[bucket] { (bucket, place) = (bucket + 1, place - counts[bucket]) }
            let size = batchTokens / lengths[bucket]
            return Array(drawn[bucket][place * size..<(place + 1) * size])
        }
        return Epoch(order: order, drawn: drawn, batches: batches)
    }
}
