import Files
import IndexedDatasets
public import JSON
import TypedErrors

/// What names one of Megatron-Core's index caches: the configuration of a `GPTDataset`, as its JSON description.
///
/// Source: `megatron/core/datasets/megatron_dataset.py` (`unique_description`) and `gpt_dataset.py`. The description's MD5 is the
/// files' name. It does not hold the data's size or content: `MegatronCache` checks those itself.
public struct MegatronDescription: Sendable, Equatable {
    /// The prefix as the job spells it; it is part of the name.
    public var datasetPath: String
    /// Samples asked for; nil for one pass.
    public var sampleCount: Int?
    /// `train`, `valid` or `test`.
    public var split: String
    public var randomSeed: UInt32
    public var sequenceLength: Int
    /// The split's spelling, such as `969,30,1`.
    public var splitText: String
    /// Bounds of the three splits as fractions; nil for a split of no width.
    public var splitMatrix: [ClosedRange<Double>?]
    /// The tokenizer's `unique_identifiers`, as the job's tokenizer class gives them.
    public var tokenizer: JSONValue

    public init(
        datasetPath: String, sampleCount: Int?, split: String, randomSeed: UInt32, sequenceLength: Int, splitText: String,
        splitMatrix: [ClosedRange<Double>?], tokenizer: JSONValue
    ) {
        self.datasetPath = datasetPath
        self.sampleCount = sampleCount
        self.split = split
        self.randomSeed = randomSeed
        self.sequenceLength = sequenceLength
        self.splitText = splitText
        self.splitMatrix = splitMatrix
        self.tokenizer = tokenizer
    }

    /// The description as a JSON tree, members in Megatron's order.
    public var json: JSONValue {
        // Megatron's first bound is the integer 0, not the float 0.0; the text decides the name.
        let matrix = splitMatrix.map { bounds -> JSONValue in
            guard let bounds else { return .null }
            return .array([bounds.lowerBound == 0 ? .integer(0) : .double(bounds.lowerBound), .double(bounds.upperBound)])
        }
        return [
            "class": "GPTDataset", "dataset_path": .string(datasetPath),
            "num_samples": sampleCount.map { .integer(Int64($0)) } ?? .null, "index_split": .string(split),
            "random_seed": .integer(Int64(randomSeed)), "sequence_length": .integer(Int64(sequenceLength)),
            "split": .string(splitText), "split_matrix": .array(matrix), "tokenizer": tokenizer,
        ]
    }

    /// The text whose MD5 names the files.
    public var text: String { json.serializedAsPython() }

    /// The files' common name: `<md5>-GPTDataset-<split>`.
    public var fileStem: String { MD5.hexDigest(text.utf8) + "-GPTDataset-" + split }
}

/// The description of a `BlendedDataset`.
public struct MegatronBlendDescription: Sendable, Equatable {
    public var datasets: [MegatronDescription]
    public var split: String
    /// Normalised weights, or the sets' sizes where the blend exhausts them.
    public var weights: JSONValue
    public var size: Int?

    public init(datasets: [MegatronDescription], split: String, weights: JSONValue, size: Int?) {
        self.datasets = datasets
        self.split = split
        self.weights = weights
        self.size = size
    }

    public var text: String {
        let json: JSONValue = [
            "class": "BlendedDataset", "datasets": .array(datasets.map(\.json)), "split": .string(split), "weights": weights,
            "size": size.map { .integer(Int64($0)) } ?? .null,
        ]
        return json.serializedAsPython()
    }

    public var fileStem: String { MD5.hexDigest(text.utf8) + "-BlendedDataset-" + split }
}

/// Megatron's `.npy` caches: written under its names so that a job finds them and no rank waits, and read back after a check
/// against the data at hand, which Megatron itself does not make.
public struct MegatronCache: Sendable {
    public let directory: String

    public init(directory: String) { self.directory = directory }

    /// Where Megatron-Core looks when no `--data-cache-path` is given.
    public static func defaultDirectory(prefix: String) -> String { prefix + "/cache/GPTDataset_indices" }

