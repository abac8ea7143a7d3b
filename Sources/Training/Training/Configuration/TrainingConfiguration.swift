public import JSON
public import Transformer

/// Everything that decides what a run does: the content of its `config.json`.
///
/// All values have defaults that train a small model sensibly; nil stands for "choose for this data set", and
/// ``resolved(for:)`` chooses. Names, meanings and JSON places of all values are in ``fields``.
public struct TrainingConfiguration: Sendable, Equatable {
    /// A data set and its share of the training samples.
    public struct WeightedPrefix: Sendable, Equatable {
        /// `P` of `P.bin` and `P.idx`.
        public var prefix: String
        /// Relative; nil for all means in proportion to size.
        public var weight: Double?

        public init(prefix: String, weight: Double? = nil) {
            self.prefix = prefix
            self.weight = weight
        }
    }

    /// How sequence length grows. Spelled as on the command line.
    public enum Pacing: String, Sendable, CaseIterable {
        case none, linear, root, mixed, table, adaptive
        case twoStage = "two-stage"
        /// ``curriculum``; on the command line `--slw-config`.
        case deepSpeed = "deepspeed"
    }

    /// Who shuffles the samples. Spelled as on the command line.
    public enum Order: String, Sendable, CaseIterable { case slw, megatron }

    /// What happens to the cut-off part of a sample.
    public enum Tails: String, Sendable, CaseIterable { case drop, reuse, `defer`, eager }

    /// How weights begin.
    public enum Initialisation: String, Sendable, CaseIterable {
        /// Normal with 0.02, projections into the residual stream scaled by 1/√(2·layers).
        case gpt2
        /// "Spike No More" (Takase et al. 2023): small sub-layers, embedding scaled by √width.
        case spikeNoMore = "spike-no-more"
    }

    // Data.
    public var data: [WeightedPrefix] = []
    public var split = "969,30,1"
    public var order = Order.slw
    /// With ``Order/megatron``: samples of the whole job, which decide Megatron's shuffle; nil for one pass.
    public var trainSamples: Int?
    /// A tokenizer (file, directory or installed name) for exports and samples; nil takes the one that the data set names.
    public var tokenizer: String?

    // Batches and budget.
    public var sequenceLength: Int?
    public var globalBatchSize = 16
    /// Rows of one forward and backward pass at full length; nil for as many as a fixed memory budget holds.
    public var microBatchSize: Int?
    /// Targets to train; the run ends with the first step that reaches them.
    public var trainTokens: Int?
    /// Rows of the first step, when the batch grows (GPT-3's warmup).
    public var batchWarmupStart: Int?
    /// Tokens over which the batch grows to ``globalBatchSize``.
    public var batchWarmupTokens: Int?

    // Length warmup.
    public var pacing = Pacing.linear
    public var warmupStart = standardWarmupStart
    /// T, the step at which full length is reached.
    public var warmupSteps: Int?
    public var rootDegree = 2.0
    /// Stages of `table` and `mixed`: `64:1000,128:2000,256`, each length with its number of steps, the last of a table without.
    public var pacingTable: String?
    /// What a calm interval of the adaptive pacing adds to the length.
    public var adaptiveIncrement = 8
    /// Steps between decisions of the adaptive pacing.
    public var adaptiveInterval = 100
    /// How far above its lowest the smoothed loss may stand, as a share of it, for the adaptive pacing to go on.
    public var adaptiveTolerance = 0.05
    /// DeepSpeed's `curriculum_learning` block as it was read, not its file: a run folder can be moved.
    public var curriculum: JSONValue?
    /// The DeepSpeed release whose rounding ``curriculum`` is read with.
    public var curriculumVersion = "0.19.8"
    public var tails = Tails.reuse

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
    public var seed = 1234
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
