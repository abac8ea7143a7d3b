import Hashing

/// In which order samples are served: (epoch, position) → (data set, sample), with random access and O(data sets) memory.
///
/// An epoch has as many positions as there are samples. Without weights each sample comes exactly once; with weights, set k gets its share of the positions, so small
/// sets with large weights repeat. Each set serves its samples pass after pass, each pass in an order of its own, and **no sample of a pass comes before all samples
/// of the pass before it**: not over an epoch's end, and not when sets are added or weights changed at a restart (see ``following(_:version:)``).
///
/// Two keyed choices make an order: ``BlendArrangement`` says which set a position draws from and which draw of the set that is; draw d of a set of n samples is
/// place d mod n of its pass d / n, and a keyed permutation for each set and pass says which sample stands there.
public struct SampleOrder: Sendable, Equatable {
    /// How positions become samples; states name it, so that a run goes on in the order in which it began.
    public enum Version: Int, Sendable, CaseIterable {
        /// Until 2026-11-28: one permutation shuffles all draws of an epoch, those of a set's next pass among those of its present one. States do not name it.
        case shuffledDraws = 1
        /// Each pass over a set is complete before its next begins.
        case completePasses = 2

        public static let current = Version.completePasses
    }

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
    public let version: Version
    /// From the beginning to the present; one, when nothing ever changed.
    let phases: [OrderPhase]

    /// Positions of an epoch before anything changed.
    public var count: Int { phases[0].starts.last! }

    /// Positions of each epoch.
    public var epochSizes: EpochSizes { EpochSizes(phases) }

    /// - Parameters:
    ///   - sampleCounts: each above zero.
    ///   - weights: one for each set, above zero; nil for every sample once an epoch.
    public init(sampleCounts: [Int], weights: [Double]?, seed: UInt64, version: Version = .current) throws(SamplingError) {
        guard !sampleCounts.isEmpty, sampleCounts.allSatisfy({ (1..<1 << 40).contains($0) }) else {
            throw .badOrder("each data set needs at least one sample and less than 2^40: there are \(sampleCounts)")
        }
        let total = sampleCounts.reduce(0, +)
        if let weights { try Self.check(weights, sets: sampleCounts.count, samples: total) }
        self.sampleCounts = sampleCounts
        self.seed = seed
        self.version = version
        isWeighted = weights != nil
        quotas = weights.map { Self.quotas(total: total, weights: $0) } ?? sampleCounts
        phases = [OrderPhase(quotas: quotas, isWeighted: isWeighted)]
    }

    /// Throws for weights that make no shares of so many samples.
    static func check(_ weights: [Double], sets: Int, samples: Int) throws(SamplingError) {
        // Sum and products finite: no share is a number else.
        guard weights.count == sets, weights.allSatisfy({ $0 > 0 }), (weights.reduce(0, +) * Double(samples)).isFinite else {
            throw .badOrder("\(sets) data sets need as many weights above zero, of a sum that is a number: there are \(weights)")
        }
    }

    private init(_ present: SampleOrder, version: Version, phases: [OrderPhase]) {
        (sampleCounts, quotas, seed, isWeighted) = (present.sampleCounts, present.quotas, present.seed, present.isWeighted)
        (self.version, self.phases) = (version, phases)
    }

    /// This order as the present of a run that had others before: each position before a change is what it was, and each set goes on with its pass where that was.
    /// Data sets may be added at the end, weights may change or come; neither may go, and the samples of a set stay what they were.
    ///
    /// - Parameters:
    ///   - changes: where each earlier order ended, oldest first.
    ///   - version: that of the run's first order. In version 1 what is served twice before its pass is over stays so.
    public func following(_ changes: [OrderChange], version: Version) throws(SamplingError) -> SampleOrder {
        guard let first = changes.first else { return SampleOrder(self, version: version, phases: phases) }
        guard !first.quotas.isEmpty, first.quotas.allSatisfy({ (1..<1 << 40).contains($0) }) else {
            throw .badChange("the record of it does not fit the data")
        }
        var phases = [OrderPhase(quotas: first.quotas, isWeighted: first.isWeighted)]
        for (index, change) in changes.enumerated() {
            let next = index + 1 < changes.count ? changes[index + 1] : nil
            let before = phases.last!
            phases.append(
                try OrderPhase(
                    after: before, change: change, quotas: next?.quotas ?? quotas, isWeighted: next?.isWeighted ?? isWeighted))
            // Here, unlike in version 1, what was served by then is known without an account of it.
            if version == .completePasses, draws(of: before, before: (change.epoch, change.position)) != change.served {
                throw .badChange("its account of served samples does not fit")
            }
        }
        return SampleOrder(self, version: version, phases: phases)
    }

    /// Changes when the seed does, or when weights come or go: with equal `quotas` and versions, equal fingerprints mean equal orders.
    public var fingerprint: UInt64 { fingerprint(weighted: isWeighted) }

    /// The fingerprint that this order would have with or without weights.
    public func fingerprint(weighted: Bool) -> UInt64 { CounterRandom.word(seed, weighted ? 1 : 0) }

