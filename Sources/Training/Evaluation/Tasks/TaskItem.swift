/// A record as a question to a model: texts, still without examples.
public struct TaskItem: Sendable, Equatable {
    /// What is scored.
    public enum Answer: Sendable, Equatable {
        /// The likeliest continuation should be this one; an index outside of them never is right.
        case index(Int)
        /// Any of these continuations should be the most likely text.
        case anyGreedy([Int])
        /// The only continuation is a word whose likelihood counts.
        case word
        /// A text is generated and should be one of these.
        case texts([String])
    }

    /// One text, or one for each continuation (Winogrande).
    public var contexts: [String]
    /// What follows, the blank before it included. Empty where text is generated.
    public var continuations: [String]
    /// The choices without the blank, by whose length likelihoods are normalised; empty where they are not.
    public var choices: [String]
    public var answer: Answer
    /// The record as an example: question and right answer, and the same with the harness's defects where they show.
    public var example: String
    public var harnessExample: String
    /// Its file, and where it stands in it: "line 12".
    public var path: String
    public var place: String
    /// What is equal in equal records.
    var identity: TaskRecord.Identity

    init(
        _ record: TaskRecord, contexts: [String], continuations: [String], choices: [String] = [], answer: Answer, example: String,
        harnessExample: String? = nil
    ) {
        self.contexts = contexts
        self.continuations = continuations
        self.choices = choices
        self.answer = answer
        self.example = example
        self.harnessExample = harnessExample ?? example
        path = record.path
        place = record.place
        identity = record.identity
    }

    /// A question with one context, choices and a right one.
    init(_ record: TaskRecord, _ context: String, choices: [String], right: Int) {
        self.init(
            record, contexts: [context], continuations: choices.map { " " + $0 }, choices: choices, answer: .index(right),
            example: choices.indices.contains(right) ? context + " " + choices[right] : context)
    }

    func refused(_ reason: String) -> TaskError { .record(path: path, place: place, reason: reason) }

    public func context(of request: Int) -> String { contexts.count == 1 ? contexts[0] : contexts[request] }
}
