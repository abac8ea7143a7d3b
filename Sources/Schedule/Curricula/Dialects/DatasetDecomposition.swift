public import Hashing
import Quantities

/// Dataset Decomposition: documents in pieces of 2^k + 1 tokens, a bucket a length, one bucket a step (Pouransari et al. 2024).
///
/// Source: apple/ml-dataset-decomposition `9a23939`, `scripts/make_dd_buckets.py` 77–181, `open_lm.patch` 9–36. A piece trains 2^k targets; its first token is none.
public struct DatasetDecomposition: Sendable, Equatable {
    /// Binary logarithms of the shortest and the longest piece.
    public let minimumLog: Int
    public let maximumLog: Int

    public init(minimumLog: Int = 8, maximumLog: Int = 13) throws(CurriculumError) {
        try CurriculumError.check("the binary logarithm of the shortest piece", minimumLog, in: 0...24)
        try CurriculumError.check("the binary logarithm of the longest piece", maximumLog, in: minimumLog...24)
        (self.minimumLog, self.maximumLog) = (minimumLog, maximumLog)
    }

    /// The pieces of documents in order: the longest that fits, again and again; what is below the shortest is in none.
    ///
    /// - Parameter random: draws the lengths of pieces of long documents, as the original's tool does; nil for the longest.
    public func pieces(ofDocuments lengths: [Int], random: inout RandomState?) -> [Piece] {
        // Equal tokens a bucket: each has half the odds of the one that is half as long.
        let odds = (0...maximumLog - minimumLog).map { Double(1 << $0) }
        let sum = odds.reduce(0, +)
        let shares = odds.map { $0 / sum }
        var pieces: [Piece] = []
        for (document, length) in lengths.enumerated() {
            var start = 0
            while length - start > 1 {
                let left = length - start - 1
                var log = Int.bitWidth - 1 - left.leadingZeroBitCount
                if log < minimumLog { break }
                if log > maximumLog { log = maximumLog - (random?.choice(probabilities: shares) ?? 0) }
                pieces.append(Piece(source: document, start: start, length: 1 << log + 1))
                start += 1 << log + 1
            }
        }
        return pieces
    }

    /// The bucket of a piece: the binary logarithm of its targets.
    public static func bucket(_ piece: Piece) -> Int { (piece.length - 1).trailingZeroBitCount }

    /// Which bucket each batch comes from, until all are used up.
    ///
    /// - Parameters:
    ///   - batches: of each bucket.
    ///   - weights: the odds of each bucket.
    ///   - seed: of Python's generator, the same on all ranks.
    public static func mix(batches: [Int], weights: [Double], seed: UInt64) throws(CurriculumError) -> [Int] {
        guard batches.count == weights.count else {
            throw .badValue("there are \(batches.count) buckets and \(weights.count) odds: each bucket has its own")
        }
        guard weights.allSatisfy({ $0 >= 0 && $0.isFinite }), batches.allSatisfy({ $0 >= 0 }) else {
            throw .badValue("odds and numbers of batches must be at least 0")
        }
        var random = MersenneTwister(pythonSeed: seed)
        var left = batches
        var buckets = Array(batches.indices)
        var order: [Int] = []
        while !buckets.isEmpty {
            let all = buckets.reduce(0) { $0 + weights[$1] }
            guard all > 0 else { throw .badValue("the odds of the buckets that are left are all 0: each bucket needs some") }
            let drawn = random.uniform()
            var sum = 0.0
            let place = buckets.firstIndex { bucket in
                sum += weights[bucket] / all
                return sum >= drawn
            }
            // Sums of shares may end just below 1.
            let chosen = place ?? buckets.count - 1
            let bucket = buckets[chosen]
            if left[bucket] > 0 {
                left[bucket] -= 1
                order.append(bucket)
            } else {
                // That a bucket is used up comes out when it is drawn once more.
                buckets.remove(at: chosen)
            }
        }
        return order
    }
}
