/// What a model made of one question.
public struct TaskScore: Sendable, Equatable {
    /// Of each continuation.
    public var logLikelihoods: [Double] = []
    public var isGreedy: [Bool] = []
    /// Tokens cut off on the left, the most of any continuation.
    public var dropped = 0
    /// Where text was generated: up to where it counts, white space at its ends removed.
    public var generated: String?

    /// The likeliest choice: by the sum, by characters, by bytes; the first among equals.
    public func prediction(_ item: TaskItem, by metric: TaskMetric) -> Int? {
        guard case .index = item.answer, !logLikelihoods.isEmpty else { return nil }
        let scores = logLikelihoods.indices.map { index -> Double in
            let length: Int
            switch metric {
            case .accuracyByCharacter: length = item.choices.isEmpty ? 1 : item.choices[index].unicodeScalars.count
            case .accuracyByByte: length = item.choices.isEmpty ? 1 : item.choices[index].utf8.count
            default: length = 1
            }
            return length == 0 ? -.infinity : logLikelihoods[index] / Double(length)
        }
        return scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
    }

    /// The question's share of a figure: 1 or 0, or a log-likelihood for the perplexity. Nil where the figure is not for such questions.
    public func value(_ item: TaskItem, _ metric: TaskMetric) -> Double? {
        switch (item.answer, metric) {
        case (.index(let right), .accuracy), (.index(let right), .accuracyByCharacter), (.index(let right), .accuracyByByte):
            prediction(item, by: metric) == right ? 1 : 0
        case (.word, .accuracy): isGreedy[0] ? 1 : 0
        case (.word, .perplexity): logLikelihoods[0]
        case (.anyGreedy(let right), .exactMatch): right.contains { isGreedy[$0] } ? 1 : 0
        case (.texts(let wanted), .exactMatch): wanted.contains { TaskText.matches(generated ?? "", $0) } ? 1 : 0
        default: nil
        }
    }

    /// The figure over all questions of a task.
    public static func figure(_ metric: TaskMetric, _ items: [TaskItem], _ scores: [TaskScore], resamples: Int = 100_000) -> TaskFigure {
        let values = zip(items, scores).compactMap { $1.value($0, metric) }
        return metric == .perplexity ? TaskStatistics.perplexity(values, resamples: resamples) : TaskStatistics.mean(values)
    }
}
