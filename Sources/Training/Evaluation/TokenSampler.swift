#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Hashing
public import Tokenization

/// Draws the next token from a model's logits. The same seed and logits give the same tokens on every machine.
public struct TokenSampler: Sendable {
    /// Logits are divided by it; 0 always takes the most probable token.
    public var temperature: Double
    /// Only the k most probable tokens take part; nil for all.
    public var topK: Int?
    /// Only the most probable tokens take part whose probabilities together first reach p; nil for all.
    public var topP: Double?
    private var random: SplitMix64

    public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil, seed: UInt64 = 1234) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        random = SplitMix64(seed: seed)
    }

    /// The next token. Ties go to the smaller id. O(V log V) with a limit, O(V) without.
    public mutating func next(_ logits: [Float]) -> TokenID {
        precondition(!logits.isEmpty, "a vocabulary has at least one token")
        let uniform = CounterRandom.uniform(random.next())
        let best = logits.indices.reduce(0) { logits[$1] > logits[$0] || logits[$0].isNaN ? $1 : $0 }
        guard temperature > 0 else { return TokenID(best) }

        let highest = Double(logits[best])
        func weight(_ index: Int) -> Double {
            let logit = Double(logits[index])
            return logit.isNaN ? 0 : exp((logit - highest) / temperature)
        }
        var candidates = Array(logits.indices)
        if topK != nil || topP != nil {
            candidates.sort { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
            if let topK { candidates.removeLast(max(0, candidates.count - max(1, topK))) }
        }
        var weights = candidates.map(weight)
        var total = weights.reduce(0, +)
        if let topP {
            var (sum, count) = (0.0, 0)
            while count < weights.count && (count == 0 || sum < topP * total) {
                sum += weights[count]
                count += 1
            }
            weights.removeLast(weights.count - count)
            total = sum
        }
        var rest = uniform * total
        for (index, weight) in weights.enumerated() {
            rest -= weight
            if rest < 0 { return TokenID(candidates[index]) }
        }
        // Rounding may leave a grain behind the last candidate.
        return TokenID(weights.lastIndex { $0 > 0 }.map { candidates[$0] } ?? best)
    }
}
