import JSON
import Metrics

/// What the loop itself remembers between steps; saved with each checkpoint beside weights, moments and the state of the batches.
struct TrainerState: Sendable, Equatable {
    var progress = TrainingProgress()
    var schedule = LearningRateSchedule.State()
    /// Smallest loss of all steps so far.
    var smallestLoss = Double.infinity
    /// Training time so far, seconds.
    var elapsed = 0.0
    /// Step and loss of the best validation.
    var best: Best?
    /// Loss of the last validation.
    var lastValidation: Double?

    struct Best: Sendable, Equatable {
        var step: Int
        var loss: Double
    }

    var json: JSONValue {
        [
            "step": JSONValue(progress.steps), "samples": JSONValue(progress.samples), "tokens": JSONValue(progress.tokens),
            "decay_start": JSONValue(schedule.decayStart), "previous_tokens": JSONValue(schedule.previousTokens),
            "smallest_loss": JSONValue(smallestLoss.isFinite ? smallestLoss : nil), "elapsed": JSONValue(elapsed),
            "best_validation": best.map { ["step": JSONValue($0.step), "loss": JSONValue($0.loss)] } ?? .null,
            "last_validation": JSONValue(lastValidation),
        ]
    }

    init() {}

    /// Reads back what ``json`` made; nil when a number is missing.
    init?(_ json: JSONValue) {
        guard let step = json["step"]?.int, let samples = json["samples"]?.int, let tokens = json["tokens"]?.int,
            let previousTokens = json["previous_tokens"]?.int, let elapsed = json["elapsed"]?.double
        else { return nil }
        progress = TrainingProgress(steps: step, samples: samples, tokens: tokens)
        schedule.decayStart = json["decay_start"]?.int
        schedule.previousTokens = previousTokens
        smallestLoss = json["smallest_loss"]?.double ?? .infinity
        self.elapsed = elapsed
        if let best = json["best_validation"], let step = best["step"]?.int, let loss = best["loss"]?.double {
            self.best = Best(step: step, loss: loss)
        }
        lastValidation = json["last_validation"]?.double
    }
}