    /// What is served at `position` of `epoch`, which must be one of ``epochSizes``: it traps outside, as an array does. O(log data sets); in version 1 once more for each change before it.
    public func entry(epoch: Int, position: Int) -> Entry {
        let index = phase(holding: (epoch, position))
        if version == .shuffledDraws { return shuffledEntry(epoch: epoch, position: position, phase: index) }
        let phase = phases[index]
        let (set, number) = arrangement(of: phase, epoch: epoch).draw(at: position - phase.firstPosition(ofEpoch: epoch))
        let (pass, place) = (phase.draws(of: set, beforeEpoch: epoch) + number).quotientAndRemainder(dividingBy: sampleCounts[set])
        return Entry(dataset: set, pass: pass, sample: passOrder(set, pass)[place])
    }

    /// Appends what is served at `positions` of `epoch`, in order; several times as fast as one by one.
    public func appendEntries(epoch: Int, positions: Range<Int>, to entries: inout [Entry]) {
        guard !positions.isEmpty else { return }
        let index = phase(holding: (epoch, positions.lowerBound))
        guard index == phase(holding: (epoch, positions.upperBound - 1)) else {
            for position in positions { entries.append(entry(epoch: epoch, position: position)) }
            return
        }
        if version == .shuffledDraws { return appendShuffledEntries(epoch: epoch, positions: positions, phase: index, to: &entries) }
        let phase = phases[index]
        if sampleCounts.count == 1 { return appendDraws(epoch: epoch, positions: positions, phase: phase, to: &entries) }
        let arrangement = arrangement(of: phase, epoch: epoch)
        let most = BlendArrangement.most
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 3 * 64) { memory in
            let (places, images) = (memory.baseAddress!, memory.baseAddress! + 2 * most)
            let begin = phase.firstPosition(ofEpoch: epoch)
            for lower in stride(from: positions.lowerBound, to: positions.upperBound, by: most) {
                let range = lower - begin..<min(lower + most, positions.upperBound) - begin
                let first = entries.count
                for _ in range { entries.append(Entry(dataset: 0, pass: 0, sample: 0)) }
                arrangement.forEachSet(of: range, memory: places) { set, number, places in
                    var draw = phase.draws(of: set, beforeEpoch: epoch) + number
                    var done = 0
                    while done < places.count {
                        let (pass, place) = draw.quotientAndRemainder(dividingBy: sampleCounts[set])
                        let count = min(places.count - done, sampleCounts[set] - place)
                        passOrder(set, pass).map(place..<place + count, into: images)
                        for index in 0..<count {
                            entries[first + places[done + index]] = Entry(dataset: set, pass: pass, sample: images[index])
                        }
                        done += count
                        draw += count
                    }
                }
            }
        }
    }

    /// The same where there is one set: its draws are the positions.
    private func appendDraws(epoch: Int, positions: Range<Int>, phase: OrderPhase, to entries: inout [Entry]) {
        withUnsafeTemporaryAllocation(of: Int.self, capacity: BlendArrangement.most) { images in
            var draw = phase.draws(of: 0, beforeEpoch: epoch) + positions.lowerBound - phase.firstPosition(ofEpoch: epoch)
            let end = draw + positions.count
            while draw < end {
                let (pass, place) = draw.quotientAndRemainder(dividingBy: sampleCounts[0])
                let count = min(images.count, end - draw, sampleCounts[0] - place)
                passOrder(0, pass).map(place..<place + count, into: images.baseAddress!)
                for index in 0..<count { entries.append(Entry(dataset: 0, pass: pass, sample: images[index])) }
                draw += count
            }
        }
    }

    /// The last phase that begins at or before a place.
    private func phase(holding place: (epoch: Int, position: Int)) -> Int {
        var index = phases.count - 1
        while index > 0, place < (phases[index].epoch, phases[index].position) { index -= 1 }
        return index
    }

    /// Which sets the positions of an epoch draw from, or those of its rest after a change.
    private func arrangement(of phase: OrderPhase, epoch: Int) -> BlendArrangement {
        let isWhole = epoch >= phase.firstEpoch
        return BlendArrangement(
            starts: isWhole ? phase.starts : phase.restStarts,
            key: CounterRandom.word(seed, 7, UInt64(epoch), UInt64(isWhole ? 0 : phase.position)))
    }

    /// How often each set was drawn before a place in a phase, since the run began.
    private func draws(of phase: OrderPhase, before place: (epoch: Int, position: Int)) -> [Int] {
        arrangement(of: phase, epoch: place.epoch).draws(before: place.position - phase.firstPosition(ofEpoch: place.epoch))
            .enumerated().map { phase.draws(of: $0.offset, beforeEpoch: place.epoch) + $0.element }
    }

    /// In which order a set serves its samples in one pass. That of the first set is what version 1 has for the only one without a weight.
    private func passOrder(_ set: Int, _ pass: Int) -> KeyedPermutation {
        KeyedPermutation(
            count: sampleCounts[set],
            key: set == 0 ? CounterRandom.word(seed, 1, UInt64(pass)) : CounterRandom.word(seed, 2, UInt64(set), UInt64(pass)))
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
