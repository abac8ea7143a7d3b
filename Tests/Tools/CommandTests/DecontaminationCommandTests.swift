import Foundation
import TestSupport
import Testing

@Suite("slwdata preprocess --decontaminate")
struct DecontaminationCommandTests {
    let directory: TemporaryDirectory
    static let question = "Which of the four old bridges over the river was built before 1700?"

    /// Documents of sentences that are all different; every fourth has the question in its middle, every eighth twice, far apart. A common phrase is in twelve.
    init() throws {
        directory = try TemporaryDirectory()
        var lines = ""
        var number = 0
        func sentences(_ count: Int) -> String {
            (0..<count).map { _ in
                number += 1
                return "Sentence number \(number) says that \(number * 7) is not \(number * 11). "
            }.joined()
        }
        for document in 0..<400 {
            var text = sentences(10)
            if document % 4 == 3 { text += Self.question + " " + sentences(20) }
            if document % 8 == 7 { text += Self.question.uppercased() + " " + sentences(20) }
            if document < 12 { text += "one two three four five six seven eight nine. " }
            let object = try JSONSerialization.data(withJSONObject: ["text": text])
            lines += String(decoding: object, as: UTF8.self) + "\n"
        }
        try lines.write(toFile: directory.file("a.jsonl"), atomically: true, encoding: .utf8)
        try "{\"question\": \"\(Self.question)\"}\n{\"nothing\": 1}\n".write(
            toFile: directory.file("task.jsonl"), atomically: true, encoding: .utf8)
        try "\none two three four five six seven eight nine\n".write(
            toFile: directory.file("phrases.txt"), atomically: true, encoding: .utf8)
    }

    static let arguments = [
        "preprocess", "--input", "a.jsonl", "--decontaminate", "task.jsonl", "phrases.txt", "--key-threshold", "1000", "--quiet",
    ]

    func run(_ arguments: [String]) throws -> CommandResult { try Tool.slwdata.start(arguments, in: directory).finish() }

