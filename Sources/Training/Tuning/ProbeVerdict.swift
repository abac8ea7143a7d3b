public import JSON
public import Metrics
public import Training

/// What a probe's validations say about its stability.
public struct ProbeVerdict: Sendable, Equatable {
    /// The largest ratio of a validation's perplexity to the best one before it.
    public struct Fluctuation: Sendable, Equatable {
        /// NaN with fewer than two validations.
        public var ratio = Double.nan
        /// The step after which it was measured.
        public var step = 0
    }

    /// In the whole probe.
    public private(set) var largest = Fluctuation()
    /// At the very beginning.
    public private(set) var largestAtBeginning = Fluctuation()
    /// The step whose loss or gradient was not a finite number.
    public private(set) var divergedAt: Int?
    /// Whether that was at the very beginning.
    public private(set) var divergedAtBeginning = false
    /// Lowest perplexity; NaN without a validation.
    public private(set) var bestPerplexity = Double.nan
    public private(set) var validations = 0

    /// Judges the validations of `history` within `window`; those within `beginning` also count as the very beginning. The first one at or
    /// behind a border belongs to what is before it: nothing else was measured there.
    public init(_ history: RunHistory, window: TrainingAmount, beginning: TrainingAmount, divergedAt: Int? = nil) {
        var isBeginning = true
        for record in history.validations {
            let ratio = record.perplexity / bestPerplexity
            if validations == 0 || record.perplexity < bestPerplexity { bestPerplexity = record.perplexity }
            if validations == 1 || ratio > largest.ratio { largest = Fluctuation(ratio: ratio, step: record.progress.steps) }
            validations += 1
            if isBeginning { largestAtBeginning = largest }
            if beginning.isReached(by: record.progress) { isBeginning = false }
            if window.isReached(by: record.progress) { break }
        }
        self.divergedAt = divergedAt
        divergedAtBeginning = divergedAt != nil && !beginning.isReached(by: history.steps.last?.progress ?? TrainingProgress())
    }

    /// The verdict when perplexities may rise by the factor `limit` (1.3 in the paper).
    public func stability(limit: Double) -> Stability {
        if divergedAtBeginning || largestAtBeginning.ratio > limit { return .unstableAtBeginning }
        return divergedAt != nil || largest.ratio > limit ? .unstableLater : .stable
    }

    /// The numbers, for `tune.json`.
    public var json: JSONValue {
        [
            "largest_ratio": number(largest.ratio), "largest_ratio_step": JSONValue(largest.step),
            "largest_ratio_at_beginning": number(largestAtBeginning.ratio), "diverged_at_step": JSONValue(divergedAt),
            "best_perplexity": number(bestPerplexity), "validations": JSONValue(validations),
        ]
    }

    private func number(_ value: Double) -> JSONValue { value.isFinite ? .double(value) : .null }
}
