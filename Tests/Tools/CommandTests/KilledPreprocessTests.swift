import Foundation
import TestSupport
import Testing

@Suite("slwdata preprocess, killed", .serialized, .tags(.kills))
struct KilledPreprocessTests {
    static let endings = ["bin", "idx", "meta", "sums"]
    let directory: TemporaryDirectory
    let arguments: [String]

    init() throws {
        directory = try TemporaryDirectory()
        // Two inputs, together some tens of megabytes: the second is read from its middle by most of the resumed runs.
        let text = try Data(contentsOf: URL(filePath: Place.fixture("some.jsonl")))
        for (name, copies) in [("a.jsonl", 20), ("b.jsonl", 40)] {
            _ = FileManager.default.createFile(atPath: directory.file(name), contents: nil)
            let file = try FileHandle(forWritingTo: URL(filePath: directory.file(name)))
            for _ in 0..<copies { try file.write(contentsOf: text) }
            try file.close()
        }
        arguments = ["preprocess", "--input", "a.jsonl", "b.jsonl", "--append-eod", "--quiet", "--durable-every", "0.02"]
    }

    /// The files of a data set by their endings; those that are not there are missing.
    func files(_ prefix: String) -> [String: Data] {
        var files: [String: Data] = [:]
        for ending in Self.endings {
            files[ending] = try? Data(contentsOf: URL(filePath: directory.file("\(prefix).\(ending)")), options: .mappedIfSafe)
        }
        return files
    }

