public import IndexedDatasets
import TypedErrors

/// Whether weights of the loss that lie beside a data set are read (`--loss-weights`).
public enum LossWeightsChoice: String, Sendable, CaseIterable {
    /// Where there are some.
    case auto
    /// Every data set must have some.
    case require
    case ignore
}

/// The data sets of a blend, opened once: sizes, orders and samples are made from them.
public struct DataSets: Sendable {
    public let datasets: [IndexedDataset]
    /// Shares of the samples, one for each set; nil for shares in proportion to size.
    public let weights: [Double]?
    /// For each set how much the loss of its tokens counts; nil where all count alike.
    public let lossWeights: [LossWeights?]

    /// Data sets that are open, without weights of the loss.
    public init(_ datasets: [IndexedDataset], weights: [Double]? = nil) {
        self.init(datasets, weights: weights, lossWeights: datasets.map { _ in nil })
    }

    private init(_ datasets: [IndexedDataset], weights: [Double]?, lossWeights: [LossWeights?]) {
        self.datasets = datasets
        self.weights = weights
        self.lossWeights = lossWeights
    }

    /// Opens data sets. All of them have a share, or none has.
    public init(_ names: [DataSetName], lossWeights choice: LossWeightsChoice = .ignore) throws(SamplingError) {
        var datasets: [IndexedDataset] = []
        for name in names { datasets.append(try mapping(SamplingError.index, IndexedDataset(prefix: name.prefix))) }
        let weights = names.compactMap(\.weight)
        guard weights.isEmpty || weights.count == names.count else {
            throw .missingWeight(names.first { $0.weight == nil }!.prefix)
        }
        var lossWeights: [LossWeights?] = []
        for dataset in datasets {
            let isWanted = choice == .require || choice == .auto && LossWeights.exist(for: dataset.prefix)
            lossWeights.append(isWanted ? try mapping(SamplingError.index, LossWeights(of: dataset)) : nil)
        }
        self.init(datasets, weights: weights.isEmpty ? nil : weights, lossWeights: lossWeights)
    }

    /// Throws where documents do not end with an end token: see `IndexedDataset.checkEndToken`.
    public func checkEndTokens() throws(SamplingError) {
        for dataset in datasets { _ = try mapping(SamplingError.index, dataset.checkEndToken()) }
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
