import IndexedDatasets
public import JSON
import TypedErrors

/// Builds all index caches that a Megatron-Core job looks for, so that it starts without waiting for rank 0: for each split the
/// `GPTDataset` of every prefix and, for several prefixes or a weight, the `BlendedDataset`.
///
/// Source: `megatron/core/datasets/blended_megatron_dataset_builder.py`.
public struct MegatronCacheBuilder: Sendable {
    /// Prefixes as the job spells them (the spelling is part of a cache's name), with weights for all or for none.
    public var names: [DataSetName]
    public var split: DocumentSplit
    public var sequenceLength: Int
    public var randomSeed: UInt32
    /// Samples that the job asks of training, validation and test; nil for one pass.
    public var sampleCounts: [Int?]
    /// The tokenizer's `unique_identifiers`.
    public var tokenizer: JSONValue
    /// `--data-cache-path`; nil for Megatron's own place beside each prefix, which blends do not have.
    public var directory: String?

    public init(
        names: [DataSetName], split: DocumentSplit, sequenceLength: Int, randomSeed: UInt32, sampleCounts: [Int?], tokenizer: JSONValue,
        directory: String?
    ) {
        self.names = names
        self.split = split
        self.sequenceLength = sequenceLength
        self.randomSeed = randomSeed
        self.sampleCounts = sampleCounts
        self.tokenizer = tokenizer
        self.directory = directory
    }

    /// One cache: its files' common path and its samples.
    public struct Built: Sendable, Equatable {
        public var stem: String
        public var split: String
        public var samples: Int
    }

    /// Writes the caches; splits that round to no sequence have none (Megatron would loop for ever on them).
    public func build() throws(SamplingError) -> [Built] {
        let sets = try DataSets(names)
        let (datasets, weights) = (sets.datasets, sets.weights ?? [])
        let isBlend = names.count > 1 || !weights.isEmpty
        var built: [Built] = []
        for part in DocumentSplit.Part.allCases {
            let requested = sampleCounts[part.rawValue]
            try mapping(SamplingError.megatron, MegatronMemory.check(samples: requested ?? 0, bytes: 10 * Double(requested ?? 0)))
            if datasets.contains(where: { split.sequences(part, of: $0.sequenceCount).isEmpty }) { continue }
            let shares = weights.isEmpty ? nil : requested.map { MegatronBlend.shares(of: $0, weights: weights) }
            if !weights.isEmpty, shares == nil { throw .megatronSize }
            var descriptions: [MegatronDescription] = []
            var sizes: [Int] = []
            for (number, dataset) in datasets.enumerated() {
                let wanted = isBlend ? shares?[number].built : requested
                let one = try writeOne(dataset, names[number].prefix, part, wanted)
                descriptions.append(one.description)
                sizes.append(one.built.samples)
                built.append(one.built)
            }
            if isBlend { built.append(try writeBlend(part, descriptions, sizes, weights, requested, shares?.reduce(0) { $0 + $1.target })) }
        }
        return built
    }

    private func writeOne(
        _ dataset: IndexedDataset, _ prefix: String, _ part: DocumentSplit.Part, _ wanted: Int?
    ) throws(SamplingError) -> (built: Built, description: MegatronDescription) {
        let sequences = split.sequences(part, of: dataset.sequenceCount)
        let tokens = dataset.tokenOffset(ofSequence: sequences.upperBound) - dataset.tokenOffset(ofSequence: sequences.lowerBound)
        guard let epochs = MegatronEpochs(tokensPerEpoch: tokens, sequenceLength: sequenceLength, requested: wanted, extraToken: 1) else {
            throw .noSample(prefix: prefix, tokens: tokens, sequenceLength: sequenceLength)
        }
        let description = MegatronDescription(
            datasetPath: prefix, sampleCount: wanted, split: part.name, randomSeed: randomSeed, sequenceLength: sequenceLength,
            splitText: split.text, splitMatrix: split.matrix, tokenizer: tokenizer)
        let cache = MegatronCache(directory: directory ?? MegatronCache.defaultDirectory(prefix: prefix))
        try mapping(SamplingError.megatron) { () throws(MegatronOrderError) in
            let index = try MegatronSampleIndex(
                sequences: sequences, epochs: epochs, sequenceLength: sequenceLength, extraToken: 1, randomSeed: randomSeed,
                length: { dataset.length(ofSequence: $0) })
            try cache.write(index, for: description)
        }
        return (Built(stem: cache.directory + "/" + description.fileStem, split: part.name, samples: epochs.sampleCount), description)
    }

    /// The blend's own two arrays.
    private func writeBlend(
        _ part: DocumentSplit.Part, _ descriptions: [MegatronDescription], _ sizes: [Int], _ weights: [Double], _ requested: Int?,
        _ shareSize: Int?
    ) throws(SamplingError) -> Built {
        let blend: MegatronBlend
        var shownWeights: JSONValue
        var size: Int?
        if weights.isEmpty, requested == nil {
            blend = MegatronBlend(exhausting: sizes)
            shownWeights = .array(sizes.map { JSONValue($0) })
        } else {
            // Once by the builder, once more by BlendedDataset; sizes in place of weights are normalised by the latter alone.
            let normal =
                weights.isEmpty
                ? MegatronBlend.normalized(sizes.map(Double.init)) : MegatronBlend.normalized(MegatronBlend.normalized(weights))
            size = shareSize ?? min(requested ?? .max, sizes.reduce(0, +))
            blend = MegatronBlend(weights: normal, size: size!)
            shownWeights = .array(normal.map { JSONValue($0) })
        }
        // Megatron keeps a blend's cache only where it was told to.
        guard let directory else {
            return Built(stem: "(not cached without --data-cache-path)", split: part.name, samples: blend.datasetIndex.count)
        }
        let description = MegatronBlendDescription(datasets: descriptions, split: part.name, weights: shownWeights, size: size)
        let cache = MegatronCache(directory: directory)
        try mapping(SamplingError.megatron, cache.write(blend, for: description))
        return Built(stem: directory + "/" + description.fileStem, split: part.name, samples: blend.datasetIndex.count)
    }
}
