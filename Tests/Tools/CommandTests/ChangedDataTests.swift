import Files
import JSON
import TestSupport
import Testing

/// Data that is added while a run rests, through the built programs.
@Suite("A run whose data grows")
struct ChangedDataTests {
    private let folder: TemporaryDirectory
    private let options: [String]

    init() throws {
        folder = try TemporaryDirectory()
        for (name, input) in [("first", "some.jsonl"), ("second", "corpora/stories")] {
            let made = try Tool.slwdata(
                "preprocess", "--input", Place.fixture(input), "--output-prefix", name, "--append-eod", "--quiet", in: folder.path)
            try #require(made.status == 0, "\(made.errors)")
        }
        options = [
            "--num-layers", "1", "--hidden-size", "32", "--num-attention-heads", "2", "--seq-length", "32", "--global-batch-size", "48",
            "--split",
            "9,1,0", "--slw-steps", "12", "--run-dir", "run", "--threads", "1", "--no-tensorboard", "--quiet",
        ]
    }

    private func run(_ tool: Tool, _ arguments: [String]) throws -> CommandResult {
        try TestSupport.run(tool.path, arguments, environment: ["LC_ALL": "C"], directory: folder.path)
    }

    private func samples(_ names: [String]) throws -> Int {
        let answer = try run(.slwdata, ["inspect", "samples"] + names + ["--split", "9,1,0", "--seq-length", "32", "--json"])
        return try #require(answer.json["samples"]?.int)
    }

    @Test("resume --data adds a set: the whole of both is trained once, nothing is outstanding, and a second resume agrees")
    func added() throws {
        let budget = try samples(["first", "second"]) * 32
        let begun = try run(.slwTrain, ["--data", "first", "--train-tokens", "\(budget)", "--stop-after", "5"] + options)
        try #require(begun.status == 0, "\(begun.errors)")
        let grown = try run(.slwTrain, ["resume", "run", "--data", "first", "second", "--stop-after", "9", "--quiet"])
        try #require(grown.status == 0, "\(grown.errors)")
        let ended = try run(.slwTrain, ["resume", "run", "--quiet", "--json"])
        try #require(ended.status == 0, "\(ended.errors)")
        let summary = try ended.json
        let tails = try #require(summary["tails"])
        #expect(tails["used"] == JSONValue(budget) && tails["outstanding"] == 0 && tails["dropped"] == 0, "\(tails.serialized())")
        // Every target of every sample of both sets, once: recounted from the log of slices.
        var trained: [Int: Int] = [:]
        for line in try FileSystem.readAll(folder.file("run/metrics.jsonl"), limit: 1 << 24).split(separator: 0x0A) {
            for group in try JSONValue.parse(Array(line))["slices"]?.array ?? [] {
                let rows = try #require(group[1]?.int)
                for index in 3..<(group.array?.count ?? 0) {
                    let part = try #require(group[index]?.array).compactMap { $0.int }
                    for position in part[0]..<part[0] + rows * part[1] { trained[position, default: 0] += part[3] }
                }
            }
        }
        #expect(trained.count == budget / 32 && trained.values.allSatisfy { $0 == 32 })
    }

    @Test("a set that is gone, or in another place, is refused in one line")
    func refused() throws {
        let begun = try run(.slwTrain, ["--data", "first", "second", "--train-tokens", "20K", "--stop-after", "3"] + options)
        try #require(begun.status == 0, "\(begun.errors)")
        for (names, reason) in [(["first"], "the number of data sets was 2, is 1"), (["second", "first"], "data set 1's samples was")] {
            let result = try run(.slwTrain, ["resume", "run", "--data"] + names + ["--quiet"])
            #expect(result.status == 1 && result.errors.hasPrefix("slw-train: cannot resume: \(reason)"), "\(result.errors)")
        }
        // The refused attempts left the run as it was.
        #expect(try Tool.slwTrain("resume", "run", "--stop-after", "5", "--quiet", in: folder.path).status == 0)
    }
}
