import Foundation
import JSON
import TestSupport
import Testing

@Suite("evaluate --task") struct TaskCommandTests {
    private static let choices = """
        {"context": "The lake is", "choices": ["deep", "a very long word that nobody expects here"], "answer": 0}
        {"context": "The lake is", "choices": ["deep", "deep"], "answer": 1}
        {"context": "", "choices": ["", "é\\u2028<|endoftext|>"], "answer": 1}

        """

    @Test("tasks of one's own and published ones in one call, with every question")
    func tasks() throws {
        let folder = try RoadTests.dataset()
        let trained = try run(Tool.slwTrain.path, ["--data", "some", "--run-dir", "run"] + RoadTests.small, directory: folder.path)
        try #require(trained.status == 0, "\(trained.errors)")
        try folder.write(Array(Self.choices.utf8), to: "own.jsonl")
        let words = (0..<6).map { "{\"text\": \"the boat of number \($0) came over the lake\"}\n" }.joined()
        try folder.write(Array(words.utf8), to: "words.jsonl")
        let arguments = ["evaluate", "run", "--task", "choice,lambada_openai", "--data", "own.jsonl", "words.jsonl"]
        let result = try run(Tool.slwTrain.path, arguments + ["--json"], directory: folder.path)
        try #require(result.status == 0, "\(result.errors)")
        let tasks = try #require(try result.json["tasks"]?.array)
        #expect(tasks.map { $0["task"]?.string } == ["choice", "lambada_openai"] && tasks.map { $0["questions"]?.int } == [3, 6])
        let items = try #require(tasks[0]["items"]?.array)
        #expect(items.map { $0["log_likelihoods"]?.array?.count } == [2, 2, 2])
        // The same choice twice: the first wins, and the second is the right one.
        #expect(items[1]["acc"]?.double == 0 && items[1]["log_likelihoods"]?[0] == items[1]["log_likelihoods"]?[1])
        #expect(items[0]["log_likelihoods"]?[0] == items[1]["log_likelihoods"]?[0])
        // By characters the empty choice is never chosen.
        #expect(items[2]["acc_norm"]?.double == 1)
        let correct = items.reduce(0) { $0 + ($1["acc"]?.double ?? 0) }
        #expect(abs(tasks[0]["metrics"]!["acc"]!.double! - correct / 3) < 1e-12)
        #expect(tasks[1]["metrics"]!["perplexity"]!.double! > 1 && tasks[1]["metrics"]!["perplexity_stderr"]!.double! > 0)

        // The same seed draws the same examples, and they count: the window of 32 tokens cuts.
        func shots(_ options: String...) throws -> JSONValue {
            let call = ["evaluate", "run", "--task", "lambada_openai", "--data", "words.jsonl", "--shots", "2", "--json"]
            return try run(Tool.slwTrain.path, call + options, directory: folder.path).json
        }
        let (one, other) = (try shots(), try shots("--seed", "5"))
        #expect(try shots() == one && one["tasks"]?[0]?["items"] != other["tasks"]?[0]?["items"])
        #expect(one["tasks"]?[0]?["items"] != tasks[1]["items"] && one["tasks"]?[0]?["items"]?[0]?["dropped_tokens"]?.int ?? 0 > 0)
        #expect(try shots("--limit", "2")["tasks"]?[0]?["items"]?.array == Array(one["tasks"]![0]!["items"]!.array!.prefix(2)))

        let table = try run(Tool.slwTrain.path, arguments, directory: folder.path).text
        #expect(table.contains("acc_bytes") && table.contains("perplexity") && table.split(separator: "\n").count == 7)
    }

    @Test(
        "what cannot be scored is refused in one line",
        arguments: [
            (["--task", "piqa", "--data", "own.jsonl"], "own.jsonl: its labels are missing: put own-labels.lst beside it", 1),
            (
                ["--task", "boolq", "--data", "own.jsonl"], "own.jsonl, line 1: it has neither \"label\" nor \"answer\" with true or false",
                1
            ),
            (
                ["--task", "choice", "--data", "bad.jsonl"], "bad.jsonl, line 2: \"answer\" is not the index of one of its choices, 0 to 0",
                1
            ),
            (["--task", "choice", "--data", "nope"], "cannot open nope", 1),
            (["--task", "webqs", "--data", "own.jsonl"], "own.jsonl: ", 1),
            (
                ["--task", "choice", "--data", "own.jsonl", "--shots", "9"],
                "choice: 9 examples and one to spare are asked for, and there are 3", 1
            ),
            (["--task", "arc", "--data", "own.jsonl", "own.jsonl"], "--data: 1 tasks need as many files, and 2 are given", 2),
            (["--task", "choice,", "--data", "own.jsonl", "own.jsonl"], "--task: an empty name is not one of them", 2),
            (["--task", "lambada", "--data", "own.jsonl", "--shots", "2"], "--shots is for the tasks of lm-evaluation-harness", 2),
            (["--task", "choice", "--data", "own.jsonl", "--strict-lambada"], "--strict-lambada is for wikitext and lambada", 2),
        ])
    func refusals(arguments: [String], message: String, status: Int) throws {
        let folder = try TemporaryDirectory()
        try folder.write(Array(Self.choices.utf8), to: "own.jsonl")
        try folder.write(
            Array((Self.choices.prefix { $0 != "\n" } + "\n{\"context\": \"x\", \"choices\": [\"y\"], \"answer\": -1}").utf8),
            to: "bad.jsonl")
        let result = try run(Tool.slwTrain.path, ["evaluate", "no-run"] + arguments, directory: folder.path)
        #expect(result.status == status && result.complaints.count == 1, "\(result.errors)")
        #expect(result.errors.contains(message), "\(result.errors)")
    }
}
