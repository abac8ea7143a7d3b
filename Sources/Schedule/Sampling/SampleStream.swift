public import IndexedDatasets

/// One part of one data set as full-length samples: pure arithmetic over the packed tokens of the `.bin`, no index to build.
///
/// Sample j is tokens `base + j·L ... base + j·L + L`: L inputs, L targets one further on. Neighbours share one token, so each
/// adjacent pair of tokens is a target once. What is left at the end (fewer than L targets) belongs to no sample.
public struct SampleStream: Sendable {
    public let dataset: IndexedDataset
    /// The part's sequences, and the tokens they hold.
    public let sequences: Range<Int>
    public let tokens: Range<Int>
    public let sequenceLength: Int

    /// Throws when the part is too small for a sample, or lies outside the data set. (An opened data set has its sequences back to back; opening checks it.)
    public init(_ dataset: IndexedDataset, sequences: Range<Int>, sequenceLength: Int) throws(SamplingError) {
        guard (1...1 << 40).contains(sequenceLength) else {
            throw .badOrder("samples cannot have length \(sequenceLength): it must be at least 1, and at most 2^40")
        }
        guard sequences.lowerBound >= 0, sequences.upperBound <= dataset.sequenceCount else {
            throw .badOrder("\(dataset.prefix) has \(dataset.sequenceCount) sequences: \(sequences) are not among them")
        }
        self.dataset = dataset
        self.sequences = sequences
        self.sequenceLength = sequenceLength
        let lower = sequences.isEmpty ? 0 : dataset.tokenOffset(ofSequence: sequences.lowerBound)
        let upper =
            sequences.isEmpty
            ? 0 : dataset.tokenOffset(ofSequence: sequences.upperBound - 1) + dataset.length(ofSequence: sequences.upperBound - 1)
        tokens = lower..<upper
        guard sampleCount > 0 else { throw .noSample(prefix: dataset.prefix, tokens: tokens.count, sequenceLength: sequenceLength) }
    }

    /// Full-length samples.
    public var sampleCount: Int { max(tokens.count - 1, 0) / sequenceLength }
}
