import Hashing

/// In which order samples are served: (epoch, position) → (data set, sample), with random access and O(data sets) memory.
///
/// An epoch has as many positions as there are samples. Without weights each sample comes exactly once. With weights, set k gets its
/// share of the positions and serves its samples pass after pass, each pass complete before the next begins and in an order of its own; so
/// small sets with large weights repeat, and never out of turn. Sets may be added and weights changed at a restart: see `following`.
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
    public let isWeighted: Bool
    /// From the beginning to the present; one, when nothing ever changed.
    private let eras: [Era]

    /// Positions of an epoch before anything changed.
    public var count: Int { eras[0].starts.last! }

    /// Positions of each epoch.
    public var epochSizes: EpochSizes { EpochSizes(eras) }

    /// - Parameter weights: one for each set, above zero; nil for every sample once an epoch.
    public init(sampleCounts: [Int], weights: [Double]?, seed: UInt64) {
        precondition(!sampleCounts.isEmpty && sampleCounts.allSatisfy { $0 > 0 }, "each data set needs a sample")
        self.sampleCounts = sampleCounts
        self.seed = seed
        isWeighted = weights != nil
        quotas = weights.map { Self.quotas(total: sampleCounts.reduce(0, +), weights: $0) } ?? sampleCounts
        eras = [Era(quotas: quotas, isWeighted: isWeighted)]
    }

    private init(_ present: SampleOrder, eras: [Era]) {
        (sampleCounts, quotas, seed, isWeighted) = (present.sampleCounts, present.quotas, present.seed, present.isWeighted)
        self.eras = eras
    }

    /// This order as the present of a run that had others before: each position before a change is what it was, and nothing that was served
    /// comes again before its set's pass is over. Data sets may be added at the end, weights may change or come; neither may go.
    ///
    /// - Parameter changes: where each earlier order ended, oldest first.
    public func following(_ changes: [OrderChange]) throws(SamplingError) -> SampleOrder {
        guard let first = changes.first else { return self }
        guard !first.quotas.isEmpty, first.quotas.allSatisfy({ (1..<1 << 40).contains($0) }) else {
            throw .badChange("the record of it does not fit the data")
        }
        var eras = [Era(quotas: first.quotas, isWeighted: first.isWeighted)]
        for (index, change) in changes.enumerated() {
            let next = index + 1 < changes.count ? changes[index + 1] : nil
            eras.append(
                try Era(
                    after: eras.last!, change: change, quotas: next?.quotas ?? quotas, isWeighted: next?.isWeighted ?? isWeighted))
        }
        return SampleOrder(self, eras: eras)
    }

    /// Changes when the seed does, or when weights come or go: with equal `quotas`, equal fingerprints mean equal orders.
    public var fingerprint: UInt64 { fingerprint(weighted: isWeighted) }

    /// The fingerprint that this order would have with or without weights.
    public func fingerprint(weighted: Bool) -> UInt64 { CounterRandom.word(seed, weighted ? 1 : 0) }

    /// What is served at `position` of `epoch`. O(log data sets), and once more for each change before it.
    public func entry(epoch: Int, position: Int) -> Entry {
        var position = position
        var index = eras.count - 1
        while index > 0, (epoch, position) < (eras[index].epoch, eras[index].position) { index -= 1 }
        while true {
            let era = eras[index]
            if epoch >= era.firstEpoch {
                return entry(epoch: epoch, rank: permutation(of: era, epoch: epoch)[position], in: era)
            }
            let rest = era.left + era.furtherStarts.last!
            let key = CounterRandom.word(seed, 5, UInt64(epoch), UInt64(era.position))
            let rank = KeyedPermutation(count: rest, key: key)[position - era.position]
            if rank >= era.left {
                let set = Self.part(holding: rank - era.left, starts: era.furtherStarts)
                let place = rank - era.left - era.furtherStarts[set]
                guard era.isWeighted else { return Entry(dataset: set, pass: epoch, sample: place) }
                return entry(draw: era.drawn[set] - (era.furtherStarts[set + 1] - era.furtherStarts[set]) + place, of: set)
            }
            // A position that the era before had left.
            position = era.position + rank
            index -= 1
        }
    }

    /// Appends what is served at `positions` of `epoch`, in order; several times as fast as one by one, but for an epoch in which the data changed.
    public func appendEntries(epoch: Int, positions: Range<Int>, to entries: inout [Entry]) {
        let era = eras[eras.count - 1]
        guard epoch >= era.firstEpoch, eras.count == 1 || (epoch, positions.lowerBound) >= (era.epoch, era.position) else {
            for position in positions { entries.append(entry(epoch: epoch, position: position)) }
            return
        }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 64) { ranks in
            let permutation = permutation(of: era, epoch: epoch)
            var first = positions.lowerBound
            while first < positions.upperBound {
                let part = first..<min(first + ranks.count, positions.upperBound)
                permutation.map(part, into: ranks.baseAddress!)
                for index in 0..<part.count { entries.append(entry(epoch: epoch, rank: ranks[index], in: era)) }
                first = part.upperBound
            }
        }
    }

    private func permutation(of era: Era, epoch: Int) -> KeyedPermutation {
        KeyedPermutation(count: era.starts.last!, key: CounterRandom.word(seed, 1, UInt64(epoch)))
    }

    /// What is at `rank` of an epoch when the sets are laid end to end, before they are shuffled together.
    private func entry(epoch: Int, rank: Int, in era: Era) -> Entry {
        let set = Self.part(holding: rank, starts: era.starts)
        let place = rank - era.starts[set]
        // Without weights an epoch's own permutation is order enough.
        guard era.isWeighted else { return Entry(dataset: set, pass: epoch, sample: place) }
        return entry(draw: era.drawn[set] + (epoch - era.firstEpoch) * era.quotas[set] + place, of: set)
    }

    /// The sample that a set gives when it is drawn for the n-th time.
    private func entry(draw: Int, of set: Int) -> Entry {
        let (pass, place) = draw.quotientAndRemainder(dividingBy: sampleCounts[set])
        let order = KeyedPermutation(count: sampleCounts[set], key: CounterRandom.word(seed, 2, UInt64(set), UInt64(pass)))
        return Entry(dataset: set, pass: pass, sample: order[place])
    }

    /// The last part that starts at or before `rank` and is not empty.
    private static func part(holding rank: Int, starts: [Int]) -> Int {
        var low = 0
        var high = starts.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= rank { low = middle } else { high = middle }
        }
        return low
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
