import Hashing
public import JSON
public import Metrics

/// How a call of the trainer ended, with the numbers a person quotes.
public struct TrainingSummary: Sendable, Equatable {
    public enum Ending: String, Sendable {
        /// The token budget is used.
        case finished
        /// A stop was asked for; the run can be resumed.
        case stopped
    }

    public var ending: Ending
    /// The run folder.
    public var folder: String
    /// Steps of the whole run.
    public var steps: Int
    /// Targets that the whole run consumed: those trained, and those that were served without loss.
    public var trainedTokens: Int
    /// Mean loss of the last steps (one in fifty, at least ten).
    public var trainLoss: Double?
    /// At full length, after the last step.
    public var validationLoss: Double?
    /// Digest of all targets that were trained, independent of their order.
    public var digest: UInt64
    /// The plan's counts, in targets: trained, and of those from tails.
    public var used: Int
    public var masked: Int
    public var reused: Int
    public var outstanding: Int
    public var dropped: Int
    /// Training time, pauses between runs left out.
    public var seconds: Double
    /// The newest checkpoint.
    public var checkpoint: String?

    /// The object that `slw-train --json` ends with.
    public var json: JSONValue {
        [
            "ending": JSONValue(ending.rawValue), "run": JSONValue(folder), "steps": JSONValue(steps),
            "trained_tokens": JSONValue(trainedTokens), "train_loss": JSONValue(trainLoss), "validation_loss": JSONValue(validationLoss),
            "validation_perplexity": JSONValue(validationLoss.map(ValidationRecord.perplexity(ofLoss:))),
            "digest": JSONValue(Hexadecimal.text(digest)),
            "tails": [
                "used": JSONValue(used), "masked": JSONValue(masked), "reused": JSONValue(reused), "outstanding": JSONValue(outstanding),
                "dropped": JSONValue(dropped),
            ],
            "seconds": JSONValue(seconds), "checkpoint": JSONValue(checkpoint),
        ]
    }
}

/// What a trainer reports while it runs.
public enum TrainingEvent: Sendable {
    /// A step is done.
    case step(StepRecord, TrainingForecast)
    /// A validation is done; `isBest` when no earlier one of the run was lower.
    case validation(ValidationRecord, isBest: Bool)
    /// A checkpoint is complete under this path.
    case checkpoint(String)
    /// A sentence for the person who watches.
    case notice(String)
}

/// How much of a run is left.
public struct TrainingForecast: Sendable, Equatable {
    /// Targets until the budget is used.
    public var tokensLeft: Int
    /// At the speed of the last minute or so; nil in the first steps.
    public var secondsLeft: Double?
    /// Done share of the budget, 0 … 1.
    public var share: Double
}
