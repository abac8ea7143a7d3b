import Foundation
import JSON
import TestSupport
import Testing

/// From text to a trained model through the programs alone.
@Suite("The whole road")
struct WholeRoadTests {
    /// A tiny training of one epoch: two layers, short rows, so that a debug build does it in seconds.
    private func train(_ folder: TemporaryDirectory, _ run: String, _ more: [String] = []) throws -> CommandResult {
        try TestSupport.run(
            Tool.slwTrain.path,
            [
                "--data", folder.file("some"), "--run-dir", folder.file(run), "--preset", "tiny", "--seq-length", "32",
                "--global-batch-size", "64",
                "--slw-steps", "12", "--split", "9,1,0", "--statistics-interval", "0", "--no-tensorboard", "--quiet", "--json",
            ] + more, environment: ["LC_ALL": "C"])
    }

    private func preprocess(_ folder: TemporaryDirectory, lines: Int) throws {
        let text = try String(contentsOfFile: Place.fixture("some.jsonl"), encoding: .utf8).split(separator: "\n").prefix(lines)
        try folder.write(text.joined(separator: "\n") + "\n", to: "some.jsonl")
        let result = try Tool.slwdata("preprocess", "--input", folder.file("some.jsonl"), "--append-eod", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.json["documents"]?.int == lines)
    }

    /// The last line of each step, as every reader of a log takes them.
    private func steps(_ folder: TemporaryDirectory, _ run: String) throws -> [Int: JSONValue] {
        var steps: [Int: JSONValue] = [:]
        for line in try String(contentsOfFile: folder.file(run) + "/metrics.jsonl", encoding: .utf8).split(separator: "\n") {
            let object = try JSONValue.parse(Array(line.utf8))
            if object["kind"]?.string == "step", let step = object["step"]?.int { steps[step] = object }
        }
        return steps
    }

    @Test("under reuse the log of slices holds every target of the epoch exactly once")
    func recount() throws {
        let folder = try TemporaryDirectory()
        try preprocess(folder, lines: 60)
        let plan = try Tool.slwdata(
            "plan", "--data", folder.file("some"), "--seq-length", "32", "--global-batch-size", "64", "--slw-steps", "12", "--split",
            "9,1,0", "--json"
        ).json
        let samples = try #require(plan["samples"]?.int)
        let summary = try train(folder, "run")
        #expect(summary.status == 0, "\(summary.errors)")
        #expect(try summary.json["trained_tokens"]?.int == samples * 32)
        #expect(try summary.json["tails"]?["outstanding"]?.int == 0)
        #expect(try summary.json["steps"]?.int == plan["steps"]?.int)

        var trained = [UInt8](repeating: 0, count: samples * 32)
        var fromTails = 0
        for (_, step) in try steps(folder, "run") {
            for group in step["slices"]?.array ?? [] {
                let rows = try #require(group[1]?.int)
                for part in group.array?.dropFirst(3) ?? [] {
                    let numbers = part.array?.compactMap(\.int) ?? []
                    for position in numbers[0]..<numbers[0] + rows * numbers[1] {
                        for target in numbers[2]..<numbers[2] + numbers[3] { trained[position * 32 + target] += 1 }
                    }
                    if group[2]?.int == 1 { fromTails += rows * numbers[1] * numbers[3] }
                }
            }
        }
        #expect(trained.allSatisfy { $0 == 1 })
        #expect(fromTails == plan["reused_tokens"]?.int && fromTails > 0)
    }

    @Test("a run that is stopped at a step and resumed has the loss curve and the digest of one that was not")
    func resume() throws {
        let folder = try TemporaryDirectory()
        try preprocess(folder, lines: 60)
        let whole = try train(folder, "whole").json
        let stopped = try train(folder, "stopped", ["--stop-after", "7"])
        #expect(stopped.status == 0, "\(stopped.errors)")
        #expect(try stopped.json["steps"]?.int == 7)
        let resumed = try Tool.slwTrain("resume", folder.file("stopped"), "--quiet", "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try resumed.json["digest"] == whole["digest"])
        #expect(try resumed.json["validation_loss"] == whole["validation_loss"])
        let (a, b) = (try steps(folder, "whole"), try steps(folder, "stopped"))
        #expect(a.count == b.count && a.count > 7)
        for (number, step) in a { #expect(step["loss"] == b[number]?["loss"] && step["slices"] == b[number]?["slices"], "step \(number)") }
    }
}
