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

        // The scored file by another name is the scored file still; the first ones are always the same.
        #expect(try shots("--shots-from", "./words.jsonl")["tasks"]?[0]?["items"] == one["tasks"]?[0]?["items"])
        try folder.write(Array(words.utf8.prefix(words.utf8.count / 3)), to: "two.jsonl")
        let (first, fixed) = (try shots("--sampler", "first_n"), try shots("--sampler", "first_n", "--shots-from", "two.jsonl"))
        let (firstItems, fixedItems) = (try #require(first["tasks"]?[0]?["items"]?.array), fixed["tasks"]?[0]?["items"]?.array ?? [])
        #expect(firstItems.dropFirst(2) == fixedItems.dropFirst(2) && firstItems[0] != fixedItems.first)

        // An answer must find room before anything is scored.
        try folder.write(#"{"Data": [{"Question": "Who?", "Answer": {"Aliases": ["a"], "Value": "a"}}]}"#, to: "trivia.json")
        let both = ["evaluate", "run", "--task", "choice,triviaqa", "--data", "own.jsonl", "trivia.json", "--json"]
        let generated = try run(Tool.slwTrain.path, both + ["--max-gen-toks", "4"], directory: folder.path)
        #expect(try generated.json["tasks"]?[1]?["items"]?[0]?["generated"]?.string != nil)
        expectComplaint(
            try run(Tool.slwTrain.path, both, directory: folder.path), 1,
            "slw-train: triviaqa: 256 tokens to generate leave no room for the question in a window of 32: --max-gen-toks must be less")
        let long = (["context": "x", "choices": ["y", .string(String(repeating: "long ", count: 50))], "answer": 0] as JSONValue)
            .serialized()
        try folder.write(Self.choices + long, to: "long.jsonl")
        let tooLong = try run(Tool.slwTrain.path, ["evaluate", "run", "--task", "choice", "--data", "long.jsonl"], directory: folder.path)
        #expect(tooLong.status == 1 && tooLong.errors.contains("long.jsonl, line 4: continuation 2 has "), "\(tooLong.errors)")

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
            (["--task", "choice", "--data", "own.jsonl", "--sampler", "first_n"], "--sampler is for examples, and --shots is 0", 2),
            (["--task", "choice", "--data", "own.jsonl", "--max-gen-toks", "8"], "--max-gen-toks is for triviaqa, not for choice", 2),
            (["--task", "wikitxt", "--data", "own.jsonl"], "--task: wikitxt is not one of the tasks: did you mean wikitext?", 2),
            (["--task", "choice,lambada", "--data", "own.jsonl", "own.jsonl"], "--task: lambada is not one of the tasks: wikitext or", 2),
            (["--task", "hellaswag", "--data", "endless.jsonl"], "endless.jsonl, line 1: \"endings\" is empty", 1),
            (["--task", "race", "--data", "race"], "race/notes.md: it is none of RACE's passages", 1),
            (
                ["--task", "lambada_openai", "--data", "words.jsonl", "--shots", "9"],
                "lambada_openai: 9 examples and one to spare are asked for, and there are 1", 1
            ),
            (["--task", "arc", "--data", "own.jsonl", "own.jsonl"], "--data: 1 tasks need as many files, and 2 are given", 2),
            (["--task", "choice,", "--data", "own.jsonl", "own.jsonl"], "--task: an empty name is not one of the tasks", 2),
            (["--task", "lambada", "--data", "own.jsonl", "--shots", "2"], "--shots is for the tasks of lm-evaluation-harness", 2),
            (["--task", "choice", "--data", "own.jsonl", "--strict-lambada"], "--strict-lambada is for wikitext and lambada", 2),
        ])
    func refusals(arguments: [String], message: String, status: Int) throws {
        let folder = try TemporaryDirectory()
        try folder.write(Array(Self.choices.utf8), to: "own.jsonl")
        try folder.write(
            Array((Self.choices.prefix { $0 != "\n" } + "\n{\"context\": \"x\", \"choices\": [\"y\"], \"answer\": -1}").utf8),
            to: "bad.jsonl")
        try folder.write(#"{"label": 0, "activity_label": "a", "ctx_a": "b", "ctx_b": "c", "endings": []}"#, to: "endless.jsonl")
        try folder.write("{\"text\": \"one word\"}", to: "words.jsonl")
        try folder.write("", to: "race/notes.md")
        let result = try run(Tool.slwTrain.path, ["evaluate", "no-run"] + arguments, directory: folder.path)
        #expect(result.status == status && result.complaints.count == 1, "\(result.errors)")
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test("a run folder behind a list of files is missed with a hint")
    func order() throws {
        let result = try Tool.slwTrain("evaluate", "--task", "choice", "--data", "own.jsonl", "run")
        #expect(
            result.status == 2 && result.errors.hasSuffix("RUN is missing: --data took run as well: put it first\n"), "\(result.errors)")
    }
}
