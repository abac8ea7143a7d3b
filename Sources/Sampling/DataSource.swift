import IndexedDataset

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

/// The samples of one part of one or more data sets, in the order in which they are served.
public struct DataSource: Sendable {
    public let streams: [SampleStream]
    public let order: SampleOrder
    public let part: DocumentSplit.Part
    public let sequenceLength: Int

    /// Opens and checks everything. Weights: all sets have one, or none has.
    public init(
        _ names: [DataSetName], part: DocumentSplit.Part, split: DocumentSplit = .standard, sequenceLength: Int, seed: UInt64
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
        self.part = part
        self.sequenceLength = sequenceLength
        order = SampleOrder(
            sampleCounts: streams.map(\.sampleCount), weights: weights.isEmpty ? nil : weights,
            seed: CounterRandom.word(seed, UInt64(part.rawValue)))
    }

    /// Samples of an epoch.
    public var sampleCount: Int { order.count }

    /// Where the tokens of a slice lie: data set, its pass, and the first input's offset in the `.bin` in tokens.
    public func location(epoch: Int, position: Int, start: Int) -> (dataset: Int, pass: Int, token: Int) {
        let entry = order.entry(epoch: epoch, position: position)
        return (entry.dataset, entry.pass, streams[entry.dataset].firstToken(ofSample: entry.sample) + start)
    }

    /// Changes when the data or its part do: for refusing to resume with other data.
    public var fingerprints: [UInt64] {
        streams.map { CounterRandom.word($0.dataset.fingerprint, UInt64($0.tokens.lowerBound), UInt64($0.tokens.upperBound)) }
    }
}
