import Foundation
import JSON
import TestSupport
import Testing

@Suite("slw-train, killed", .serialized, .tags(.kills))
struct KilledTrainingTests {
    let directory: TemporaryDirectory
    let options = [
        "--data", "data", "--preset", "tiny", "--seq-length", "64", "--slw-steps", "20", "--train-tokens", "30K", "--save-interval", "3",
        "--eval-interval", "7", "--threads", "1", "--json",
    ]

    init() throws {
        directory = try TemporaryDirectory()
        try directory.preprocessSome()
    }

    /// What of a run must not depend on kills.
    struct Outcome: Equatable {
        /// The last record of each step, and of each validation, without what a clock says.
        var records: [String: JSONValue]
        var digest: String?
        var steps: Int?
        /// Of the last checkpoint.
        var weights: Data
        var optimizer: Data
    }

    func outcome(_ run: String, _ result: CommandResult) throws -> Outcome {
        var records: [String: JSONValue] = [:]
        for line in try String(contentsOf: URL(filePath: directory.file(run + "/metrics.jsonl")), encoding: .utf8).split(separator: "\n") {
            let record = try JSONValue.parse(Array(line.utf8))
            guard let kind = record["kind"]?.string, kind != "resume", let step = record["step"]?.int else { continue }
            var kept = JSONObject()
            for member in record.object!.members where !Self.clocked.contains(member.key) { kept[member.key] = member.value }
            records["\(kind) \(step)"] = .object(kept)
        }
        let json = try result.json
        let last = try #require(checkpoints(run).last)
        return Outcome(
            records: records, digest: json["digest"]?.string, steps: json["steps"]?.int,
            weights: try Data(contentsOf: URL(filePath: last + "/model.safetensors")),
            optimizer: try Data(contentsOf: URL(filePath: last + "/optimizer.safetensors")))
    }

    /// Fields that a clock fills.
    static let clocked: Set = ["seconds", "elapsed", "tokens_per_second", "utilisation", "at", "wall_time"]

