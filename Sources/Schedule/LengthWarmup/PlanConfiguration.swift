public import JSON

/// Everything that decides a plan, next to the sizes of the data.
public struct PlanConfiguration: Sendable, Equatable {
    /// L: inputs and targets of a full sample.
    public var sequenceLength: Int
    /// Rows of a step.
    public var globalBatchSize: Int
    /// The budget in trained targets; the last step is cut to what is left of it.
    public var trainTokens: Int
    public var pacing: Pacing
    public var tails: TailPolicy
    /// Grows the batch as GPT-3 does; nil for a constant one.
    public var batchWarmup: BatchWarmup?
    /// Lengths are multiples of it (paper: 8).
    public var granularity: Int
    public var seed: UInt64

    public init(
        sequenceLength: Int, globalBatchSize: Int, trainTokens: Int, pacing: Pacing = .constant, tails: TailPolicy = .reuse,
        batchWarmup: BatchWarmup? = nil, granularity: Int = 8, seed: UInt64 = 1234
    ) {
        self.sequenceLength = sequenceLength
        self.globalBatchSize = globalBatchSize
        self.trainTokens = trainTokens
        self.pacing = pacing
        self.tails = tails
        self.batchWarmup = batchWarmup
        self.granularity = granularity
        self.seed = seed
    }

    /// By name, for digests, for the state, and for messages that name a difference.
    public var json: JSONObject {
        [
            "seq_length": JSONValue(sequenceLength), "global_batch_size": JSONValue(globalBatchSize),
            "train_tokens": JSONValue(trainTokens),
            "slw_pacing": JSONValue("\(pacing)"), "tails": JSONValue(tails.rawValue),
            "batch_warmup": JSONValue(batchWarmup.map { "\($0)" }), "slw_granularity": JSONValue(granularity),
            "seed": JSONValue(String(seed)),
        ]
    }

    /// The shortest beginning of a tail that fills up a row, a 32nd of the full length: what is shorter would be trained almost without
    /// context, and stays padding (about 0.01 % of the targets of the paper's schedules).
    var minimumSlice: Int { max(granularity, sequenceLength / 32) }

    /// Throws when a number makes no plan.
    public func check() throws(WarmupError) {
        // Upper bounds: far above any run, and no sum of a plan can overflow.
        for (name, value, bound) in [
            ("--seq-length", sequenceLength, 1 << 24), ("--global-batch-size", globalBatchSize, 1 << 24),
            ("--train-tokens", trainTokens, 1 << 60),
        ] where value < 1 || value > bound {
            throw .badConfiguration("\(name) is \(value): it must be \(value < 1 ? "at least 1" : "at most \(bound)")")
        }
        if granularity < 1 { throw .badConfiguration("the length granularity is \(granularity): it must be at least 1") }
        switch pacing {
        case .constant, .deepSpeed: break
        case .adaptive(let adaptive):
            if adaptive.start < 1 || adaptive.start > sequenceLength || adaptive.increment < 1 || adaptive.interval < 1
                || !(adaptive.tolerance >= 0 && adaptive.tolerance.isFinite)
            {
                throw .badConfiguration(
                    "adaptive pacing needs a start from 1 to --seq-length, an increment and an interval of at least 1, a tolerance of at least 0"
                )
            }
        case .linear(let start, let steps), .root(let start, let steps, _), .twoStage(let start, let steps):
            if start < 1 || start > sequenceLength {
                throw .badConfiguration("--slw-start is \(start): it must lie between 1 and --seq-length \(sequenceLength)")
            }
            if steps < 0 { throw .badConfiguration("--slw-steps is \(steps): it cannot be negative") }
        case .mixed(let first, let firstSteps, let second, let secondSteps):
            if min(first, second) < 1 || firstSteps < 0 || secondSteps < 0 || max(firstSteps, secondSteps) < 1
                || max(firstSteps, secondSteps) > 1 << 60
            {
                throw .badConfiguration("mixed pacing needs two lengths of at least 1 and one step in a cycle")
            }
        case .table(let lengths, let bounds):
            if lengths.isEmpty || lengths.contains(where: { $0 < 1 }) || bounds.count != lengths.count - 1 {
                throw .badConfiguration("a table of lengths needs lengths of at least 1, and one step bound less than lengths")
            }
        }
        if case .root(_, _, let exponent) = pacing, !(exponent > 0 && exponent.isFinite) {
            throw .badConfiguration("the root's exponent is \(exponent): it must be above 0")
        }
        if let batchWarmup {
            if batchWarmup.start < 1 || batchWarmup.start > globalBatchSize || batchWarmup.increment < 1 || batchWarmup.tokens < 1 {
                throw .badConfiguration(
                    "batch-size warmup needs 1 <= start <= --global-batch-size, an increment and a number of tokens of at least 1")
            }
        }
    }
}

/// GPT-3's batch-size warmup: from `start` rows to the full batch in steps of `increment` rows, evenly over `tokens` trained tokens
/// (Megatron's `--rampup-batch-size`, counted in tokens).
public struct BatchWarmup: Sendable, Equatable {
    public var start: Int
    public var increment: Int
    public var tokens: Int

    public init(start: Int, increment: Int, tokens: Int) {
        self.start = start
        self.increment = increment
        self.tokens = tokens
    }

    /// Rows of the step that begins after `trained` tokens.
    public func rows(afterTokens trained: Int, full: Int) -> Int {
        if trained >= tokens || start >= full { return full }
        let increments = (full - start) / increment
        let reached = Int(Double(trained) / Double(tokens) * Double(increments + 1))
        return min(start + min(reached, increments) * increment, full)
    }
}
