import Foundation
import JSON
import TestSupport
import Testing

/// Runs, journals and searches that older builds left half done (`Fixtures/frozen`), continued by the built programs. Digests, steps and
/// counts are theirs exactly, for ever; losses too but for last bits, which are another matrix library's or processor's.
@Suite("Frozen runs")
struct FrozenRunsTests {
    /// Something that was frozen: the folder of its build, and what is expected of it.
    struct Frozen: CustomTestStringConvertible, Sendable {
        let folder: String
        let expected: JSONValue
        /// What holds for all of its kind.
        let group: JSONValue

        var name: String { expected["name"]?.string ?? "" }
        var testDescription: String { name }
        func words(_ key: String = "words") throws -> [String] { try #require(expected[key]?.array).compactMap(\.string) }

        /// A copy that may be changed.
        func copied() throws -> TemporaryDirectory {
            let directory = try TemporaryDirectory()
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                try FileManager.default.copyItem(atPath: folder + "/" + name, toPath: directory.file(name))
            }
            return directory
        }
    }

    static let runs = frozen { $0["runs"] }
    static let journals = frozen { $0["journals"]?["runs"] }
    static let searches = frozen { $0["search"].map { [$0] } }

    private static func frozen(_ list: (JSONValue) -> JSONValue?) -> [Frozen] {
        let root = Place.fixture("frozen")
        return ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted().flatMap { name -> [Frozen] in
            let folder = root + "/" + name
            guard let data = try? Data(contentsOf: URL(filePath: folder + "/expected.json")), let json = try? JSONValue.parse(Array(data))
            else { return [] }
            return (list(json)?.array ?? []).map { Frozen(folder: folder, expected: $0, group: json["journals"] ?? .null) }
        }
    }

    private func start(_ tool: Tool, _ words: [String], in directory: TemporaryDirectory) throws -> CommandResult {
        try tool.start(words, in: directory).finish()
    }

    /// Whether a loss is the frozen one but for last bits.
    private func isClose(_ loss: JSONValue?, _ expected: JSONValue?, _ tolerance: Double) -> Bool {
        guard let loss = loss?.double, let expected = expected?.double else { return false }
        return abs(loss - expected) <= tolerance * abs(expected)
    }

    @Test("what is to be continued is there")
    func present() {
        #expect(Self.runs.count >= 23 && Self.journals.count >= 4 && Self.searches.count >= 1)
    }

