import Quantities
public import Tokenization
import Transformer
import TypedErrors

/// How the texts of tasks become tokens.
public struct TaskTokens: Sendable {
    private let tokenizer: Tokenizer
    private let specialTexts: Set<String>

    /// Special tokens are found in texts, as the harness finds them.
    public init(_ tokenizer: Tokenizer) {
        self.tokenizer = tokenizer
        specialTexts = Set(tokenizer.specialTokens.map(\.text))
    }

    public var endOfText: TokenID? { tokenizer.endOfText }

    public func encode(_ text: String) -> [TokenID] { tokenizer.encode(text, allowedSpecial: specialTexts) }

    /// The tokens of a question with what stands before it. Nil when a continuation has no token of its own.
    public func request(_ context: String, _ continuation: String) -> TaskRequest? {
        TaskRequest(context: context, continuation: continuation, endOfText: endOfText, encode: encode)
    }

    /// The text of tokens without the special ones.
    func text(_ ids: [TokenID]) -> String {
        let special = Set(tokenizer.specialTokens.map(\.id))
        return String(decoding: ids.filter { !special.contains($0) }.flatMap { tokenizer.bytes(of: $0) ?? [] }, as: UTF8.self)
    }
}

/// How a task is scored.
public struct TaskSettings: Sendable {
    /// Whether it is found out which continuations are greedy, also where no figure asks for it. Costs a second pass.
    public var findsGreedy = false
    /// Most tokens of an answer that is generated: the harness's `max_gen_toks`.
    public var generatedTokens = 256

    public init(findsGreedy: Bool = false, generatedTokens: Int = 256) {
        self.findsGreedy = findsGreedy
        self.generatedTokens = generatedTokens
    }
}

extension Evaluator {
    /// Where an answer that is generated ends.
    private static let stops: [Unicode.Scalar] = ["\n", ".", ","]
    /// Requests that are in memory as tokens at a time, among which rows of like length are put together.
    private static let blockSize = 4096

    /// Refuses what could not be scored, without a pass of the model.
    public func check(
        _ items: [TaskItem], behind examples: [String], of kind: TaskKind, _ tokens: TaskTokens, _ settings: TaskSettings = TaskSettings()
    ) throws(TaskError) {
        for (index, item) in items.enumerated() {
            if kind == .triviaqa { _ = try prompt(item, behind: examples[index], tokens, settings) }
            for number in item.continuations.indices { _ = try request(number, of: item, behind: examples[index], tokens) }
        }
    }

    /// The tokens of one continuation behind its question.
    private func request(
        _ number: Int, of item: TaskItem, behind examples: String, _ tokens: TaskTokens
    ) throws(TaskError) -> TaskRequest {
        guard let request = tokens.request(examples + item.context(of: number), item.continuations[number]) else {
            throw item.refused(
                "continuation \(number + 1) has no token of its own: the tokenizer has no end of text, or joins it with the context")
        }
        guard request.continuation.count <= scorer.contextLength else {
            throw item.refused(
                "continuation \(number + 1) has \(request.continuation.count) tokens, and the model's window \(scorer.contextLength): leave the record out"
            )
        }
        return request
    }

    /// The tokens behind which an answer is generated, and how many were cut off before them.
    private func prompt(
        _ item: TaskItem, behind examples: String, _ tokens: TaskTokens, _ settings: TaskSettings
    ) throws(TaskError) -> (row: [TokenID], dropped: Int) {
        let room = scorer.contextLength - settings.generatedTokens
        guard room > 0 else {
            throw .window(
                task: TaskKind.triviaqa.rawValue,
                reason:
                    "\(settings.generatedTokens) tokens to generate leave no room for the question in a window of \(scorer.contextLength): \(option: "max-gen-toks") must be less"
            )
        }
        let all = tokens.encode(examples + item.contexts[0])
        var row = Array(all.suffix(room))
        if row.isEmpty, let end = tokens.endOfText { row = [end] }
        guard !row.isEmpty else { throw item.refused("the question has no token, and the tokenizer no end of text to put in its place") }
        return (row, all.count - min(all.count, room))
    }

    /// Scores the questions of a task, each behind its examples.
    /// - Parameter examples: the text before each question.
    public func scores(
        of items: [TaskItem], behind examples: [String], of kind: TaskKind, _ tokens: TaskTokens, _ settings: TaskSettings = TaskSettings(),
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws(TaskError) -> [TaskScore] {
        if kind == .triviaqa { return try answers(to: items, behind: examples, tokens, settings, progress) }
        var results = items.map { item in
            TaskScore(
                logLikelihoods: [Double](repeating: 0, count: item.continuations.count),
                isGreedy: [Bool](repeating: false, count: item.continuations.count))
        }
        let total = items.reduce(0) { $0 + $1.continuations.count }
        let withRanks = settings.findsGreedy || kind.metrics.contains(.exactMatch) || kind == .lambada
        var (rows, owners, waiting, done) = ([EvaluationItem](), [[(item: Int, request: Int)]](), 0, 0)
        var areNumbers = true
        // Equal rows are scored once: equal choices have equal likelihoods, whatever the rounding, and the first of them wins.
        var places: [EvaluationItem: Int] = [:]
        func scoreRows() throws(TaskError) {
            try mapping(TaskError.model) { () throws(ModelError) in
                try score(rows, withRanks: withRanks, { part, of in progress(done + part * waiting / of, total) }) { index, scores in
                    let scored = zip(rows[index].targets, scores).filter { $0.0 >= 0 }.map(\.1)
                    let sum = scored.reduce(0) { $0 + $1.negativeLogLikelihood }
                    if sum.isNaN { areNumbers = false }
                    for owner in owners[index] {
                        results[owner.item].logLikelihoods[owner.request] = -sum
                        results[owner.item].isGreedy[owner.request] = withRanks && scored.allSatisfy(\.isMostLikely)
                    }
                }
            }
            guard areNumbers else { throw .outputsAreNotNumbers }
            done += waiting
            (rows, owners, places, waiting) = ([], [], [:], 0)
        }
        for (index, item) in items.enumerated() {
            for number in item.continuations.indices {
                let request = try request(number, of: item, behind: examples[index], tokens)
                results[index].dropped = max(results[index].dropped, request.dropped(window: scorer.contextLength))
                let row = request.row(window: scorer.contextLength)
                waiting += 1
                if let place = places[row] {
                    owners[place].append((index, number))
                } else {
                    places[row] = rows.count
                    rows.append(row)
                    owners.append([(index, number)])
                }
            }
            if rows.count >= Self.blockSize { try scoreRows() }
        }
        try scoreRows()
        return results
    }

    private func answers(
        to items: [TaskItem], behind examples: [String], _ tokens: TaskTokens, _ settings: TaskSettings, _ progress: (Int, Int) -> Void
    ) throws(TaskError) -> [TaskScore] {
        var results: [TaskScore] = []
        for (index, item) in items.enumerated() {
            let (row, dropped) = try prompt(item, behind: examples[index], tokens, settings)
            var ids: [TokenID] = []
            while ids.count < settings.generatedTokens {
                guard let next = try mapping(TaskError.model, scorer.mostLikelyToken(after: row + ids)) else {
                    throw .outputsAreNotNumbers
                }
                ids.append(next)
                if next == tokens.endOfText || tokens.text(ids).unicodeScalars.contains(where: Self.stops.contains) { break }
            }
            let text = tokens.text(ids).unicodeScalars.prefix { !Self.stops.contains($0) }
            results.append(TaskScore(dropped: dropped, generated: TaskText.stripped(String(text))))
            progress(index + 1, items.count)
        }
        return results
    }
}
