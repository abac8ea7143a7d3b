import Hashing
public import IndexedDatasets

/// Who decides in which order samples are served (`--order`).
public enum OrderChoice: Sendable, Equatable {
    /// Keyed permutations: no memory, no start-up.
    case keyed
    /// Megatron-Core's, bit for bit, for a job of so many samples; nil for one pass over the data. The seed is the source's, as 32 bits.
    case megatron(samples: Int?)
}

/// The samples of one part of one or more data sets, in the order in which they are served. Whose order that is, only this type knows.
public struct DataSource: Sendable {
    public let streams: [SampleStream]
    /// The data sets' tokens, valid as long as `streams` is kept.
    public let memories: [TokenMemory]
    /// Where their documents begin, valid as long.
    public let documentStarts: [DocumentStarts]
    /// For each data set how much the loss of its tokens counts; nil where all count alike.
    public let lossWeights: [LossWeights?]
    /// The same as they lie in memory, valid as long.
    public let weightMemories: [LossWeightMemory?]
    public let part: DocumentSplit.Part
    public let sequenceLength: Int

    /// How positions become samples.
    private enum Order {
        case keyed(SampleOrder)
        case megatron(MegatronOrder)
    }
    private var order: Order

    /// Opens and checks everything. `version` is that of a new run; a run goes on in its own: see ``following(_:version:)``.
    public init(
        _ names: [DataSetName], part: DocumentSplit.Part, split: DocumentSplit = .standard, sequenceLength: Int, seed: UInt64,
        order choice: OrderChoice = .keyed, version: SampleOrder.Version = .current
    ) throws(SamplingError) {
        try self.init(
            DataSets(names), part: part, split: split, sequenceLength: sequenceLength, seed: seed, order: choice, version: version)
    }

    /// One part of data sets that are open.
    public init(
        _ sets: DataSets, part: DocumentSplit.Part, split: DocumentSplit = .standard, sequenceLength: Int, seed: UInt64,
        order choice: OrderChoice = .keyed, version: SampleOrder.Version = .current
    ) throws(SamplingError) {
        var streams: [SampleStream] = []
        for dataset in sets.datasets {
            streams.append(
                try SampleStream(dataset, sequences: split.sequences(part, of: dataset.sequenceCount), sequenceLength: sequenceLength))
        }
        self.streams = streams
        memories = streams.map(\.dataset.memory)
        documentStarts = streams.map(\.dataset.documentStarts)
        lossWeights = sets.lossWeights
        weightMemories = lossWeights.map { $0?.memory }
        self.part = part
        self.sequenceLength = sequenceLength
        switch choice {
        case .keyed:
            order = .keyed(
                try SampleOrder(
                    sampleCounts: streams.map(\.sampleCount), weights: sets.weights, seed: CounterRandom.word(seed, UInt64(part.rawValue)),
                    version: version))
        case .megatron(let samples):
            guard let seed = UInt32(exactly: seed) else { throw .megatron(.badSeed(seed)) }
            order = .megatron(try MegatronOrder(streams: streams, weights: sets.weights, requested: samples, randomSeed: seed))
        }
    }

    /// The keyed order; nil where Megatron's was chosen.
    public var keyedOrder: SampleOrder? {
        if case .keyed(let order) = order { order } else { nil }
    }

    /// Megatron's order; nil where the keyed one was chosen.
    public var megatronOrder: MegatronOrder? {
        if case .megatron(let order) = order { order } else { nil }
    }

    /// Change when the weights of the loss do; nil for a data set without.
    public var lossWeightFingerprints: [UInt64?] { lossWeights.map { $0?.fingerprint } }

    /// Whether the loss of any token counts otherwise than that of others.
    public var hasLossWeights: Bool { lossWeights.contains { $0 != nil } }

    /// How the keyed order was made; a state records it.
    public var orderVersion: SampleOrder.Version { keyedOrder?.version ?? .current }

    /// Samples of an epoch before the data changed.
    public var sampleCount: Int {
        switch order {
        case .keyed(let order): order.count
        case .megatron(let order): order.count
        }
    }

    /// Samples of each epoch.
    public var epochSizes: EpochSizes {
        switch order {
        case .keyed(let order): order.epochSizes
        case .megatron(let order): EpochSizes(order.count)
        }
    }

    /// This source as the present of a run whose order has `version` and that had other data sets or weights before:
    /// see `SampleOrder.following`.
    public func following(_ changes: [OrderChange], version: SampleOrder.Version = .current) throws(SamplingError) -> DataSource {
        var source = self
        switch order {
        case .keyed(let order): source.order = .keyed(try order.following(changes, version: version))
        case .megatron:
            guard changes.isEmpty else { throw .badChange("Megatron's order is made for one blend and one number of samples") }
        }
        return source
    }

    /// Changes when the order does: for refusing to resume in another one.
    public var orderFingerprint: UInt64 {
        switch order {
        case .keyed(let order): order.fingerprint
        case .megatron(let order): CounterRandom.word(6, UInt64(order.randomSeed), UInt64(order.requested ?? 0))
        }
    }

    /// Samples of data set `index` in an epoch.
    public func samplesPerEpoch(_ index: Int) -> Int {
        switch order {
        case .keyed(let order): order.quotas[index]
        case .megatron(let order): order.samples(ofSet: index)
        }
    }

    /// Appends the runs of tokens that slices of neighbouring samples read, one slice after the other; those of each together are `targets + 1` tokens.
    ///
    /// - Parameters:
    ///   - positions: of the samples in the epoch's order.
    ///   - start: of each slice in its sample.
    ///   - entries: memory that is used; what it held is lost.
    public func appendRuns(
        epoch: Int, positions: Range<Int>, start: Int, targets: Int, to runs: inout [TokenRun], using entries: inout [SampleOrder.Entry]
    ) {
        switch order {
        case .keyed(let order):
            entries.removeAll(keepingCapacity: true)
            order.appendEntries(epoch: epoch, positions: positions, to: &entries)
            // A sample is one piece of the `.bin`.
            for entry in entries {
                runs.append(
                    TokenRun(
                        dataset: entry.dataset, pass: entry.pass,
                        token: streams[entry.dataset].tokens.lowerBound + entry.sample * sequenceLength + start, count: targets + 1,
                        beginsSlice: true, endsSlice: true, opensSample: start == 0))
            }
        case .megatron(let order):
            for position in positions {
                let first = runs.count
                order.appendRuns(streams, epoch: epoch, position: position, start: start, targets: targets, to: &runs)
                runs[first].opensSample = start == 0
            }
        }
    }

    /// The runs of tokens that a slice reads, in order: for a look at one. ``appendRuns(epoch:positions:start:targets:to:using:)`` is for many.
    public func runs(epoch: Int, position: Int, start: Int, targets: Int) -> [TokenRun] {
        var (runs, entries) = ([TokenRun](), [SampleOrder.Entry]())
        appendRuns(epoch: epoch, positions: position..<position + 1, start: start, targets: targets, to: &runs, using: &entries)
        return runs
    }

    /// Changes when the data or their part do: for refusing to resume with other data.
    public var fingerprints: [UInt64] {
        streams.map { CounterRandom.word($0.dataset.fingerprint, UInt64($0.tokens.lowerBound), UInt64($0.tokens.upperBound)) }
    }
}
