/// How often Megatron-Core's `GPTDataset` passes over a split, and where it keeps the last pass apart.
///
/// Source: `megatron/core/datasets/gpt_dataset.py`, `_get_num_epochs` and `_build_document_sample_shuffle_indices`.
public struct MegatronEpochs: Sendable, Equatable {
    /// Tokens of one pass over the split.
    public let tokensPerEpoch: Int
    /// Passes, at least one.
    public let count: Int
    /// Whether the last pass is shuffled on its own because less than 80 % of it is needed.
    public let separatesLast: Bool
    /// Samples of all passes but the last; nil for a single pass.
    public let samplesWithoutLast: Int?
    /// All samples that the passes hold.
    public let sampleCount: Int

    /// - Parameters:
    ///   - requested: samples asked for; nil for exactly one pass.
    ///   - extraToken: 1 when samples hold one token more than `sequenceLength` (Megatron's default), else 0.
    ///   - keepsPartialSample: Megatron's `drop_last_partial_validation_sequence = False`.
    /// - Returns: nil when the split holds too few tokens for a single sample in any number of passes.
    public init?(tokensPerEpoch: Int, sequenceLength: Int, requested: Int?, extraToken: Int, keepsPartialSample: Bool = false) {
        guard tokensPerEpoch > 0, sequenceLength > 0 else { return nil }
        var epochs = 1
        if let requested {
            // The smallest number of passes whose tokens cover the samples; overflow means a request beyond any machine.
            let (product, overflow) = requested.multipliedReportingOverflow(by: sequenceLength)
            guard !overflow, product <= Int.max - extraToken - tokensPerEpoch else { return nil }
            epochs = max(1, (product + extraToken + tokensPerEpoch - 1) / tokensPerEpoch)
        }
        self.tokensPerEpoch = tokensPerEpoch
        count = epochs
        let usable = epochs * tokensPerEpoch - extraToken
        if keepsPartialSample {
            // Megatron divides in float32 here, so above 2²⁴ tokens the last partial sample may vanish; reproduced, not endorsed.
            sampleCount = Int((Float(usable) / Float(sequenceLength)).rounded(.up))
        } else {
            sampleCount = usable / sequenceLength
        }
        if epochs > 1, let requested {
            let without = ((epochs - 1) * tokensPerEpoch - extraToken) / sequenceLength
            let perEpoch = (tokensPerEpoch - extraToken) / sequenceLength
            samplesWithoutLast = without
            separatesLast = requested - without < Int(0.80 * Double(perEpoch))
        } else {
            samplesWithoutLast = nil
            separatesLast = false
        }
        if sampleCount < 1 { return nil }
    }
}
