public import IndexedDatasets
import TypedErrors

/// The data sets of a blend, opened once: sizes, orders and samples are made from them.
public struct DataSets: Sendable {
    public let datasets: [IndexedDataset]
    /// Shares of the samples, one for each set; nil for shares in proportion to size.
    public let weights: [Double]?

    /// Data sets that are open.
    public init(_ datasets: [IndexedDataset], weights: [Double]? = nil) {
        self.datasets = datasets
        self.weights = weights
    }

    /// Opens data sets. All of them have a weight, or none has.
    public init(_ names: [DataSetName]) throws(SamplingError) {
        var datasets: [IndexedDataset] = []
        for name in names { datasets.append(try mapping(SamplingError.index, IndexedDataset(prefix: name.prefix))) }
        let weights = names.compactMap(\.weight)
        guard weights.isEmpty || weights.count == names.count else {
            throw .missingWeight(names.first { $0.weight == nil }!.prefix)
        }
        self.init(datasets, weights: weights.isEmpty ? nil : weights)
    }

    /// Tokens of one part of all sets together.
    public func tokenCount(_ part: DocumentSplit.Part, of split: DocumentSplit) -> Int {
        datasets.reduce(0) { sum, dataset in
            let sequences = split.sequences(part, of: dataset.sequenceCount)
            guard !sequences.isEmpty else { return sum }
            return sum + dataset.tokenOffset(ofSequence: sequences.upperBound) - dataset.tokenOffset(ofSequence: sequences.lowerBound)
        }
    }
}
