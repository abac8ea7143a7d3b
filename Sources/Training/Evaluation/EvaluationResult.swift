#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
public import JSON

/// The figures of a language-model evaluation, as papers report them.
public struct PerplexityResult: Sendable, Equatable {
    /// −Σ log p over all scored targets, nats.
    public var negativeLogLikelihood: Double
    /// Targets that were scored.
    public var scoredTargets: Int
    /// N₁, tokens of the detokenised text.
    public var tokens: Int
    /// N₀, words of the original text.
    public var originalTokens: Int

    /// Per target: the sum over N₁ − 1, also when a short last window left some unscored (Megatron's method).
    public var loss: Double { negativeLogLikelihood / Double(max(1, tokens - 1)) }
    /// exp(min(20, loss)), as Megatron prints it.
    public var perplexity: Double { exp(min(20, loss)) }
    /// (N₁ − 1)/(N₀ − 1).
    public var tokenRatio: Double { Double(tokens - 1) / Double(max(1, originalTokens - 1)) }
    /// exp(loss · ratio): perplexity a word, comparable between tokenizers; at most exp(20).
    public var adjustedPerplexity: Double { exp(min(20, loss * tokenRatio)) }

    public var json: JSONValue {
        [
            "loss": JSONValue(loss), "perplexity": JSONValue(perplexity), "adjusted_perplexity": JSONValue(adjustedPerplexity),
            "token_ratio": JSONValue(tokenRatio), "tokens": JSONValue(tokens), "original_tokens": JSONValue(originalTokens),
            "scored_targets": JSONValue(scoredTargets),
        ]
    }
}

/// The figure of a last-word prediction task.
public struct AccuracyResult: Sendable, Equatable {
    public var correct: Int
    public var items: Int
    /// Items that were longer than the model's context and lost their beginning.
    public var shortened: Int

    public var accuracy: Double { items == 0 ? .nan : Double(correct) / Double(items) }

    public var json: JSONValue {
        [
            "accuracy": JSONValue(items == 0 ? nil : accuracy), "correct": JSONValue(correct), "items": JSONValue(items),
            "shortened": JSONValue(shortened),
        ]
    }
}
