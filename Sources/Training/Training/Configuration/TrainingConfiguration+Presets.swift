import LengthWarmup

extension TrainingConfiguration {
    /// A named starting point.
    public struct Preset: Sendable {
        public let name: String
        public let summary: String
        public let configuration: TrainingConfiguration
    }

    /// All presets: four of the paper (sections 4 and A.1, and GPT-3's table 2.1) and three that a laptop finishes.
    public static let presets: [Preset] = [
        preset("tiny", "2 layers, 64 wide, length 64: seconds, for trying things out", layers: 2, width: 64, heads: 2) {
            $0.sequenceLength = 64
            $0.learningRate = 3e-3
        },
        preset("small", "4 layers, 256 wide, length 256: minutes on two cores (the default)", layers: 4, width: 256, heads: 4) {
            $0.sequenceLength = 256
        },
        preset("medium", "6 layers, 384 wide, length 512: an hour or a night", layers: 6, width: 384, heads: 6) {
            $0.sequenceLength = 512
            $0.globalBatchSize = 32
            $0.learningRate = 6e-4
        },
        preset(
            "gpt2-117m", "GPT-2 117M as in the paper: 157B tokens, batch 512, lengths 8 to 1024 over 60K steps", layers: 12, width: 768,
            heads: 12
        ) {
            $0.usePaperGPT2Recipe(warmupFrom: 8, over: 60_000)
        },
        preset(
            "gpt2-1.5b", "GPT-2 1.5B as in the paper: 157B tokens, batch 512, lengths 64 to 1024 over 270K steps", layers: 48, width: 1600,
            heads: 25
        ) {
            $0.usePaperGPT2Recipe(warmupFrom: 64, over: 270_000)
        },
        preset("gpt3-125m", "GPT-3 125M: 300B tokens, batch 256, lengths 72 to 2048 over 11.5K steps", layers: 12, width: 768, heads: 12) {
            $0.useGPT3Recipe(batch: 256, learningRate: 6e-4, warmupFrom: 72, over: 11_500)
        },
        preset("gpt3-1.3b", "GPT-3 1.3B: 300B tokens, batch 512, lengths 80 to 2048 over 23K steps", layers: 24, width: 2048, heads: 16) {
            $0.useGPT3Recipe(batch: 512, learningRate: 2e-4, warmupFrom: 80, over: 23_000)
        },
    ]

    /// The preset of this name.
    public static func preset(named name: String) -> Preset? { presets.first { $0.name == name } }

    private static func preset(
        _ name: String, _ summary: String, layers: Int, width: Int, heads: Int, _ change: (inout TrainingConfiguration) -> Void
    ) -> Preset {
        var configuration = TrainingConfiguration()
        configuration.layers = layers
        configuration.width = width
        configuration.heads = heads
        change(&configuration)
        // Where another word takes a value's effect, the preset's is no mistake.
        configuration.schedule.assume()
        return Preset(name: name, summary: summary, configuration: configuration)
    }

    /// The paper's GPT-2 runs: Megatron's defaults for Adam, 3K steps of warmup, one cosine over the token budget.
    private mutating func usePaperGPT2Recipe(warmupFrom start: Int, over steps: Int) {
        sequenceLength = 1024
        globalBatchSize = 512
        trainTokens = 300_000 * 512 * 1024
        learningRate = 1.5e-4
        minimumLearningRate = 1e-5
        learningRateWarmup = .steps(3000)
        learningRateDecay = .tokens(300_000 * 512 * 1024)
        (beta1, beta2, weightDecay, clipNorm) = (0.9, 0.999, 0.01, 1)
        (warmupStart, warmupSteps) = (start, steps)
    }

    /// GPT-3's runs (Brown et al. 2020, appendix B): 375M tokens of warmup, cosine over 260B, batch warmup over 4B.
    private mutating func useGPT3Recipe(batch: Int, learningRate: Double, warmupFrom start: Int, over steps: Int) {
        sequenceLength = 2048
        trainTokens = 300_000_000_000
        learningRateWarmup = .tokens(375_000_000)
        learningRateDecay = .tokens(260_000_000_000)
        schedule[.batchWarmupStart] = .count(16)
        schedule[.batchWarmupTokens] = .count(4_000_000_000)
        (beta1, beta2, weightDecay, clipNorm) = (0.9, 0.95, 0.1, 1)
        globalBatchSize = batch
        (self.learningRate, minimumLearningRate) = (learningRate, learningRate / 10)
        (warmupStart, warmupSteps) = (start, steps)
    }
}
