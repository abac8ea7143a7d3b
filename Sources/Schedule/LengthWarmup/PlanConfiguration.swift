import Quantities

/// Everything that decides a plan, next to the sizes of the data.
public struct PlanConfiguration: Sendable, Equatable {
    /// L: inputs and targets of a full sample.
    public var sequenceLength: Int
    /// Rows of a step.
    public var globalBatchSize: Int
    /// The budget in served targets; the last step is cut to what is left of it.
    public var trainTokens: Int
    public var pacing: Pacing
    public var tails: TailPolicy
    /// Grows the batch as GPT-3 does; nil for a constant one.
    public var batchWarmup: BatchWarmup?
    /// What every step has as many of.
    public var batchUnit: BatchUnit
    /// Lengths are multiples of it (paper: 8).
    public var granularity: Int
    public var seed: UInt64
    /// What documents are to a row.
    public var rowRules: RowRules

    public init(
        sequenceLength: Int, globalBatchSize: Int, trainTokens: Int, pacing: Pacing = .constant, tails: TailPolicy = .reuse,
        batchWarmup: BatchWarmup? = nil, batchUnit: BatchUnit = .rows, granularity: Int = 8, seed: UInt64 = 1234,
        rowRules: RowRules = .plain
    ) {
        self.sequenceLength = sequenceLength
        self.globalBatchSize = globalBatchSize
        self.trainTokens = trainTokens
        self.pacing = pacing
        self.tails = tails
        self.batchWarmup = batchWarmup
        self.batchUnit = batchUnit
        self.granularity = granularity
        self.seed = seed
        self.rowRules = rowRules
    }

    /// The shortest beginning of a tail that fills up a row, a 32nd of the full length: what is shorter would be trained almost without
    /// context, and stays padding (about 0.01 % of the targets of the paper's schedules).
    var minimumSlice: Int { max(granularity, sequenceLength / 32) }

    /// Rows of `length` targets of a step that begins after `trained` tokens, where the budget does not end it sooner.
    func rows(afterTokens trained: Int, length: Int) -> Int {
        let full = batchWarmup?.rows(afterTokens: trained, full: globalBatchSize) ?? globalBatchSize
        guard batchUnit == .tokens else { return full }
        let cut = pacing.function.cut
        // Whole samples where they are split, so that a step's samples are all its own.
        return cut.splits ? full * rowsOfSample(length: length) : max(full, full * sequenceLength / (length + cut.seam))
    }

    /// Rows of `length` targets that a fresh sample becomes.
    func rowsOfSample(length: Int) -> Int { pacing.function.cut.rows(ofSample: sequenceLength, length: length) }

    /// The batch warmup where it grows anything: older builds kept one that begins with the full batch.
    var effectiveBatchWarmup: BatchWarmup? { batchWarmup.flatMap { $0.start < globalBatchSize ? $0 : nil } }

    /// Throws when a number makes no plan.
    public func check() throws(WarmupError) {
        // Upper bounds: far above any run, and no sum of a plan can overflow.
        for (name, value, bound) in [
            ("seq-length", sequenceLength, 1 << 24), ("global-batch-size", globalBatchSize, 1 << 24),
            ("train-tokens", trainTokens, 1 << 60),
            ("slw-granularity", granularity, 1 << 24),
        ] where value < 1 || value > bound {
            throw .badConfiguration("\(option: name) is \(value): it must be \(value < 1 ? "at least 1" : "at most \(bound)")")
        }
        try pacing.check(full: sequenceLength)
        if pacing.function.cut.seam > 0, tails != .drop {
            throw .badConfiguration("an exact curriculum drops what it cuts off: \(option: "tails") must be drop")
        }
        if let batchWarmup {
            if batchWarmup.start < 1 || batchWarmup.start > globalBatchSize || batchWarmup.increment < 1 || batchWarmup.tokens < 1 {
                throw .badConfiguration(
                    "batch-size warmup needs a start from 1 to \(option: "global-batch-size"), an increment and a number of tokens of at least 1"
                )
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
        let increments = (full - start) / max(increment, 1)
        let reached = Int(Double(trained) / Double(tokens) * Double(increments + 1))
        return min(start + min(reached, increments) * increment, full)
    }
}