    @Test("a run goes on to the same digest, steps, counts and losses", arguments: runs)
    func continued(_ frozen: Frozen) throws {
        let (directory, expected) = (try frozen.copied(), frozen.expected)
        let folder = try #require(expected["folder"]?.string)
        let tolerance = try #require(expected["tolerance"]?.double)
        let words = ["resume", folder] + (try frozen.words()) + ["--json"]
        var result = try start(.slwTrain, words, in: directory)
        if result.status == 1, result.errors.contains("go on with other last bits with --blas-core auto") {
            // A processor or a library without the kernels of its day.
            result = try start(.slwTrain, words + ["--blas-core", "auto"], in: directory)
        }
        try #require(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("resuming after step \(try #require(expected["resumes_after"]?.int))"), "\(result.errors)")
        let (json, summary) = (try result.json, try #require(expected["summary"]))
        for key in ["ending", "steps", "trained_tokens", "digest"] { #expect(json[key] == summary[key], "\(key)") }
        // Builds since then count more.
        for (key, count) in try #require(summary["tails"]?.object) { #expect(json["tails"]?[key] == count, "tails: \(key)") }
        for key in ["train_loss", "validation_loss"] {
            #expect(isClose(json[key], summary[key], tolerance), "\(key): \(json[key]?.serialized() ?? "-")")
        }

        // Step by step: lengths and rows exactly, and the losses of the same targets.
        var found: [Int: JSONValue] = [:]
        let text = try String(contentsOfFile: directory.file(folder + "/metrics.jsonl"), encoding: .utf8)
        for line in text.split(separator: "\n") {
            let record = try JSONValue.parse(Array(line.utf8))
            if record["kind"] == "step", let step = record["step"]?.int { found[step] = record }
        }
        #expect(found.count == summary["steps"]?.int)
        for step in try #require(expected["steps"]?.array) {
            let number = try #require(step[0]?.int)
            let record = try #require(found[number], "step \(number)")
            #expect([record["length"], record["rows"], record["tokens"]] == [step[1], step[2], step[3]], "step \(number)")
            #expect(isClose(record["loss"], step[4], tolerance), "step \(number): \(record["loss"]?.serialized() ?? "-")")
        }

        let tails = try start(.slwdata, ["inspect", "tails", folder, "--json"], in: directory).json
        for (key, value) in try #require(expected["ledger"]?.object) { #expect(says(tails[key], value), "\(key)") }
    }

    /// Whether `found` says all that `value` does; what later builds say beside it is no matter.
    private func says(_ found: JSONValue?, _ value: JSONValue) -> Bool {
        if let members = value.object { return members.allSatisfy { says(found?[$0.key], $0.value) } }
        if let items = value.array {
            return found?.array.map { $0.count == items.count && zip($0, items).allSatisfy { says($0, $1) } } ?? false
        }
        return found == value
    }

    @Test(
        "a run that rests is inspected, reported on and exported", arguments: runs.filter { ($0.expected["words"]?.array ?? []).isEmpty })
    func read(_ frozen: Frozen) throws {
        let directory = try frozen.copied()
        let folder = try #require(frozen.expected["folder"]?.string)
        let tails = try start(.slwdata, ["inspect", "tails", folder, "--json"], in: directory)
        #expect(try tails.json["steps"] == frozen.expected["resumes_after"], "\(tails.errors)")
        let report = try start(.slwTrain, ["report", folder, "--quiet"], in: directory)
        #expect(report.status == 0, "\(report.errors)")
        // A model of another kind has no place in a Hugging Face folder.
        let config = try JSONValue.parse(Array(try Data(contentsOf: URL(filePath: directory.file(folder + "/config.json")))))
        guard config["model"]?["initialisation"] == "gpt2" else { return }
        let exported = try start(
            .slwTrain, ["export", folder, "--checkpoint", "newest", "--output", "exported", "--quiet"], in: directory)
        #expect(exported.status == 0, "\(exported.errors)")
    }

    @Test("a data set is sound, and its checksums hold", arguments: ["a", "b", "c"])
    func sound(_ name: String) throws {
        for folder in Set(Self.runs.map(\.folder)) {
            let verified = try Tool.slwdata("verify", "data/\(name)", "--json", in: folder)
            #expect(verified.status == 0, "\(verified.errors)")
        }
    }

    @Test("a killed preprocess goes on from its durable point to the same bytes", arguments: journals)
    func journal(_ frozen: Frozen) throws {
        let directory = try frozen.copied()
        let modified = Date(timeIntervalSince1970: try #require(frozen.group["modified"]?.double))
        for text in try #require(frozen.group["texts"]?.array).compactMap(\.string) {
            try FileManager.default.setAttributes([.modificationDate: modified], ofItemAtPath: directory.file(text))
        }
        let words = try frozen.words()
        let prefix = try #require(words.firstIndex(of: "--output-prefix").map { words[$0 + 1] })
        let result = try start(.slwdata, words + ["--json"], in: directory)
        try #require(result.status == 0, "\(result.errors)")
        let json = try result.json
        for (key, value) in try #require(frozen.expected["summary"]?.object) { #expect(json[key] == value, "\(key)") }
        for (ending, expected) in try #require(frozen.expected["hashes"]?.object) {
            var hash = WordHash()
            for byte in try Data(contentsOf: URL(filePath: directory.file("\(prefix).\(ending)"))) { hash.update(Int(byte)) }
            #expect(JSONValue(hash.text) == expected, "\(ending)")
        }
        let verified = try start(.slwdata, ["verify", prefix], in: directory)
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.file(prefix + ".partial")))
    }

    @Test("a search is read again, and a killed one goes on, to the same table", arguments: searches, ["finished", "killed"])
    func search(_ frozen: Frozen, _ state: String) throws {
        let directory = try frozen.copied()
        let made = try FileManager.default.subpathsOfDirectory(atPath: directory.file("search/\(state)"))
            .filter { $0.hasSuffix("probe.json") }
        // The kernels are part of a search, so it ends where it began: on a machine that has them.
        let result = try start(
            .slwTrain, try frozen.words() + ["--out", "search/\(state)", "--json", "--blas-core", "Haswell"], in: directory)
        if result.errors.contains("--blas-core Haswell: ") { return }
        try #require(result.status == 0, "\(result.errors)")
        let (json, expected) = (try result.json, frozen.expected)
        for key in ["start", "duration", "ending"] { #expect(json[key] == expected[key], "\(key)") }
        let probes = try #require(json["probes"]?.array)
        let table = try #require(expected["probes"]?.array)
        #expect(probes.count == table.count)
        for (probe, row) in zip(probes, table) {
            for (index, key) in ["start", "duration", "seed", "verdict", "steps"].enumerated() {
                #expect(probe[key] == row[index], "\(key)")
            }
            #expect(isClose(probe["best_perplexity"], row[5], 1e-4))
        }
        #expect(made.count == (state == "finished" ? table.count : 1))
    }
}
