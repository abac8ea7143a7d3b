#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
public import JSON

/// Everything measured in one step: one line of `metrics.jsonl`.
///
/// A quantity that was not measured (a log of another program, an option switched off) is NaN here and absent there.
public struct StepRecord: Sendable, Equatable {
    /// Number of the step, from 1.
    public var step = 0
    /// Rows consumed up to and including this step.
    public var samples = 0
    /// Target tokens consumed up to and including this step.
    public var tokens = 0
    /// Passes over the data: 0 during the first.
    public var epoch = 0
    /// Sequence length of the step.
    public var length = 0
    /// Rows of the step.
    public var rows = 0
    /// Mean cross entropy per target, nats.
    public var loss = Double.nan
    /// This loss over the smallest of all earlier steps (the paper's measure of a spike).
    public var lossRatio = Double.nan
    public var learningRate = Double.nan
    /// Global l2 norm of the gradient before clipping.
    public var gradientNorm = Double.nan
    /// 1 when the gradient was scaled down to the clipping norm, else 0.
    public var clipped = Double.nan
    /// Σ √v over all parameters, v Adam's second moment without bias correction (the paper's "variance norm").
    public var varianceNorm = Double.nan
    /// max √v (the paper's "variance max element").
    public var varianceMax = Double.nan
    /// Σ |m|, m Adam's first moment.
    public var momentumNorm = Double.nan
    /// l2 norm of all parameters after the step.
    public var weightNorm = Double.nan
    /// Duration of the step: data, forward, backward, update.
    public var seconds = Double.nan
    /// Duration of all steps so far: neither pauses nor validations nor checkpoints.
    public var elapsed = Double.nan
    public var tokensPerSecond = Double.nan
    /// Model FLOPs of the step over what the machine's matrix products, as measured in the run's precision, would have done in its time: 0 … 1.
    public var utilisation = Double.nan
    /// Targets of the data trained so far, over all epochs.
    public var used = Double.nan
    /// Targets that were served without loss so far, where end tokens or weights mask some.
    public var masked = Double.nan
    /// Targets that the ledger holds for later.
    public var outstanding = Double.nan
    /// Targets given up by the tail policy.
    public var dropped = Double.nan
    /// Which slices were trained (`PlannedStep.json` of the plan); null where the log is another program's.
    public var slices = JSONValue.null

    public init() {}

    /// What the run has consumed, this step included.
    public var progress: TrainingProgress { TrainingProgress(steps: step, samples: samples, tokens: tokens) }

    /// A named quantity of a record.
    public struct Column: Sendable {
        /// Key in `metrics.jsonl` and heading in `metrics.csv`.
        public let name: String
        /// What it is, for tables of the format.
        public let meaning: String
        let path: Path

        enum Path: Sendable {
            case integer(any WritableKeyPath<StepRecord, Int> & Sendable)
            case number(any WritableKeyPath<StepRecord, Double> & Sendable)
        }

        /// The value in `record`; NaN when it was not measured.
        public func value(in record: StepRecord) -> Double {
            switch path {
            case .integer(let path): Double(record[keyPath: path])
            case .number(let path): record[keyPath: path]
            }
        }
    }

    /// All quantities, in the order in which they are written.
    public static let columns: [Column] = [
        Column(name: "step", meaning: "number of the step, from 1", path: .integer(\.step)),
        Column(name: "samples", meaning: "rows consumed, this step included", path: .integer(\.samples)),
        Column(name: "tokens", meaning: "targets consumed, this step included", path: .integer(\.tokens)),
        Column(name: "epoch", meaning: "finished passes over the data", path: .integer(\.epoch)),
        Column(name: "length", meaning: "sequence length", path: .integer(\.length)),
        Column(name: "rows", meaning: "rows of the step", path: .integer(\.rows)),
        Column(name: "loss", meaning: "mean cross entropy per target, nats", path: .number(\.loss)),
        Column(name: "loss_ratio", meaning: "loss over the smallest loss of all earlier steps", path: .number(\.lossRatio)),
        Column(name: "learning_rate", meaning: "of the step", path: .number(\.learningRate)),
        Column(name: "gradient_norm", meaning: "l2 over all parameters, before clipping", path: .number(\.gradientNorm)),
        Column(name: "clipped", meaning: "1 when the gradient was scaled down", path: .number(\.clipped)),
        Column(name: "variance_sqrt_l1", meaning: "sum of sqrt(v), Adam's second moment", path: .number(\.varianceNorm)),
        Column(name: "variance_sqrt_max", meaning: "largest sqrt(v)", path: .number(\.varianceMax)),
        Column(name: "momentum_l1", meaning: "sum of |m|, Adam's first moment", path: .number(\.momentumNorm)),
        Column(name: "weight_l2", meaning: "l2 norm of the parameters", path: .number(\.weightNorm)),
        Column(name: "seconds", meaning: "duration of the step", path: .number(\.seconds)),
        Column(name: "elapsed", meaning: "seconds of training so far", path: .number(\.elapsed)),
        Column(name: "tokens_per_second", meaning: "targets of the step over its duration", path: .number(\.tokensPerSecond)),
        Column(
            name: "utilisation", meaning: "share of the machine's measured rate of matrix products, 0 to 1", path: .number(\.utilisation)),
        Column(name: "used", meaning: "targets trained, all epochs", path: .number(\.used)),
        Column(name: "masked", meaning: "targets served without loss, all epochs", path: .number(\.masked)),
        Column(name: "outstanding", meaning: "targets in the tail ledger", path: .number(\.outstanding)),
        Column(name: "dropped", meaning: "targets given up by the tail policy", path: .number(\.dropped)),
    ]