    /// Writes the description and the three arrays. Each file appears only when complete; the description comes last, and Megatron
    /// asks for all four.
    public func write(_ index: MegatronSampleIndex, for description: MegatronDescription) throws(MegatronOrderError) {
        try makeDirectory()
        let stem = directory + "/" + description.fileStem
        try index.documentIndex.write(to: stem + "-document_index.npy")
        try index.sampleIndex.write(to: stem + "-sample_index.npy")
        try index.shuffleIndex.write(to: stem + "-shuffle_index.npy")
        try write(description.text, to: stem + "-description.txt")
    }

    /// Writes a blend's two arrays.
    public func write(_ blend: MegatronBlend, for description: MegatronBlendDescription) throws(MegatronOrderError) {
        try makeDirectory()
        let stem = directory + "/" + description.fileStem
        try NumPyArray(blend.datasetIndex).write(to: stem + "-dataset_index.npy")
        try NumPyArray(blend.sampleIndex).write(to: stem + "-dataset_sample_index.npy")
        try write(description.text, to: stem + "-description.txt")
    }

    /// The cached arrays, or nil where there are none for this description.
    ///
    /// Throws when they do not fit the data at hand (Megatron would use them silently): other documents, other lengths.
    /// O(documents + samples), no memory beyond the maps.
    public func read(
        for description: MegatronDescription, sequences: Range<Int>, epochs: MegatronEpochs, extraToken: Int, length: (Int) -> Int
    ) throws(MegatronOrderError) -> MegatronSampleIndex? {
        let stem = directory + "/" + description.fileStem
        let names = ["-document_index.npy", "-sample_index.npy", "-shuffle_index.npy"].map { stem + $0 }
        guard names.allSatisfy({ FileSystem.exists($0) }), FileSystem.exists(stem + "-description.txt") else { return nil }
        let index = MegatronSampleIndex(
            documentIndex: try NumPyArray(mapping: names[0]), sampleIndex: try NumPyArray(mapping: names[1]),
            shuffleIndex: try NumPyArray(mapping: names[2]))
        if let misfit = index.misfit(sequences: sequences, epochs: epochs, description: description, extraToken: extraToken, length: length)
        {
            throw .staleCache(path: stem + "-*.npy", reason: misfit)
        }
        return index
    }

    private func makeDirectory() throws(MegatronOrderError) {
        try mapping(MegatronOrderError.file, FileSystem.createDirectories(directory))
    }

    private func write(_ text: String, to path: String) throws(MegatronOrderError) {
        try mapping(MegatronOrderError.file, FileSystem.writeAtomically(Array(text.utf8), to: path))
    }
}

extension MegatronSampleIndex {
    /// Why the arrays do not belong to this data, or nil.
    func misfit(
        sequences: Range<Int>, epochs: MegatronEpochs, description: MegatronDescription, extraToken: Int, length: (Int) -> Int
    ) -> String? {
        guard documentIndex.shape == [sequences.count * epochs.count], documentIndex.elementType == .int32 else {
            return "it lists \(documentIndex.count) documents, the data has \(sequences.count) in each of \(epochs.count) passes"
        }
        guard sampleIndex.shape == [epochs.sampleCount + 1, 2], shuffleIndex.shape == [epochs.sampleCount] else {
            return "it holds \(shuffleIndex.count) samples, the data gives \(epochs.sampleCount)"
        }
        for position in 0..<documentIndex.count where !sequences.contains(documentIndex[position]) {
            return "it names a document outside the split"
        }
        for sample in 0..<epochs.sampleCount where !(0..<epochs.sampleCount).contains(shuffleIndex[sample]) {
            return "its shuffle index names a sample that does not exist"
        }
        var row = 0
        var differing: Int?
        MegatronSampleWalk(documentCount: documentIndex.count, sequenceLength: description.sequenceLength, extraToken: extraToken)
            .forEachRow(count: epochs.sampleCount + 1, length: { length(documentIndex[$0]) }) { position, offset in
                if differing == nil, sampleIndex[2 * row] != position || sampleIndex[2 * row + 1] != offset { differing = row }
                row += 1
            }
        return differing.map { "sample \($0) starts elsewhere: the documents' lengths have changed since it was written" }
    }
}
