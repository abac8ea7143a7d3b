public import Quantities
import Sampling

/// The table. Options of pacing functions stand with their function.
extension ScheduleOption {
    /// Every option that decides a plan, in the order of help.
    public static let all: [ScheduleOption] = {
        var all = [
            data, split, seed, order, trainSamples, sequenceLength, batchSize, batchUnit, trainTokens, batchWarmupStart, batchWarmupTokens,
            documentMask, resetPositions, maskEnds, lossWeights, pacing,
        ]
        for option in Pacing.functions.flatMap({ $0.options }) where !all.contains(where: { $0.name == option.name }) { all.append(option) }
        return all + [tails]
    }()

    /// The option of this name or alias.
    public static func named(_ name: String) -> ScheduleOption? { all.first { $0.name == name || $0.aliases.contains(name) } }

    public static let data = ScheduleOption(
        "data", also: ["data-path"], key: "data.prefixes", .text, "P[=WEIGHT]", .data,
        "prefixes of token indexes, with their shares of the samples (otherwise in proportion to size)")
    public static let split = ScheduleOption(
        "split", key: "data.split", .text, "A,B,C", default: "969,30,1", .data, "shares of documents for training, validation and test")
    public static let seed = ScheduleOption(
        "seed", key: "run.seed", .count(0...Int.max), default: "1234", .data, "of data order and weights")
    public static let order = ScheduleOption(
        "order", key: "data.order", .choice(["slw", "megatron"]), "ORDER", default: "slw", .data,
        "who shuffles: keyed permutations, or Megatron-Core's GPTDataset bit for bit")
    public static let trainSamples = ScheduleOption(
        "train-samples", key: "data.train_samples", .count(1...1 << 48), default: "one pass", .data,
        "for order megatron: samples of the whole job, which decide Megatron's shuffle")

    public static let sequenceLength = ScheduleOption(
        "seq-length", key: "batch.sequence_length", .count(1...1 << 24), default: "256, less for a short corpus", .batch,
        "full length of a row, in tokens")
    public static let batchSize = ScheduleOption(
        "global-batch-size", also: ["batch-size"], key: "batch.rows", .count(1...1 << 24), default: "16", .batch, "rows of a step")
    public static let batchUnit = ScheduleOption(
        "batch-unit", key: "batch.unit", .choice(BatchUnit.allCases.map(\.rawValue)), "UNIT", .batch,
        "what every step has as many of while lengths grow: rows, unless the curriculum says otherwise, or tokens, where short rows are more"
    )
    public static let trainTokens = ScheduleOption(
        "train-tokens", key: "batch.train_tokens", .count(1...1 << 60), default: "one pass over the data", .batch,
        "token budget: the run ends when so many targets are trained")
    public static let batchWarmupStart = ScheduleOption(
        "batch-warmup-start", key: "batch.warmup_start", .count(1...1 << 24), default: "1", .batch,
        "rows of the first step, when the batch grows as GPT-3's")
    public static let batchWarmupTokens = ScheduleOption(
        "batch-warmup-tokens", key: "batch.warmup_tokens", .count(1...1 << 60), "N", .batch, "tokens over which the batch grows")

    public static let documentMask = ScheduleOption(
        "document-mask", also: ["reset-attention-mask"], key: "rows.document_mask", .flag, "BOOL", default: "false", .rows,
        "attention stays within a document")
    public static let resetPositions = ScheduleOption(
        "reset-position-ids", key: "rows.reset_position_ids", .flag, "BOOL", default: "false", .rows,
        "positions begin at 0 in each document of a row")
    public static let maskEnds = ScheduleOption(
        "eod-mask-loss", key: "rows.eod_mask_loss", .flag, "BOOL", default: "false", .rows,
        "no loss on what follows an end token: the first token of the next document")
    public static let lossWeights = ScheduleOption(
        "loss-weights", key: "rows.loss_weights", .choice(LossWeightsChoice.allCases.map(\.rawValue)), "WHEN",
        default: LossWeightsChoice.auto.rawValue, .rows,
        "the pair P.weights beside a data set P: a weight of the loss for each token; auto reads it where it is, require where it is not is an error"
    )

    public static let pacing = ScheduleOption(
        "slw-pacing", key: "length_warmup.pacing", .choice(Pacing.functions.map { $0.name }), "PACING",
        default: "linear", .warmup, "how sequence length grows; none is the baseline")
    public static let tails = ScheduleOption(
        "tails", key: "length_warmup.tails", .choice(TailPolicy.allCases.map(\.rawValue)), "POLICY", default: TailPolicy.reuse.rawValue,
        .warmup, "what happens to the tokens that truncation cuts off")
}

extension OptionSpelling {
    /// As `config.json` keeps it: `batch.sequence_length`.
    public static let configuration = OptionSpelling { ScheduleOption.named($0)?.key ?? $0 }
}
