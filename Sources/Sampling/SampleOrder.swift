/// In which order samples are served: (epoch, position) → (data set, sample), with random access and O(data sets) memory.
///
/// An epoch has as many positions as there are samples. Without weights each sample comes exactly once. With weights, set k gets its
/// share of the positions and serves its samples pass after pass, each pass complete before the next begins and in an order of its own; so
/// small sets with large weights repeat, and never out of turn.
public struct SampleOrder: Sendable, Equatable {
    /// A served sample.
    public struct Entry: Sendable, Equatable {
        public var dataset: Int
        /// How often the set was gone through before.
        public var pass: Int
        public var sample: Int
    }

    /// Samples in each data set.
    public let sampleCounts: [Int]
    /// Positions of each data set in an epoch.
    public let quotas: [Int]
    public let seed: UInt64
    private let starts: [Int]
    private let isWeighted: Bool

    /// Positions of an epoch.
    public var count: Int { starts.last! }

    /// - Parameter weights: one for each set, above zero; nil for every sample once an epoch.
    public init(sampleCounts: [Int], weights: [Double]?, seed: UInt64) {
        precondition(!sampleCounts.isEmpty && sampleCounts.allSatisfy { $0 > 0 }, "each data set needs a sample")
        self.sampleCounts = sampleCounts
        self.seed = seed
        isWeighted = weights != nil
        quotas = weights.map { Self.quotas(total: sampleCounts.reduce(0, +), weights: $0) } ?? sampleCounts
        starts = quotas.reduce(into: [0]) { $0.append($0.last! + $1) }
    }

    /// Changes when the seed does, or when weights come or go: with equal `quotas`, equal fingerprints mean equal orders.
    public var fingerprint: UInt64 { CounterRandom.word(seed, isWeighted ? 1 : 0) }

    /// What is served at `position` of `epoch`. O(log data sets).
    public func entry(epoch: Int, position: Int) -> Entry {
        let rank = KeyedPermutation(count: count, key: CounterRandom.word(seed, 1, UInt64(epoch)))[position]
        // The last set that starts at or before the rank and is not empty.
        var low = 0
        var high = quotas.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= rank { low = middle } else { high = middle }
        }
        // Without weights an epoch's own permutation is order enough.
        guard isWeighted else { return Entry(dataset: low, pass: epoch, sample: rank - starts[low]) }
        let served = epoch * quotas[low] + rank - starts[low]
        let (pass, place) = served.quotientAndRemainder(dividingBy: sampleCounts[low])
        let order = KeyedPermutation(count: sampleCounts[low], key: CounterRandom.word(seed, 2, UInt64(low), UInt64(pass)))
        return Entry(dataset: low, pass: pass, sample: order[place])
    }

    /// Whole shares of `total` by largest remainder; a set with a weight gets at least one.
    private static func quotas(total: Int, weights: [Double]) -> [Int] {
        let sum = weights.reduce(0, +)
        let exact = weights.map { Double(total) * $0 / sum }
        var quotas = exact.map { max(Int($0), 1) }
        let byRemainder = weights.indices.sorted { exact[$0] - exact[$0].rounded(.down) > exact[$1] - exact[$1].rounded(.down) }
        for index in byRemainder where quotas.reduce(0, +) < total { quotas[index] += 1 }
        return quotas
    }
}