    /// What lies beside the data set: locks, partial files, journals.
    func leftovers(_ prefix: String) throws -> [String] {
        let final = Set(Self.endings.map { "\(prefix).\($0)" })
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).filter {
            $0.hasPrefix(prefix + ".") && !final.contains($0)
        }
    }

    func clear(_ prefix: String) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) where name.hasPrefix(prefix + ".") {
            try FileManager.default.removeItem(atPath: directory.file(name))
        }
    }

    func start(_ more: String...) throws -> RunningCommand { try start(more) }

    func start(_ more: [String]) throws -> RunningCommand { try Tool.slwdata.start(arguments + more, in: directory) }

    /// The uninterrupted run's files and its time.
    func whole(_ more: [String] = [], _ arguments: [String]? = nil) throws -> (files: [String: Data], seconds: Double) {
        let begin = ContinuousClock.now
        let result = try Tool.slwdata.start((arguments ?? self.arguments) + ["--output-prefix", "whole"] + more, in: directory).finish()
        try #require(result.status == 0, "\(result.errors)")
        return (files("whole"), (ContinuousClock.now - begin) / .seconds(1))
    }

    /// A run that has a durable point, struck in the middle. A busy machine may strike too late, so several runs are tried.
    func interrupt(_ prefix: String, with signal: Int32 = SIGKILL) throws -> CommandResult {
        for _ in 0..<20 {
            try clear(prefix)
            let command = try start("--output-prefix", prefix)
            command.wait(until: directory.file("\(prefix).partial/progress.json"))
            command.send(signal)
            let result = try command.finish()
            if result.signalled || result.status != 0 { return result }
        }
        throw POSIXError(.ETIME)
    }

    @Test("no file is ever half there, and resuming gives the same bytes: from nothing, and over an older data set")
    func kills() throws { try strike(more: []) }

    @Test("neither are they with cleaning, and the resumed run knows all earlier texts", arguments: ["exact", "near"])
    func killsWithCleaning(_ rule: String) throws {
        // A third of the texts for the second time, megabytes behind the first; the others differ in every sixth word or so.
        let fixture = try String(contentsOfFile: Place.fixture("some.jsonl"), encoding: .utf8)
        for (name, copies) in [("a.jsonl", 0..<16), ("b.jsonl", 8..<40)] {
            var text = ""
            for copy in copies { text += fixture.replacingOccurrences(of: " t", with: " \(copy % 32)t") }
            try text.write(toFile: directory.file(name), atomically: true, encoding: .utf8)
        }
        try strike(more: ["--normalize", "nfc", "--min-chars", "200", "--dedup", rule], cases: 5)
    }

    @Test("neither are they with Parquet and many gzip files, read by several workers at once")
    func killsOfCompressed() throws {
        let lines = try Data(contentsOf: URL(filePath: Place.fixture("some.jsonl")))
        let packed = try TestSupport.run("/usr/bin/env", ["gzip", "-c"], input: Array(lines))
        try #require(packed.status == 0)
        let texts = try String(contentsOfFile: Place.fixture("some.jsonl"), encoding: .utf8).split(separator: "\n").map { Array($0.utf8) }
        try FileManager.default.createDirectory(atPath: directory.file("in"), withIntermediateDirectories: true)
        for number in 0..<24 {
            if number % 4 == 1 {
                let groups = (0..<6).map { group in texts.map { $0 + Array(" \(number) \(group)".utf8) } }
                try directory.write(ParquetMaker.file(groups), to: "in/\(number).parquet")
            } else {
                try directory.write(Array(repeating: packed.output, count: 2).joined(), to: "in/\(number).jsonl.gz")
            }
        }
        try strike(
            ["preprocess", "--input", "in", "--append-eod", "--quiet", "--durable-every", "0.02", "--workers", "3"], more: [], cases: 5)
    }

    private func strike(_ arguments: [String]? = nil, more: [String], cases: Int = 12) throws {
        var random = SeededGenerator(TestRun.seed)
        let arguments = arguments ?? self.arguments
        let (reference, seconds) = try whole(more, arguments)
        try #require(reference.count == 4)
        let old = try Tool.slwdata.start(
            ["preprocess", "--input", Place.fixture("some.jsonl"), "--output-prefix", "old", "--quiet"], in: directory)
        try #require(try old.finish().status == 0)
        let older = files("old")

        var (struck, survived, rounds, resumed, signals) = (0, 0, 0, 0, [Int32: Int]())
        while struck < TestRun.cases(cases) {
            try clear("out")
            let overwrites = rounds % 2 == 1
            rounds += 1
            if overwrites {
                for (ending, bytes) in older { try bytes.write(to: URL(filePath: directory.file("out.\(ending)"))) }
            }
            let marks = ["lock", "idx.partial", "partial/progress.json", "meta.partial", "sums", "bin", "idx"].map {
                directory.file("out.\($0)")
            }
            var done = false
            while !done {
                let kill = Kill(within: seconds * 1.1, files: marks, using: &random)
                let command = try Tool.slwdata.start(
                    arguments + more + ["--output-prefix", "out", "--resume"] + (overwrites ? ["--overwrite"] : []), in: directory)
                let result = try kill(command)
                if result.errors.contains("resuming behind") { resumed += 1 }
                done = result.status == 0 && !result.signalled
                let found = files("out")
                let context = Comment(
                    rawValue: "round \(rounds), kill \(struck), seed \(TestRun.seed), \(kill): \(result.status) \(result.errors)")
                if done {
                    survived += 1
                } else {
                    struck += 1
                    signals[kill.signal, default: 0] += 1
                    // A process that had no time to listen dies of the signal; otherwise it stops by itself and says how to go on.
                    // Nothing else may end a run.
                    try #require(result.signalled ? result.status == kill.signal : result.status == 130 && kill.signal != SIGKILL, context)
                    if !result.signalled { #expect(result.errors.contains("--resume"), context) }
                }
                for (ending, bytes) in found {
                    #expect(bytes == reference[ending] || (overwrites && bytes == older[ending]), context)
                }
                if let index = found["idx"] {
                    // Where there is an index there is a data set, all old or all new.
                    #expect(found == (index == reference["idx"] ? reference : older), context)
                }
            }
            #expect(files("out") == reference)
            #expect(try leftovers("out") == [], "round \(rounds), seed \(TestRun.seed)")
        }
        note(
            "\((arguments.prefix(4) + more).joined(separator: " ")): \(struck) kills (\(signals[SIGKILL] ?? 0) SIGKILL, \(signals[SIGTERM] ?? 0) SIGTERM, \(signals[SIGINT] ?? 0) SIGINT) in \(rounds) rounds, \(resumed) resumed in the middle, 0 bytes lost"
        )
    }

    @Test(
        "files that cannot get their names are kept until they can", arguments: [[], ["--dedup", "exact"], ["--durable-every", "1000"]],
        [false, true])
    func unnameable(more: [String], overwrites: Bool) throws {
        let reference = try whole(more).files
        let old = try Tool.slwdata(
            "preprocess", "--input", Place.fixture("some.jsonl"), "--output-prefix", directory.file("old"), "--quiet")
        try #require(old.status == 0, "\(old.errors)")
        let options = ["--output-prefix", "out"] + more + (overwrites ? ["--overwrite"] : [])
        for ending in ["meta", "sums", "bin"] {
            try clear("out")
            if overwrites { for (ending, bytes) in files("old") { try bytes.write(to: URL(filePath: directory.file("out.\(ending)"))) } }
            // A directory comes into the way when the run has begun, so that it is not refused at the start.
            let command = try start(options)
            command.wait(until: directory.file("out.bin.partial"))
            let obstacle = directory.file("out.\(ending)")
            command.send(SIGSTOP)
            try? FileManager.default.removeItem(atPath: obstacle)
            try FileManager.default.createDirectory(atPath: obstacle + "/x", withIntermediateDirectories: true)
            command.send(SIGCONT)
            let result = try command.finish()
            #expect(result.status == 1 && result.complaints.count == 1, "\(result.errors)")
            #expect(result.errors.contains("out.\(ending)") && result.errors.contains("--resume"), "\(result.errors)")
            let again = try start(options + ["--resume"]).finish()
            #expect(again.status == 1 && again.errors.contains("out.\(ending)"), "\(again.errors)")
            try FileManager.default.removeItem(atPath: obstacle)
            let resumed = try start(options + ["--resume"]).finish()
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(files("out") == reference)
            #expect(try leftovers("out") == [])
        }
    }

    @Test("Ctrl-C and kill leave a run that can go on, and say how", arguments: [SIGINT, SIGTERM])
    func interrupted(signal: Int32) throws {
        let reference = try whole().files
        let result = try interrupt("out", with: signal)
        #expect(result.status == 130 && !result.signalled)
        #expect(
            result.complaints.last?.hasSuffix("what was done is kept: run the same command with --resume to continue out") == true,
            "\(result.errors)")
        let again = try start("--output-prefix", "out").finish()
        expectComplaint(
            again, 1, "slwdata: out: an interrupted run is here; continue it with --resume, or start over with --overwrite")
        let resumed = try start("--output-prefix", "out", "--resume").finish()
        #expect(resumed.status == 0 && resumed.errors.contains("resuming behind"))
        #expect(files("out") == reference)
    }

    /// A run that has begun to write, and what it will have written.
    private func halfway() throws -> (reference: [String: Data], command: RunningCommand) {
        let reference = try whole().files
        let command = try start("--output-prefix", "out")
        command.wait(until: directory.file("out.lock"))
        command.wait(until: directory.file("out.bin.partial"))
        return (reference, command)
    }

    @Test("a second run on the same output is refused, and the first is not disturbed")
    func twoRuns() throws {
        let (reference, first) = try halfway()
        first.send(SIGSTOP)
        let second = try start("--output-prefix", "out", "--resume", "--overwrite").finish()
        first.send(SIGCONT)
        #expect(second.status == 1 && second.errors.contains("out.lock: another process is writing here (process "), "\(second.errors)")
        #expect(try first.finish().status == 0)
        #expect(files("out") == reference)
    }

    @Test("a run is resumed as what it was: another option or input is refused, and named")
    func changed() throws {
        let reference = try whole().files
        _ = try interrupt("out")
        func refusal(_ line: String, _ more: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
            let result = try Tool.slwdata.start(arguments + ["--output-prefix", "out", "--resume"] + more, in: directory).finish()
            expectComplaint(result, 1, "slwdata: out: cannot resume: \(line); start over with --overwrite", sourceLocation: sourceLocation)
        }
        try refusal("--append-eod was true and is false", "--no-append-eod")
        try refusal("--text-key was text and is body", "--text-key", "body")
        try refusal("--shard was none and is 1/2", "--shard", "1/2")
        try refusal("--min-chars was none and is 100", "--min-chars", "100")
        try refusal("--dedup was none and is exact", "--dedup", "exact")

        let (input, size) = (directory.file("a.jsonl"), 20 * 675_255)
        try FileManager.default.moveItem(atPath: input, toPath: directory.file("kept"))
        var bytes = try Data(contentsOf: URL(filePath: directory.file("kept")))
        bytes.append(contentsOf: "{\"text\": \"one more\"}\n".utf8)
        try bytes.write(to: URL(filePath: input))
        try refusal("input a.jsonl had \(size) bytes and has \(bytes.count)")
        bytes.removeLast(21)
        bytes[12] ^= 1
        try bytes.write(to: URL(filePath: input))
        try refusal("input a.jsonl begins otherwise")
        bytes[12] ^= 1
        bytes[size / 2] ^= 1
        try bytes.write(to: URL(filePath: input))
        try refusal("input a.jsonl was changed since")

        try FileManager.default.removeItem(atPath: input)
        let gone = try start("--output-prefix", "out", "--resume").finish()
        expectComplaint(gone, 1, "slwdata: cannot inspect a.jsonl: No such file or directory")
        try FileManager.default.moveItem(atPath: directory.file("kept"), toPath: input)
        #expect(try start("--output-prefix", "out", "--resume").finish().status == 0)
        #expect(files("out") == reference)
    }

    @Test("an input that vanishes in the middle costs nothing but a second run")
    func vanished() throws {
        let (reference, command) = try halfway()
        try FileManager.default.moveItem(atPath: directory.file("b.jsonl"), toPath: directory.file("kept"))
        let result = try command.finish()
        try FileManager.default.moveItem(atPath: directory.file("kept"), toPath: directory.file("b.jsonl"))
        guard result.status != 0 else { return }  // It was open already.
        #expect(result.status == 1 && result.errors.contains("b.jsonl: No such file or directory"), "\(result.errors)")
        #expect(files("out").isEmpty)
        #expect(try start("--output-prefix", "out", "--resume").finish().status == 0)
        #expect(files("out") == reference)
    }
}
