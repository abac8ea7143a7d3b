#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import IndexedDatasets

/// The samples that Megatron-Core would serve to a training job, in its order: `GPTDataset` for one data set, `BlendedDataset` for more.
///
/// Documents are shuffled before they are packed, so a sample consists of runs of tokens from several places of the `.bin`. Unlike ``SampleOrder`` it
/// costs memory and start-up: 4 bytes a document and pass, 12 a sample, 10 more a blended one. One pass is all there is: an epoch of the plan
/// is the samples that were asked for, and a further epoch serves the same ones in the same order.
public struct MegatronOrder: Sendable {
    /// One for each data set.
    public let indices: [MegatronSampleIndex]
    /// Nil for a single data set without a weight, which Megatron does not blend.
    public let blend: MegatronBlend?
    /// Samples that are served.
    public let count: Int
    public let requested: Int?
    public let randomSeed: UInt32

    /// - Parameters:
    ///   - requested: samples of the whole job (`--train-samples`, or iterations times batch); nil for one pass. With weights it is needed.
    ///   - weights: as given, not normalised; nil for every sample of every set.
    init(streams: [SampleStream], weights: [Double]?, requested: Int?, randomSeed: UInt32) throws(SamplingError) {
        self.requested = requested
        self.randomSeed = randomSeed
        guard streams.count <= MegatronBlend.maximumSetCount else { throw .megatron(.tooManySets(streams.count)) }
        if let weights { try SampleOrder.check(weights, sets: streams.count, samples: requested ?? 1) }
        try Self.checkMemory(streams, requested)
        let shares = requested.flatMap { size in weights.map { MegatronBlend.shares(of: size, weights: $0) } }
        if weights != nil, shares == nil { throw .megatronSize }
        var indices: [MegatronSampleIndex] = []
        for (number, stream) in streams.enumerated() {
            let asked = streams.count == 1 && weights == nil ? requested : shares?[number].built
            guard
                let epochs = MegatronEpochs(
                    tokensPerEpoch: stream.tokens.count, sequenceLength: stream.sequenceLength, requested: asked, extraToken: 1)
            else {
                throw .noSample(prefix: stream.dataset.prefix, tokens: stream.tokens.count, sequenceLength: stream.sequenceLength)
            }
            do {
                indices.append(
                    try MegatronSampleIndex(
                        sequences: stream.sequences, epochs: epochs, sequenceLength: stream.sequenceLength, extraToken: 1,
                        randomSeed: randomSeed,
                        length: { stream.dataset.length(ofSequence: $0) }))
            } catch { throw .megatron(error) }
        }
        self.indices = indices
        if streams.count == 1, weights == nil {
            blend = nil
            count = min(requested ?? .max, indices[0].sampleCount)
        } else if let weights, let shares {
            // Once by the builder, once more by BlendedDataset.
            let normal = MegatronBlend.normalized(MegatronBlend.normalized(weights))
            blend = MegatronBlend(weights: normal, size: shares.reduce(0) { $0 + $1.target })
            count = min(requested ?? .max, blend!.datasetIndex.count)
        } else {
            let sizes = indices.map(\.sampleCount)
            let total = sizes.reduce(0, +)
            if let requested {
                blend = MegatronBlend(weights: MegatronBlend.normalized(sizes.map(Double.init)), size: min(requested, total))
            } else {
                blend = MegatronBlend(exhausting: sizes)
            }
            count = blend!.datasetIndex.count
        }
    }

    /// Throws when the arrays of so many samples are larger than the machine's memory.
    private static func checkMemory(_ streams: [SampleStream], _ requested: Int?) throws(SamplingError) {
        let own = streams.reduce(0.0) { $0 + Double($1.sampleCount) }
        let passes = max(1, Double(requested ?? 0) / own)
        let sequences = streams.reduce(0.0) { $0 + Double($1.sequences.count) }
        let bytes = passes * (4 * sequences + 12 * own) + (streams.count > 1 ? 10 * max(own, Double(requested ?? 0)) : 0)
        let memory = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
        guard memory <= 0 || bytes <= memory else {
            throw .megatron(.tooLarge(samples: requested ?? Int(own), gigabytes: Int(min(bytes / 1e9, 1e15))))
        }
    }

    /// Samples of one data set among those that are served.
    func samples(ofSet set: Int) -> Int { blend?.datasetIndex.prefix(count).count { Int($0) == set } ?? count }

    /// Data set, and sample in that set's own shuffled order.
    func entry(_ position: Int) -> (dataset: Int, sample: Int) {
        guard let blend else { return (0, position) }
        return (Int(blend.datasetIndex[position]), Int(blend.sampleIndex[position]))
    }

    /// Appends the runs that hold tokens `start ... start + targets` of the sample at `position`.
    func appendRuns(_ streams: [SampleStream], epoch: Int, position: Int, start: Int, targets: Int, to runs: inout [TokenRun]) {
        let (number, sample) = entry(position)
        let dataset = streams[number].dataset
        var skipped = start
        var wanted = targets + 1
        indices[number].forEachPart(ofSample: sample, extraToken: 1, length: { dataset.length(ofSequence: $0) }) { sequence, part in
            let skip = min(skipped, part.count)
            skipped -= skip
            let count = min(part.count - skip, wanted)
            guard count > 0 else { return }
            runs.append(
                TokenRun(
                    dataset: number, pass: epoch, token: dataset.tokenOffset(ofSequence: sequence) + part.lowerBound + skip, count: count,
                    beginsSlice: wanted == targets + 1, endsSlice: count == wanted))
            wanted -= count
        }
    }
}

/// Consecutive tokens of a data set that a slice reads: the whole slice's inputs and its last target, or one part of them.
///
/// The runs of a slice together hold one token more than it has targets; every token but the very first is a target.
public struct TokenRun: Sendable, Equatable {
    public var dataset: Int
    /// How often the set was gone through before.
    public var pass: Int
    /// First token, as an offset in the `.bin` in tokens.
    public var token: Int
    public var count: Int
    public var beginsSlice: Bool
    public var endsSlice: Bool
    /// Whether the slice is the first of its sample.
    public var opensSample: Bool = false

    /// Targets among its tokens, and where they begin.
    public var targetCount: Int { beginsSlice ? count - 1 : count }
    public var firstTarget: Int { beginsSlice ? token + 1 : token }
    /// Inputs among its tokens.
    public var inputCount: Int { endsSlice ? count - 1 : count }
}