    func checkpoints(_ run: String) throws -> [String] {
        let folder = directory.file(run + "/checkpoints")
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            $0.hasPrefix("step-") && !$0.hasSuffix(".partial")
        }.sorted().map { folder + "/" + $0 }
    }

    /// Begins the run, or goes on with it.
    func start(_ run: String) throws -> RunningCommand {
        let isBegun = access(directory.file(run + "/config.json"), F_OK) == 0
        return try Tool.slwTrain.start(isBegun ? ["resume", run, "--json"] : options + ["--run-dir", run], in: directory)
    }

    func whole() throws -> (outcome: Outcome, seconds: Double) {
        let begin = ContinuousClock.now
        let result = try start("whole").finish()
        try #require(result.status == 0, "\(result.errors)")
        return (try outcome("whole", result), (ContinuousClock.now - begin) / .seconds(1))
    }

    @Test("killed at any moment, a run ends with the same losses, weights and digest, bit for bit")
    func kills() throws {
        var random = SeededGenerator(TestRun.seed)
        let (reference, seconds) = try whole()
        #expect(reference.records.count > 40 && reference.digest != nil)
        var (struck, rounds, resumed, signals) = (0, 0, 0, [Int32: Int]())
        while struck < TestRun.cases(12) {
            let name = "run\(rounds)"
            rounds += 1
            var result: CommandResult
            repeat {
                let last = (try checkpoints(name).last).flatMap { Int($0.suffix(8)) } ?? 0
                let next = String(String(100_000_000 + last + 3 * Int.random(in: 1...3, using: &random)).dropFirst())
                let marks = ["lock", "config.json", "checkpoints/step-\(next)", "checkpoints/step-\(next).partial", "report.html"]
                let kill = Kill(within: seconds * 1.1, files: marks.map { directory.file(name + "/" + $0) }, using: &random)
                let command = try start(name)
                result = try kill(command)
                let context = Comment(
                    rawValue: "round \(rounds), kill \(struck), seed \(TestRun.seed), \(kill): \(result.status) \(result.errors)")
                if result.errors.contains("resuming after step") { resumed += 1 }
                // What has a name is whole, whenever it was killed.
                #expect(!result.errors.contains("skipping a checkpoint"), context)
                if result.signalled || result.status != 0 {
                    struck += 1
                    signals[kill.signal, default: 0] += 1
                    try #require(result.signalled ? result.status == kill.signal : result.status == 130 && kill.signal != SIGKILL, context)
                    if !result.signalled { #expect(result.errors.contains("slw-train resume"), context) }
                }
            } while result.signalled || result.status != 0
            let found = try outcome(name, result)
            #expect(found == reference, "round \(rounds), seed \(TestRun.seed)")
            try FileManager.default.removeItem(atPath: directory.file(name))
        }
        note(
            "slw-train: \(struck) kills (\(signals[SIGKILL] ?? 0) SIGKILL, \(signals[SIGTERM] ?? 0) SIGTERM, \(signals[SIGINT] ?? 0) SIGINT) in \(rounds) runs, \(resumed) resumed from a checkpoint, all bit-identical"
        )
    }

    /// Ways to spoil a checkpoint, and what is said of it.
    enum Damage: String, CaseIterable {
        case bitFlipped = "its checksum is not the one in the manifest"
        case cutOff = "the manifest says"
        case weightsGone = "No such file or directory"
        case manifestGone = "the checkpoint has no manifest.json"
        case manifestGarbled = "manifest.json"
        case stateChanged = "state.json is damaged: it"
    }

    @Test("a damaged checkpoint is found out and the one before is used")
    func damaged() throws {
        let reference = try whole().outcome
        let stopped = try Tool.slwTrain.start(options + ["--run-dir", "stopped", "--stop-after", "10"], in: directory).finish()
        try #require(stopped.status == 0, "\(stopped.errors)")
        for damage in Damage.allCases {
            let run = "\(damage)"
            try FileManager.default.copyItem(atPath: directory.file("stopped"), toPath: directory.file(run))
            try spoil(try #require(try checkpoints(run).last), damage)
            let result = try start(run).finish()
            #expect(result.status == 0)
            let line = try #require(result.complaints.first { $0.contains("skipping a checkpoint") }, "\(result.errors)")
            #expect(line.contains("step-00000010") && line.contains(damage.rawValue), "\(line)")
            #expect(result.errors.contains("resuming after step 9"))
            #expect(try outcome(run, result) == reference)
        }
    }

    private func spoil(_ checkpoint: String, _ damage: Damage) throws {
        func edit(_ name: String, _ change: (inout Data) -> Void) throws {
            var bytes = try Data(contentsOf: URL(filePath: checkpoint + "/" + name))
            change(&bytes)
            try bytes.write(to: URL(filePath: checkpoint + "/" + name))
        }
        switch damage {
        case .bitFlipped: try edit("optimizer.safetensors") { $0[$0.count / 2] ^= 0x10 }
        case .cutOff: try edit("model.safetensors") { $0.removeLast(1) }
        case .weightsGone: try FileManager.default.removeItem(atPath: checkpoint + "/model.safetensors")
        case .manifestGone: try FileManager.default.removeItem(atPath: checkpoint + "/manifest.json")
        case .manifestGarbled: try edit("manifest.json") { $0.removeLast(20) }
        case .stateChanged: try edit("state.json") { $0[$0.count / 2] ^= 1 }
        }
    }

    @Test("two processes cannot train in one folder")
    func twoRuns() throws {
        // A run that does not end by itself while the second one starts, however busy the machine is.
        var long = options
        long[try #require(long.firstIndex(of: "30K"))] = "3G"
        let first = try Tool.slwTrain.start(long + ["--run-dir", "run", "--tails", "drop"], in: directory)
        #expect(first.wait(until: directory.file("run/metrics.jsonl")))
        let second = try start("run").finish()
        #expect(second.status == 1 && second.errors.contains("another process is writing here (process "), "\(second.errors)")
        first.send(SIGINT)
        let result = try first.finish()
        #expect(result.status == 130 && result.errors.contains("slw-train resume"), "\(result.errors)")
    }

    @Test("a data set that has changed since is refused")
    func changedData() throws {
        let stopped = try Tool.slwTrain.start(options + ["--run-dir", "run", "--stop-after", "6"], in: directory).finish()
        try #require(stopped.status == 0, "\(stopped.errors)")
        let other = try Tool.slwdata.start(
            ["preprocess", "--input", Place.fixture("some.jsonl"), "--output-prefix", "data", "--overwrite", "--quiet"], in: directory
        ).finish()
        try #require(other.status == 0)
        let result = try start("run").finish()
        let line = try #require(result.complaints.last)
        #expect(result.status == 1 && line.hasPrefix("slw-train: cannot resume: data set 1's samples was "), "\(line)")
        #expect(line.hasSuffix(": use the same data and options, or start a new run"), "\(line)")
    }
}
