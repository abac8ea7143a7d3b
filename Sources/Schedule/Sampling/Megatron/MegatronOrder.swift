import IndexedDatasets
import TypedErrors

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
        let blended = streams.count > 1 || weights != nil ? requested ?? streams.reduce(0) { $0 + $1.sampleCount } : 0
        try mapping(SamplingError.megatron, MegatronMemory.check(samples: blended, bytes: 10 * Double(blended)))
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
            let index = try mapping(
                SamplingError.megatron,
                MegatronSampleIndex(
                    sequences: stream.sequences, epochs: epochs, sequenceLength: stream.sequenceLength, extraToken: 1,
                    randomSeed: randomSeed, length: { stream.dataset.length(ofSequence: $0) }))
            indices.append(index)
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
