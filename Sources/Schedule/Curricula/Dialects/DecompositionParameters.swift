import Quantities

/// Dataset Decomposition's parameters of a run: how many sequences an epoch takes of each bucket, and with which odds.
///
/// Source: apple/ml-dataset-decomposition `9a23939`, `scripts/get_dd_params.py` 12–106.
public struct DecompositionParameters: Sendable, Equatable {
    /// Whether the epochs hold exactly the tokens that were asked for.
    public let isExact: Bool
    /// Tokens of all epochs.
    public let tokens: Int
    /// Tokens of one.
    public let tokensPerEpoch: Int
    /// By bucket, from short to long.
    public let sequencesPerEpoch: [Int]
    /// By bucket: the odds of the mix.
    public let weights: [Int]

    /// What a run is made of, by bucket from short to long.
    public struct Buckets: Sendable, Equatable {
        public var shards: [Int]
        public var sequencesPerShard: [Int]
        public var lengths: [Int]
        /// Rows of a batch over those of the longest bucket's.
        public var batchMultiples: [Double]
        public var odds: [Double]

        public init(shards: [Int], sequencesPerShard: [Int], lengths: [Int], batchMultiples: [Double], odds: [Double]) {
            self.shards = shards
            self.sequencesPerShard = sequencesPerShard
            self.lengths = lengths
            self.batchMultiples = batchMultiples
            self.odds = odds
        }
    }

    /// - Parameters:
    ///   - epochs: cycles of the curriculum.
    ///   - batch: rows of the longest bucket in a step, over all devices.
    public init(tokens: Int, epochs: Int, devices: Int, batch: Int, workers: Int, buckets: Buckets) throws(CurriculumError) {
        let count = buckets.shards.count
        let lists = [buckets.sequencesPerShard.count, buckets.lengths.count, buckets.batchMultiples.count, buckets.odds.count]
        guard count > 0, lists.allSatisfy({ $0 == count }) else {
            throw .badValue("there are \(count) numbers of shards: every list needs as many, and at least one")
        }
        try CurriculumError.check("the number of tokens", tokens, in: 1...1 << 50)
        for (name, value) in [("epochs", epochs), ("devices", devices), ("rows", batch), ("workers", workers)] {
            try CurriculumError.check("the number of \(name)", value, in: 1...1 << 20)
        }
        for values in [buckets.shards, buckets.sequencesPerShard, buckets.lengths] {
            for value in values { try CurriculumError.check("a bucket's number", value, in: 1...1 << 24) }
        }
        let shardTokens = zip(buckets.sequencesPerShard, buckets.lengths).map { $0 * $1 }
        // A bucket gives whole shards to every worker of every device.
        let unit = buckets.sequencesPerShard.map { $0 * devices * workers }
        for (bucket, multiple) in buckets.batchMultiples.enumerated()
        where !(Double(unit[bucket]) > multiple * Double(batch) * Double(workers)) {
            throw .original(
                "AssertionError", at: "the parameters",
                "\(unit[bucket]) sequences of bucket \(bucket) go to \(devices) devices with \(workers) workers, fewer than a batch of each: choose a smaller batch"
            )
        }
        let available = zip(buckets.shards, shardTokens).map { Double($0 * $1) }
        let scale = Double(tokens) / Double(zip(buckets.shards, shardTokens).reduce(0) { $0 + $1.0 * $1.1 })
        var factors = (0..<count).map { bucket in
            Real.rounded(scale * available[bucket] / Double(epochs) / Double(buckets.lengths[bucket]) / Double(unit[bucket]))
        }
        func epochTokens() -> Int { (0..<count).reduce(0) { $0 + factors[$1] * unit[$1] * buckets.lengths[$1] } }
        let wanted = Double(tokens) / Double(epochs)
        var tried = Set<[Int]>()
        var bucket = count - 1
        var isExact = true
        while wanted - Double(epochTokens()) != 0 {
            if bucket < 0 {
                isExact = false
                break
            }
            if tried.contains(factors) { bucket -= 1 }
            let difference = wanted - Double(epochTokens())
            tried.insert(factors)
            // Past the shortest bucket comes, once, the longest again: Python's index −1.
            factors[bucket < 0 ? count - 1 : bucket] += difference < 0 ? -1 : 1
        }
        self.isExact = isExact
        tokensPerEpoch = epochTokens()
        self.tokens = epochs * tokensPerEpoch
        sequencesPerEpoch = zip(factors, unit).map { $0 * $1 }
        let bucketTokens = zip(sequencesPerEpoch, buckets.lengths).map { Double($0 * $1) }
        guard bucketTokens[0] != 0 else {
            throw .badValue(
                "the shortest bucket gives no sequence to an epoch, and the odds are counted in its tokens: choose more tokens or fewer epochs"
            )
        }
        weights = (0..<count).map { Real.truncated(bucketTokens[$0] / bucketTokens[0] * Double(factors[0]) * buckets.odds[$0]) }
    }
}
