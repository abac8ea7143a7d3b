import CLoader
import Foundation
import JSON
import LengthWarmup
import Sampling
import TestSupport
import Testing

/// What people write for data sets and schedules, and what they should not.
@Suite("Words of a schedule")
struct ScheduleWordsTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for prefix in ["some", "lang=en/some"] {
            let made = try Tool.slwdata(
                "preprocess", "--input", Place.fixture("some.jsonl"), "--append-eod", "--output-prefix", directory.file(prefix), "--quiet",
                in: directory.path)
            try #require(made.status == 0, "\(made.errors)")
        }
    }

    private func slwdata(_ words: [String]) throws -> CommandResult {
        try run(Tool.slwdata.path, words, environment: ["LC_ALL": "C"], directory: directory.path)
    }

    private func train(_ words: [String]) throws -> CommandResult {
        try run(
            Tool.slwTrain.path, words + ["--preset", "tiny", "--threads", "1", "--stop-after", "2", "--no-tensorboard", "--json"],
            environment: ["LC_ALL": "C"], directory: directory.path)
    }

    @Test("a prefix with = in a folder's name works in every command, with a weight too, and by the names of its files")
    func equalsSigns() throws {
        let plan = try slwdata(["plan", "--data", "some", "--json"]).json
        for name in ["lang=en/some", "lang=en/some.idx", "lang=en/some.bin", "lang=en/some=2", "lang=en/some=1K"] {
            let found = try slwdata(["plan", "--data", name, "--json"])
            #expect(try found.status == 0 && found.json == plan, "\(name): \(found.errors)")
            let samples = try slwdata(["inspect", "samples", name, "--count", "1", "--json"])
            try #require(samples.status == 0, "\(name): \(samples.errors)")
            #expect(try samples.json["sources"]?[0]?["prefix"] == "lang=en/some")
        }
        let cache = try slwdata([
            "megatron-cache", "--data", "lang=en/some", "--seq-length", "64", "--tokenizer-identifiers", "{}", "--data-cache-path", "cache",
            "--json",
        ])
        #expect(cache.status == 0, "\(cache.errors)")
        let trained = try train(["--data", "lang=en/some=0.5", "some=1K", "--run-dir", "run"])
        try #require(trained.status == 0, "\(trained.errors)")
        let resumed = try Tool.slwTrain("resume", "run", "--stop-after", "3", in: directory.path)
        #expect(resumed.status == 0, "\(resumed.errors)")

        // An index of exactly this name is meant before a weight is.
        for ending in ["bin", "idx"] {
            try FileManager.default.copyItem(atPath: directory.file("some.\(ending)"), toPath: directory.file("some=3.\(ending)"))
        }
        let exact = try slwdata(["inspect", "samples", "some=3", "--count", "1", "--json"])
        #expect(try exact.json["sources"]?[0]?["prefix"] == "some=3", "\(exact.errors)")
    }

    @Test("Megatron's spelling of a blend is understood: weights stand before their prefixes")
    func weightsFirst() throws {
        let ours = try slwdata(["inspect", "samples", "some=0.3", "lang=en/some=0.7", "--count", "50", "--json"])
        let theirs = try slwdata(["inspect", "samples", "0.3", "some", "0.7", "lang=en/some", "--count", "50", "--json"])
        #expect(try ours.status == 0 && ours.json == theirs.json, "\(ours.errors) \(theirs.errors)")
        let digests = try [["--data", "some=0.3", "lang=en/some=0.7"], ["--data-path", "0.3", "some", "0.7", "lang=en/some"]].enumerated()
            .map { index, words in
                let result = try train(words + ["--run-dir", "run\(index)"])
                try #require(result.status == 0, "\(result.errors)")
                return try result.json["digest"]
            }
        #expect(digests[0] == digests[1])
        for (words, lone) in [(["0.3", "some", "0.7"], "0.3"), (["some", "2"], "2"), (["7"], "7")] {
            let odd = try slwdata(["plan", "--data-path"] + words)
            let message = "--data holds \(lone), a weight without a data set: write prefix=\(lone), or a weight before each prefix"
            expectComplaint(odd, 2, "slwdata: plan: " + message + ": see slwdata plan --help")
        }
    }

    @Test(
        "words without an effect, and files without a schedule, are refused by both programs and by C in the same words",
        arguments: [
            (["--batch-warmup-start", "4"], "batch-warmup-start needs batch-warmup-tokens"),
            (
                ["--batch-warmup-start", "16", "--batch-warmup-tokens", "4K"],
                "batch-warmup-start is 16 and has no effect: it must be below global-batch-size, 16"
            ),
            (
                ["--slw-pacing", "two-stage", "--slw-root-degree", "3"],
                "slw-root-degree needs slw-pacing root: the pacing two-stage takes no such value"
            ),
            (["--train-samples", "9"], "train-samples needs order megatron: the budget is train-tokens"),
            (["--slw-pacing", "lineer"], "slw-pacing is lineer: it must be one of none, linear,"),
            (["--tails", "reus"], "tails is reus: it must be one of drop, reuse, defer, eager: did you mean reuse?"),
            (["--seq-length", "0"], "seq-length is 0: it must be between 1 and 16777216"),
            (["--slw-config", "none.json"], "slw-config: it has no curriculum_learning block"),
            (["--slw-config", "missing.json"], "slw-config is missing.json: it must be a file of JSON: cannot open missing.json"),
            (["--slw-table", "8;9"], "slw-table is 8;9: it must be a list of LENGTH:STEPS, such as 64:1000,128:2000,256"),
            (["--split", "nan,1,0"], "the split nan,1,0 is not three numbers"),
        ])
    func refusals(words: [String], message: String) throws {
        let path = try directory.write(#"{"train_batch_size": 4}"#, to: "none.json")
        for result in [try slwdata(["plan", "--data", "some"] + words), try train(["--data", "some", "--run-dir", "run"] + words)] {
            #expect(result.status == 2 && result.complaints.count == 1, "\(result.errors)")
            let line = result.errors.replacing(/--([a-z])/) { String($0.output.1) }
            #expect(line.contains(": " + message), "\(line)")
        }
        var object: JSONObject = ["data": [JSONValue(directory.file("some"))]]
        for index in stride(from: 0, to: words.count, by: 2) {
            object[OptionNames.json(words[index])] = JSONValue(words[index + 1] == "none.json" ? path : words[index + 1])
        }
        var error = [CChar](repeating: 0, count: 4096)
        #expect(slw_loader_open(JSONValue.object(object).serialized(), &error, error.count) == nil)
        let line = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let expected = ScheduleOption.all.sorted { $0.name.count > $1.name.count }.reduce(message) {
            $0.replacing($1.name, with: $1.jsonNames[0])
        }
        #expect(line.contains(expected), "\(line)")
    }

    private enum OptionNames {
        static func json(_ word: String) -> String { String(word.dropFirst(2).map { $0 == "-" ? "_" : $0 }) }
    }

    @Test("Python's own values are words: True, paths, lists, NumPy's numbers")
    func python() throws {
        let script = """
            import pathlib, sys
            sys.path.insert(0, sys.argv[1])
            from configuration import configuration
            class Scalar:  # as NumPy's print
                def __str__(self): return "64"
            path = pathlib.Path(sys.argv[2])
            common = dict(allow_new_data=True, seq_length=Scalar(), split=(9, 1, 0), slw_table=[(8, 10), (16, 1000), 64], seed=None)
            print(configuration([path, str(path) + "=2"], **{**common, "allow_new_data": False}))
            print(configuration(path, **common))
            print(configuration({path: 0.25, str(path): "1K"}, **common))
            print(configuration([0.3, path, 0.7, path], **common))
            """
        let result = try run(
            "/usr/bin/env", ["python3", "-c", script, Place.package + "/Sources/Interfaces/Python/slwdata", directory.file("lang=en/some")])
        try #require(result.status == 0, "\(result.errors)")
        let lines = result.text.split(separator: "\n").map(String.init)
        try #require(lines.count == 4)
        for (index, line) in lines.enumerated() {
            var error = [CChar](repeating: 0, count: 4096)
            let loader = slw_loader_open(line, &error, error.count)
            defer { slw_loader_close(loader) }
            let text = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // The first gives a weight to one of two.
            #expect(
                (loader == nil) == (index == 0)
                    && text.hasSuffix("has no weight, and others have one: give each a weight or none") == (index == 0), "\(text)")
            guard let loader else { continue }
            var state = [UInt8](repeating: 0, count: Int(slw_loader_save(loader, nil, 0)))
            slw_loader_save(loader, &state, state.count)
            let plan = try PlanState(decoding: state).configuration
            #expect(plan.sequenceLength == 64 && plan.pacing == .table(lengths: [8, 16, 64], bounds: [10, 1010]) && plan.seed == 1234)
        }
    }
}
