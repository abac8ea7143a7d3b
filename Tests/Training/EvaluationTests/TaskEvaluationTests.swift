import Batches
import Foundation
import Quantities
import TestSupport
import Testing
import Tokenization
import Transformer

@testable import Evaluation

/// Finds everything equally likely, or nothing at all: its outputs are NaN from the given call on.
private final class BrokenScorer: TargetScorer {
    let contextLength = 64
    private(set) var calls = 0
    private let firstBroken: Int

    init(brokenFrom first: Int) { firstBroken = first }

    private func isBroken() -> Bool {
        calls += 1
        return calls > firstBroken
    }

    func mostLikelyToken(after tokens: [TokenID]) -> TokenID? { isBroken() ? nil : tokens.last }

    func scores(_ rows: TokenRows, withRanks: Bool) -> [TargetScore] {
        let loss = isBroken() ? Double.nan : 1
        return (0..<rows.rows * rows.length).map { unsafe TargetScore(negativeLogLikelihood: rows.targets[$0] < 0 ? 0 : loss) }
    }
}

@Suite("Tasks") struct TaskEvaluationTests {
    private let folder: TemporaryDirectory
    private let tokens: TaskTokens

    init() throws {
        folder = try TemporaryDirectory()
        tokens = TaskTokens(try Tokenizer.load("default", furtherPlaces: Tokenizer.checkoutPlaces))
    }

    private func items(_ kind: TaskKind, _ content: String) throws -> [TaskItem] {
        try kind.items(of: try folder.write(content, to: "task.json"))
    }

    private func scores(_ kind: TaskKind, _ items: [TaskItem], _ scorer: BrokenScorer) throws -> [TaskScore] {
        let evaluator = Evaluator(scorer) { _ in [] }
        return try evaluator.scores(
            of: items, behind: items.map { _ in "" }, of: kind, tokens, TaskSettings(generatedTokens: 8))
    }

    @Test("outputs that are not numbers give no figure, wherever they begin", arguments: [0, 1])
    func notNumbers(healthy: Int) throws {
        // Of two lengths, so that the model is called for each alone.
        let lake = String(repeating: " the lake", count: 40)
        let choice = try items(
            .choice,
            """
            {"context": "a", "choices": ["b"], "answer": 0}
            {"context": "a\(lake)", "choices": ["c"], "answer": 0}
            """)
        let trivia = try items(.triviaqa, #"{"Data": [{"Question": "Who?", "Answer": {"Aliases": ["a"], "Value": "a"}}]}"#)
        #expect(throws: TaskError.outputsAreNotNumbers) { try scores(.triviaqa, trivia, BrokenScorer(brokenFrom: healthy)) }
        #expect(try scores(.triviaqa, trivia, BrokenScorer(brokenFrom: .max)).count == 1)
        #expect(throws: TaskError.outputsAreNotNumbers) { try scores(.choice, choice, BrokenScorer(brokenFrom: 0)) }
        #expect(try scores(.choice, choice, BrokenScorer(brokenFrom: .max)).map(\.logLikelihoods) == [[-1], [-1]])
        #expect(TaskError.outputsAreNotNumbers.optionText.text(.commandLine).hasSuffix("take an earlier --checkpoint"))
    }

    @Test("what cannot be scored is found without a pass of the model")
    func checked() throws {
        let scorer = BrokenScorer(brokenFrom: .max)
        let evaluator = Evaluator(scorer) { _ in [] }
        let long = String(repeating: " lake", count: 80)
        let choice = try items(.choice, "{\"context\": \"a\", \"choices\": [\"b\", \"\(long)\"], \"answer\": 0}")
        let trivia = try items(.triviaqa, #"{"Data": [{"Question": "Who?", "Answer": {"Aliases": ["a"], "Value": "a"}}]}"#)
        func refusal(_ kind: TaskKind, _ items: [TaskItem], _ settings: TaskSettings = TaskSettings()) -> String {
            do {
                try evaluator.check(items, behind: items.map { _ in "" }, of: kind, tokens, settings)
                return ""
            } catch { return error.optionText.text(.json) }
        }
        #expect(refusal(.choice, choice).contains("line 1: continuation 2 has "))
        #expect(refusal(.triviaqa, trivia, TaskSettings(generatedTokens: 64)).hasSuffix("in a window of 64: max_gen_toks must be less"))
        #expect(refusal(.triviaqa, trivia, TaskSettings(generatedTokens: 63)) == "" && scorer.calls == 0)
    }

    @Test("a folder of RACE is read without its hidden files and without following links to folders")
    func folderOfPassages() throws {
        func passage(_ article: String) -> String {
            "{\"article\": \"\(article)\", \"questions\": [\"q\"], \"options\": [[\"a\", \"b\", \"c\", \"d\"]], \"answers\": [\"B\"]}"
        }
        for (name, article) in [("high/2.txt", "two"), ("high/10.txt", "ten"), (".old/1.txt", "old"), ("high/.1.txt", "hidden")] {
            try folder.write(passage(article), to: "race/" + name)
        }
        try FileManager.default.createSymbolicLink(atPath: folder.file("race/high/again"), withDestinationPath: folder.file("race"))
        let items = try TaskKind.race.items(of: folder.file("race"))
        #expect(items.map { $0.contexts[0].contains("Article: ten") } == [true, false])
        try folder.write("x", to: "race/high/README")
        #expect(throws: TaskError.self) { try TaskKind.race.items(of: folder.file("race")) }
    }

    @Test("the first examples are those of the whole pool without the question's own")
    func firstExamples() throws {
        let lines = (0..<5).map { "{\"context\": \"\($0)\", \"choices\": [\"x\"], \"answer\": 0}" }
        let pool = try items(.choice, lines.joined(separator: "\n"))
        var examples = try TaskExamples(pool, of: .choice, count: 2, sampler: .first, isScoredFile: true)
        #expect(pool.map { examples.next(for: $0) } == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]])
    }

    @Test("what stands in brackets on one line goes from WikiHow's texts, in time that grows with the text")
    func brackets() throws {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(200) {
            let middle = (0..<Int.random(in: 0...30, using: &random)).map { _ in "[]a\n".randomElement(using: &random)! }
            let text = "a" + String(middle) + "a"
            #expect(TaskText.cleanedWikiHow(text) == text.replacing(/\[[^\n]*?\]/, with: ""), "seed \(TestRun.seed)")
        }
        for end in ["", "\n", "\nx]"] {
            let text = String(repeating: "[", count: 1 << 19) + end + "a"
            #expect(TaskText.cleanedWikiHow(text) == text)
        }
    }
}
