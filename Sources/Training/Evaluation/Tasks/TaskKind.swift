/// The rules by which a task's records become prompts and are scored: those of lm-evaluation-harness 0.4.13.
public enum TaskKind: String, Sendable, CaseIterable {
    case hellaswag, piqa, arc, winogrande, anli, boolq, race, lambada, webqs, triviaqa
    /// TriviaQA without generation, as harness 0.2.0 had it: right if any alias is the most likely continuation.
    case triviaqaLikelihood = "triviaqa_v0"
    /// A task of one's own: JSON Lines with `context`, `choices` and `answer`, the index of the right one.
    case choice

    /// The names by which the harness knows tasks of this kind, beside the kind's own.
    public var otherNames: [String] {
        switch self {
        case .arc: ["arc_easy", "arc_challenge"]
        case .anli: ["anli_r1", "anli_r2", "anli_r3"]
        case .lambada: ["lambada_openai"]
        default: []
        }
    }

    /// The kind that is called so, by its own name or the harness's.
    public static func named(_ name: String) -> TaskKind? {
        allCases.first { $0.rawValue == name || $0.otherNames.contains(name) }
    }

    /// Published with a test split: then the harness never looks for the scored record among the examples.
    var hasTestSplit: Bool {
        switch self {
        case .arc, .anli, .race, .lambada, .webqs: true
        default: false
        }
    }

    /// Examples come from the scored file itself, because the harness's task has no other.
    public var showsScoredFile: Bool {
        switch self {
        case .race, .lambada, .choice: true
        default: false
        }
    }

    /// The figures that the harness reports, in its order.
    public var metrics: [TaskMetric] {
        switch self {
        case .hellaswag, .piqa, .arc: [.accuracy, .accuracyByCharacter]
        case .winogrande, .anli, .boolq, .race: [.accuracy]
        case .lambada: [.perplexity, .accuracy]
        case .webqs, .triviaqa, .triviaqaLikelihood: [.exactMatch]
        case .choice: [.accuracy, .accuracyByCharacter, .accuracyByByte]
        }
    }

    /// The keys that two records must share to be the same record: the columns of the published data set. Empty: all of them.
    var columns: [String] {
        switch self {
        case .piqa: ["goal", "sol1", "sol2"]
        case .winogrande: ["sentence", "option1", "option2", "answer"]
        case .triviaqa, .triviaqaLikelihood: ["Question", "QuestionId", "QuestionSource", "Answer"]
        default: []
        }
    }
}

/// A figure of a task, by the harness's name.
public enum TaskMetric: String, Sendable, CaseIterable {
    case accuracy = "acc"
    case accuracyByCharacter = "acc_norm"
    case accuracyByByte = "acc_bytes"
    case perplexity
    case exactMatch = "exact_match"
}
