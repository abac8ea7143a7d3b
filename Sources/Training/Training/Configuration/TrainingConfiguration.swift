public import LengthWarmup
public import Transformer

/// Everything that decides what a run does: the content of its `config.json`.
///
/// All values have defaults that train a small model sensibly; nil stands for "choose for this data set", and
/// ``resolved(for:)`` chooses. Names, meanings and JSON places of all values are in ``fields``.
public struct TrainingConfiguration: Sendable, Equatable {
    /// How weights begin.
    public enum Initialisation: String, Sendable, CaseIterable {
        /// Normal with 0.02, projections into the residual stream scaled by 1/√(2·layers).
        case gpt2
        /// "Spike No More" (Takase et al. 2023): small sub-layers, embedding scaled by √width.
        case spikeNoMore = "spike-no-more"
    }

    /// Data, batches, budget and length warmup: what was said of them, and after ``resolved(for:)`` what was chosen.
    public var schedule = ScheduleWords()
    /// A tokenizer (file, directory or installed name) for exports and samples; nil takes the one that the data set names.
    public var tokenizer: String?
    /// Rows of one forward and backward pass at full length; nil for as many as a fixed memory budget holds.
    public var microBatchSize: Int?

    // Model.
    public var layers = 4
    public var width = 256
    public var heads = 4
    /// Highest token id + 1; nil takes the data set's tokenizer's.
    public var vocabularySize: Int?
    /// Share of the embedding and of the sub-layers' outputs that a step sets to 0.
    public var hiddenDropout = 0.0
    /// Share of the attention weights likewise.
    public var attentionDropout = 0.0
    public var initialisation = Initialisation.gpt2
    /// What matrix products multiply; ``resolved(for:)`` makes it fp32 where the processor has no others.
    public var precision = ProductPrecision.float32
    /// A Hugging Face directory or a checkpoint whose weights the run begins with.
    public var initialWeights: String?

    // Optimizer.
    public var learningRate = 1e-3
    public var minimumLearningRate: Double?
    public var decay = LearningRateSchedule.Decay.cosine
    /// Warmup of the learning rate; nil for a tenth of the budget in tokens: short first steps need it.
    public var learningRateWarmup: TrainingAmount?
    /// Where the decay ends; nil for the end of the budget.
    public var learningRateDecay: TrainingAmount?
    public var learningRateConvention = LearningRateSchedule.Convention.exact
    public var beta1 = 0.9
    public var beta2 = 0.95
    public var epsilon = 1e-8
    public var weightDecay = 0.1
    /// Largest global l2 norm of a gradient; 0 for no clipping.
    public var clipNorm = 1.0

    // The run itself.
    /// Steps between validations; nil for about twenty in a run.
    public var validationInterval: Int?
    /// Targets of the validation split that each validation reads (the same ones every time).
    public var validationTokens: Int?
    /// Steps between checkpoints; nil for about ten in a run.
    public var checkpointInterval: Int?
    public var keepCheckpoints = 3
    public var keepBest = true
    /// Steps between lines on the console.
    public var logInterval = 1
    /// Threads of the model; nil for the machine's processors.
    public var lanes: Int?
    /// OpenBLAS's kernels, whose rounding is in every weight; nil for those of the process, and with bf16 products, which have their own.
    public var blasCore: String?
    /// Steps between measurements of Adam's state; 0 for none.
    public var statisticsInterval = 1
    public var tensorBoard = true

    public init() {}
}
