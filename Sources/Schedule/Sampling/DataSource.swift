import Hashing
public import IndexedDatasets

/// A data set of a blend, as the command line spells it: `prefix` or `prefix=weight`.
public struct DataSetName: Sendable, Equatable {
    public var prefix: String
    public var weight: Double?

    public init(prefix: String, weight: Double? = nil) {
        self.prefix = prefix
        self.weight = weight
    }

    public init(_ text: String) throws(SamplingError) {
        guard let equals = text.lastIndex(of: "=") else {
            self.init(prefix: text)
            return
        }
        guard let weight = Double(text[text.index(after: equals)...]), weight > 0, weight.isFinite else { throw .badWeight(text) }
        self.init(prefix: String(text[..<equals]), weight: weight)
    }
}

/// Who decides in which order samples are served (`--order`).
public enum OrderChoice: Sendable, Equatable {
    /// Keyed permutations: no memory, no start-up.
    case keyed
    /// Megatron-Core's, bit for bit, for a job of so many samples; nil for one pass over the data. The seed is the source's, as 32 bits.
    case megatron(samples: Int?)
}

/// The samples of one part of one or more data sets, in the order in which they are served.
public struct DataSource: Sendable {
    public let streams: [SampleStream]
    /// The data sets' tokens, valid as long as `streams` is kept.
    public let memories: [TokenMemory]
    /// The first token of each stream.
    private let firstTokens: [Int]
    /// The keyed order; unused where `megatron` is set.
    public private(set) var order: SampleOrder
    /// Megatron's order where that was chosen.
    public let megatron: MegatronOrder?
    public let part: DocumentSplit.Part
    public let sequenceLength: Int

    /// Opens and checks everything. Weights: all sets have one, or none has. `version` is that of a new run; a run goes on in its own: see ``following(_:version:)``.
    public init(
        _ names: [DataSetName], part: DocumentSplit.Part, split: DocumentSplit = .standard, sequenceLength: Int, seed: UInt64,
        order choice: OrderChoice = .keyed, version: SampleOrder.Version = .current
    ) throws(SamplingError) {
        var streams: [SampleStream] = []
        for name in names {
            let dataset: IndexedDataset
            do { dataset = try IndexedDataset(prefix: name.prefix) } catch { throw .index(error) }
            streams.append(
                try SampleStream(dataset, sequences: split.sequences(part, of: dataset.sequenceCount), sequenceLength: sequenceLength))
        }
        let weights = names.compactMap(\.weight)
        guard weights.isEmpty || weights.count == names.count else {
            throw .badWeight(names.first { $0.weight == nil }!.prefix)
        }
        self.streams = streams
        memories = streams.map(\.dataset.memory)
        firstTokens = streams.map(\.tokens.lowerBound)
        self.part = part
        self.sequenceLength = sequenceLength
        order = try SampleOrder(
            sampleCounts: streams.map(\.sampleCount), weights: weights.isEmpty ? nil : weights,
            seed: CounterRandom.word(seed, UInt64(part.rawValue)), version: version)
        switch choice {
        case .keyed: megatron = nil
        case .megatron(let samples):
            guard let seed = UInt32(exactly: seed) else {
                throw .megatron(.badSeed(seed))
            }
            megatron = try MegatronOrder(
                streams: streams, weights: weights.isEmpty ? nil : weights, requested: samples, randomSeed: seed)
        }
    }

    /// How the keyed order was made; a state records it.
    public var orderVersion: SampleOrder.Version { order.version }

    /// Samples of an epoch before the data changed.
    public var sampleCount: Int { megatron?.count ?? order.count }

    /// Samples of each epoch.
    public var epochSizes: EpochSizes { megatron.map { EpochSizes($0.count) } ?? order.epochSizes }

    /// This source as the present of a run whose order has `version` and that had other data sets or weights before:
    /// see `SampleOrder.following`.
    public func following(_ changes: [OrderChange], version: SampleOrder.Version = .current) throws(SamplingError) -> DataSource {
        guard megatron == nil || changes.isEmpty else {
            throw .badChange("Megatron's order is made for one blend and one number of samples")
        }
        var source = self
        source.order = try order.following(changes, version: version)
        return source
    }

    /// Changes when the order does: for refusing to resume in another one.
    public var orderFingerprint: UInt64 {
        guard let megatron else { return order.fingerprint }
        return CounterRandom.word(6, UInt64(megatron.randomSeed), UInt64(megatron.requested ?? 0))
    }

    /// Samples of data set `index` in an epoch.
    public func samplesPerEpoch(_ index: Int) -> Int {
        guard let megatron else { return order.quotas[index] }
        guard let blend = megatron.blend else { return megatron.count }
        return blend.datasetIndex.prefix(megatron.count).count { Int($0) == index }
    }

    /// Appends the runs of tokens that a slice reads, in order; together `targets + 1` tokens.
    public func appendRuns(epoch: Int, position: Int, start: Int, targets: Int, to runs: inout [TokenRun]) {
        let first = runs.count
        if let megatron {
            megatron.appendRuns(streams, epoch: epoch, position: position, start: start, targets: targets, to: &runs)
        } else {
            runs.append(run(of: order.entry(epoch: epoch, position: position), start: start, targets: targets))
        }
        runs[first].opensSample = start == 0
    }

    /// In the keyed order, where a sample is one piece of the `.bin`: the run of tokens that a slice of a served sample reads.
    public func run(of entry: SampleOrder.Entry, start: Int, targets: Int) -> TokenRun {
        TokenRun(
            dataset: entry.dataset, pass: entry.pass, token: firstTokens[entry.dataset] + entry.sample * sequenceLength + start,
            count: targets + 1, beginsSlice: true, endsSlice: true, opensSample: start == 0)
    }

    /// In the keyed order, where a sample is one piece of the `.bin`: where the tokens of a slice lie: data set, its pass, and the first input's offset in the `.bin` in tokens.
    public func location(epoch: Int, position: Int, start: Int) -> (dataset: Int, pass: Int, token: Int) {
        let entry = order.entry(epoch: epoch, position: position)
        return (entry.dataset, entry.pass, streams[entry.dataset].firstToken(ofSample: entry.sample) + start)
    }

    /// Changes when the data or its part do: for refusing to resume with other data.
    public var fingerprints: [UInt64] {
        streams.map { CounterRandom.word($0.dataset.fingerprint, UInt64($0.tokens.lowerBound), UInt64($0.tokens.upperBound)) }
    }
}