    /// The record as one object of `metrics.jsonl`.
    public var json: JSONValue {
        var object = JSONObject()
        object["kind"] = "step"
        for column in Self.columns {
            switch column.path {
            case .integer(let path): object[column.name] = .integer(Int64(self[keyPath: path]))
            case .number(let path):
                let value = self[keyPath: path]
                guard !value.isNaN else { continue }
                // Infinity has no JSON number.
                object[column.name] = value.isFinite ? .double(value) : .string(value > 0 ? "inf" : "-inf")
            }
        }
        if !slices.isNull { object["slices"] = slices }
        return .object(object)
    }

    /// What a count in a file may be: a double holds it, and sums and small multiples of it are integers still.
    static let counts = 0...1 << 53

    /// Reads back what ``json`` made. Unknown members are ignored, missing ones stay unmeasured; nil without a step number.
    public init?(_ json: JSONValue) {
        self.init()
        for column in Self.columns {
            guard let value = json[column.name] else { continue }
            switch column.path {
            case .integer(let path): if let number = value.int, Self.counts.contains(number) { self[keyPath: path] = number }
            case .number(let path):
                if let number = value.double {
                    self[keyPath: path] = number
                } else if let text = value.string {
                    self[keyPath: path] = text == "inf" ? .infinity : text == "-inf" ? -.infinity : .nan
                }
            }
        }
        slices = json["slices"] ?? .null
        guard step > 0 else { return nil }
    }
}

/// A measurement on the validation split, always at full length.
public struct ValidationRecord: Sendable, Equatable {
    /// Steps, rows and targets trained before it.
    public var progress: TrainingProgress
    /// Training time so far, seconds.
    public var elapsed: Double
    /// Mean cross entropy per target, nats.
    public var loss: Double
    /// Targets it was measured on.
    public var targets: Int

    public init(progress: TrainingProgress, elapsed: Double, loss: Double, targets: Int) {
        self.progress = progress
        self.elapsed = elapsed
        self.loss = loss
        self.targets = targets
    }

    /// exp(min(20, loss)), as Megatron prints it.
    public var perplexity: Double { Self.perplexity(ofLoss: loss) }

    /// exp(min(20, loss)), as Megatron prints it.
    public static func perplexity(ofLoss loss: Double) -> Double { exp(min(20, loss)) }

    /// The record as one object of `metrics.jsonl`.
    public var json: JSONValue {
        [
            "kind": "validation", "step": .integer(Int64(progress.steps)), "samples": .integer(Int64(progress.samples)),
            "tokens": .integer(Int64(progress.tokens)), "elapsed": .double(elapsed), "loss": .double(loss),
            "perplexity": .double(perplexity), "targets": .integer(Int64(targets)),
        ]
    }

    /// Reads back what ``json`` made.
    public init?(_ json: JSONValue) {
        func count(_ key: String) -> Int? { json[key]?.int.flatMap { StepRecord.counts.contains($0) ? $0 : nil } }
        guard let step = count("step"), let loss = json["loss"]?.double else { return nil }
        self.init(
            progress: TrainingProgress(steps: step, samples: count("samples") ?? 0, tokens: count("tokens") ?? 0),
            elapsed: json["elapsed"]?.double ?? .nan, loss: loss, targets: count("targets") ?? 0)
    }
}