    func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: directory.file(name))) }

    @Test("documents are cut around passages, the counts say how many, and the report where; for any number of workers")
    func cuts() throws {
        let result = try run(Self.arguments + ["--output-prefix", "one", "--workers", "1", "--cleaning-report", "one.report", "--json"])
        try #require(result.status == 0, "\(result.errors)")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        let counts = ["trimmed_documents", "split_documents", "removed_documents", "over_split_documents"].map { json[$0] as? Int }
        // The phrase at the end leaves what is before it; the question leaves two pieces, and three where it is twice.
        #expect(counts == [9, 100, 0, 0])
        #expect(json["documents"] as? Int == 400 + 100 + 50)
        #expect(result.errors.contains("task.jsonl: 1 lines have no question, the first is line 2"))
        let report = try bytes("one.report").split(separator: 0x0A).map { try JSONSerialization.jsonObject(with: $0) as? [String: Any] }
        #expect(report.count == 109)
        #expect(report.map { $0?["line"] as? Int ?? 0 } == (1...400).filter { $0 % 4 == 0 || $0 <= 12 })
        #expect(report[3]?["verdict"] as? String == "split" && report[0]?["verdict"] as? String == "trimmed")
        let passages = try #require(report[3]?["passages"] as? [[String: Any]])
        #expect(passages.first?["task"] as? String == "task")
        #expect(passages.first?["text"] as? String == "which of the four old bridges over the river was built before 1700")

        try #require(try run(Self.arguments + ["--output-prefix", "two", "--workers", "3", "--cleaning-report", "two.report"]).status == 0)
        for name in ["bin", "idx", "report"] { #expect(try bytes("one.\(name)") == bytes("two.\(name)")) }
    }

    @Test("what is in many documents is a common phrase and stays")
    func common() throws {
        let result = try run(Self.arguments + ["--key-threshold", "12", "--output-prefix", "p", "--json"])
        try #require(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("common phrases, which stay"))
        let json = try #require(try JSONSerialization.jsonObject(with: Data(result.output)) as? [String: Any])
        #expect(json["documents"] as? Int == 400 && json["trimmed_documents"] as? Int == 0 && json["split_documents"] as? Int == 0)
    }

    @Test("killed and resumed, data set and report are those of a run that was not", .tags(.kills))
    func kills() throws {
        var random = SeededGenerator(TestRun.seed)
        let once = try String(contentsOfFile: directory.file("a.jsonl"), encoding: .utf8)
        try String(repeating: once, count: 40).write(toFile: directory.file("a.jsonl"), atomically: true, encoding: .utf8)
        let arguments = Self.arguments + ["--durable-every", "0.02"]
        let begin = ContinuousClock.now
        try #require(try run(arguments + ["--output-prefix", "whole", "--cleaning-report", "whole.report"]).status == 0)
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        for round in 0..<TestRun.cases(3) {
            for attempt in 0... {
                try #require(attempt < 100)
                let marks = ["out.partial/passages.json", "out.report.partial", "out.partial/progress.json", "out.report", "out.idx"].map {
                    directory.file($0)
                }
                let kill = Kill(within: seconds * 1.1, files: marks, using: &random)
                let command = try Tool.slwdata.start(
                    arguments + ["--output-prefix", "out", "--cleaning-report", "out.report", "--resume"], in: directory)
                let result = try kill(command)
                if result.status == 0 && !result.signalled { break }
                try #require(result.signalled || result.status == 130, "round \(round), seed \(TestRun.seed), \(kill): \(result.errors)")
            }
            for name in ["bin", "idx", "report"] {
                #expect(try bytes("out.\(name)") == bytes("whole.\(name)"), "round \(round), seed \(TestRun.seed)")
                try FileManager.default.removeItem(atPath: directory.file("out.\(name)"))
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasPrefix("out.") }
            #expect(Set(left) == ["out.meta", "out.sums"])
            for name in left { try FileManager.default.removeItem(atPath: directory.file(name)) }
        }
    }

    @Test(
        "mistakes have a line of their own and leave nothing behind",
        arguments: [
            (["--input", "-", "--decontaminate", "task.jsonl"], 1, "standard input can be read once"),
            (["--input", "a.jsonl", "--splits-count", "3"], 2, "--splits-count has no effect without --decontaminate"),
            (["--input", "a.jsonl", "--cleaning-report", "r"], 2, "--cleaning-report has no effect without --decontaminate"),
            (["--input", "a.jsonl", "--decontaminate", "nothing"], 1, "cannot open nothing"),
            (
                ["--input", "a.jsonl", "--decontaminate", "task.jsonl", "--min-ngram-size", "14"], 2,
                "--min-ngram-size 14 is above --max-ngram-size 13"
            ),
            (["--input", "a.jsonl", "--decontaminate", "short.txt"], 2, "no text of 8 words or more"),
            (["--input", "a.jsonl", "--decontaminate", "odd.json"], 1, "odd.json: no record has a question under one of the keys"),
            (["--input", "a.jsonl", "--decontaminate", "empty"], 1, "empty: it is empty"),
            (["--input", "a.jsonl", "--decontaminate", "bytes"], 1, "bytes: it is neither JSON nor text"),
            (["--input", "a.jsonl", "--decontaminate", "task.jsonl", "--cleaning-report", "task.jsonl"], 1, "task.jsonl exists"),
        ])
    func mistakes(_ words: [String], status: Int32, complaint: String) throws {
        for (name, bytes) in [
            ("short.txt", Array("too short\n".utf8)), ("odd.json", Array("{\"a\": [1]}".utf8)), ("empty", []),
            ("bytes", [0x41, 0xFF, 0x00]),
        ] {
            try directory.write(bytes, to: name)
        }
        let result = try run(["preprocess", "--output-prefix", "out", "--quiet"] + words)
        #expect(result.status == status, "\(result.errors)")
        #expect(result.errors.contains(complaint), "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasPrefix("out") } == [])
    }
}
