import Foundation
import JSON
import TestSupport
import Testing

/// `slw-train tune` with a model that is tiny and a limit that decides what is found: what numbers real probes have is another question.
@Suite("slw-train tune", .serialized)
struct TuneCommandTests {
    let directory: TemporaryDirectory
    let run = [
        "--data", "some data", "--preset", "tiny", "--seq-length", "32", "--global-batch-size", "8", "--split", "9,1,0", "--train-tokens",
        "16K", "--lr-warmup-steps", "4", "--threads", "1", "--eval-tokens", "256",
    ]

    init() throws {
        directory = try TemporaryDirectory()
        try directory.preprocessSome(as: "some data")
    }

    func tune(_ more: [String]) throws -> CommandResult { try Tool.slwTrain.start(["tune"] + run + more, in: directory).finish() }

    /// The probes of `--json`, without what a clock says.
    func probes(_ json: JSONValue) throws -> [JSONValue] {
        try #require(json["probes"]?.array).map { probe in
            var kept = JSONObject()
            for member in probe.object!.members where !["seconds", "folder"].contains(member.key) { kept[member.key] = member.value }
            return .object(kept)
        }
    }

    @Test("without a spike in the baseline it says so and ends")
    func noSpike() throws {
        let result = try tune(["--fluctuation", "1000", "--out", "tuned", "--quiet"])
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
        #expect(result.text.split(separator: "\n").count == 3, "\(result.text)")
        #expect(result.text.contains("no spike") && result.text.contains("baseline") && result.text.contains("stable"))
        let json = try JSONValue.parse(Array(Data(contentsOf: URL(filePath: directory.file("tuned/tune.json")))))
        #expect(json["ending"] == "stable_baseline" && json["command"] == .null && json["probes"]?.array?.count == 1)
    }

    @Test("a search ends with a command line that trains, and a table of the probes that it took")
    func found() throws {
        let options = ["--fluctuation", "1000", "--search-anyway", "--duration-limit", "30", "--out", "tuned", "--tails", "drop"]
        let result = try tune(options)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.text.split(separator: "\n").map(String.init)
        let cells = lines.dropFirst().dropLast(2).map { $0.split(separator: " ").map(String.init) }
        #expect(cells.map { $0[0] } == ["baseline", "8", "8", "8"] && cells.map { $0[1] } == ["-", "12", "24", "30"], "\(result.text)")
        #expect(cells.allSatisfy { $0[2] == "12" && $0[5] == "stable" })
        // It claims what the probes have shown, and no more.
        #expect(lines.dropLast().last == "stable with seed 1234 in the first 12 steps; what comes later was not tried:", "\(result.text)")
        #expect(lines.last!.hasPrefix("slw-train --data 'some data' --split 9,1,0 --seq-length 32 "), "\(lines.last!)")
        #expect(lines.last!.hasSuffix(" --slw-start 8 --slw-steps 30") && !lines.last!.contains("--eval-tokens"))
        #expect(lines.last!.contains(" --tails drop ") && lines.last!.contains(" --threads 1"))

        // The words of tune.json train the run that was probed: its first steps are the last probe's.
        let json = try JSONValue.parse(Array(Data(contentsOf: URL(filePath: directory.file("tuned/tune.json")))))
        #expect(json["start"] == 8 && json["duration"] == 30 && json["ending"] == "found")
        let words = try #require(json["command"]?.array).compactMap(\.string)
        let trained = try Tool.slwTrain.start(Array(words.dropFirst()) + ["--run-dir", "run", "--stop-after", "12"], in: directory).finish()
        #expect(trained.status == 0, "\(trained.errors)")
        func losses(_ run: String) throws -> [JSONValue] {
            try String(contentsOfFile: directory.file(run + "/metrics.jsonl"), encoding: .utf8).split(separator: "\n").compactMap {
                let record = try JSONValue.parse(Array($0.utf8))
                return record["kind"] == "step" ? record["loss"] : nil
            }
        }
        #expect(try losses("run") == losses("tuned/probes/s008-t000030"))
        #expect(try losses("run").count == 12)

        // Again: the same table, and nothing is trained.
        let written = try tree()
        let again = try tune(options)
        #expect(again.status == 0 && again.text == result.text && !again.errors.contains("probe"), "\(again.errors)")
        #expect(try tree() == written)
    }

    @Test("with several seeds a trial is stable when all of them are; a probe is kept for each")
    func seeds() throws {
        let options = ["--fluctuation", "1000", "--search-anyway", "--duration-limit", "12", "--out", "tuned", "--json", "--quiet"]
        let one = try tune(options)
        #expect(one.status == 0, "\(one.errors)")
        let three = try tune(options + ["--seeds", "3"])
        #expect(three.status == 0, "\(three.errors)")
        let (first, all) = (try probes(one.json), try probes(three.json))
        #expect(all.map { $0["seed"] } == [1234, 1235, 1236, 1234, 1235, 1236])
        #expect(first == [all[0], all[3]] && all[0]["best_perplexity"] != all[1]["best_perplexity"])
        #expect(
            try Set(tree().keys) == [
                "baseline", "baseline-seed1235", "baseline-seed1236", "s008-t000012", "s008-t000012-seed1235",
                "s008-t000012-seed1236",
            ])
        let table = try tune(["--fluctuation", "1000", "--out", "tuned", "--seeds", "2"]).text.split(separator: "\n")
        #expect(table[0].hasSuffix("seconds    seed") && table[2].hasSuffix("  1235"), "\(table)")
        // Another base: the plain names belong to the old one.
        let other = try tune(["--seed", "1235", "--out", "tuned"])
        #expect(other.status == 1 && other.errors.contains("run.seed: 1234 there, 1235 here"), "\(other.errors)")
    }

    /// Contents of all metrics by path.
    func tree() throws -> [String: Data] {
        var contents: [String: Data] = [:]
        for probe in (try? FileManager.default.contentsOfDirectory(atPath: directory.file("tuned/probes"))) ?? [] {
            contents[probe] = try? Data(contentsOf: URL(filePath: directory.file("tuned/probes/\(probe)/metrics.jsonl")))
        }
        return contents
    }

    @Test("where everything fluctuates it ends without a command line")
    func nothing() throws {
        // At this rate every probe has a validation that is worse than the best before it.
        let result = try tune(["--fluctuation", "1", "--lr", "0.5", "--out", "tuned", "--json", "--quiet"])
        #expect(result.status == 0 && result.errors == "", "\(result.errors)")
        let json = try result.json
        #expect(json["ending"] == "nothing_stable" && json["command"] == .null && json["start"] == .null)
        #expect(try probes(json).map { $0["start"] }.contains(24))
    }

    @Test("killed at any moment, it goes on: the same table, and no complete probe is trained again", .tags(.kills))
    func kills() throws {
        let options = ["--fluctuation", "1.02", "--lr", "0.02", "--search-anyway", "--save-interval", "3", "--json", "--quiet", "--out"]
        let begin = ContinuousClock.now
        let reference = try tune(options + ["whole"])
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        try #require(reference.status == 0, "\(reference.errors)")
        let expected = try probes(reference.json)
        #expect(expected.count > 3)

        var random = SeededGenerator(TestRun.seed)
        var struck = 0
        for _ in 0..<TestRun.cases(2) {
            var result: CommandResult
            var isFirst = true
            repeat {
                let complete = try tree().filter {
                    FileManager.default.fileExists(atPath: directory.file("tuned/probes/\($0.key)/probe.json"))
                }
                let command = try Tool.slwTrain.start(["tune"] + run + options + ["tuned"], in: directory)
                // The first blow falls in the middle for sure, however the machine's speed changes meanwhile.
                if isFirst { command.wait(until: directory.file("tuned/probes")) }
                command.wait(seconds: .random(in: 0...(isFirst ? 0.003 : seconds * 0.6), using: &random))
                isFirst = false
                command.send(SIGKILL)
                result = try command.finish()
                if result.signalled { struck += 1 } else { try #require(result.status == 0, "\(result.errors)") }
                let now = try tree()
                for (probe, metrics) in complete { #expect(now[probe] == metrics, "\(probe) was touched, seed \(TestRun.seed)") }
            } while result.signalled
            #expect(try probes(result.json) == expected, "seed \(TestRun.seed)")
            try FileManager.default.removeItem(atPath: directory.file("tuned"))
        }
        #expect(struck > 0)
    }

    @Test("an interrupted search says how to go on")
    func interrupted() throws {
        let options = ["tune"] + run + ["--fluctuation", "1000", "--search-anyway", "--out", "tuned"]
        let command = try Tool.slwTrain.start(options, in: directory)
        command.wait(until: directory.file("tuned/probes/baseline/metrics.jsonl"))
        command.send(SIGINT)
        let result = try command.finish()
        #expect(
            result.status == 130 && result.complaints.last == "slw-train: interrupted in tuned; the same call goes on there",
            "\(result.errors)")
    }

    @Test("a probe of another run is refused, and the difference is named")
    func other() throws {
        #expect(try tune(["--fluctuation", "1000", "--out", "tuned", "--quiet"]).status == 0)
        for (option, value, difference) in [
            ("--clip-grad", "0.5", "optimizer.clip_norm: 1.0 there, 0.5 here"), ("--num-layers", "1", "model.layers: 2 there, 1 here"),
            ("--eval-interval", "2", "run.validation_interval: 1 there, 2 here"),
        ] {
            expectComplaint(
                try tune([option, value, "--out", "tuned"]), 1,
                "slw-train: tuned/probes/baseline is a probe of another run (\(difference)): choose another --out, or give the options of that run"
            )
        }
        // The same name, other tokens.
        let made = try Tool.slwdata.start(
            ["preprocess", "--input", Place.fixture("some.jsonl"), "--output-prefix", "some data", "--overwrite", "--quiet"], in: directory
        ).finish()
        try #require(made.status == 0)
        let result = try tune(["--out", "tuned"])
        #expect(result.status == 1 && result.complaints.count == 1 && result.errors.contains("tokens there"), "\(result.errors)")
    }

    @Test("what cannot be tuned is refused in one line")
    func refused() throws {
        expectComplaint(
            try tune(["--multiples", "2", "--probe-steps", "9"]), 2,
            "slw-train: tune: --multiples and --probe-steps both say how long a probe is: give one of them")
        expectComplaint(
            try tune(["--slw-pacing", "mixed"]), 2,
            "slw-train: tune: --slw-pacing: mixed is not one of linear, root, two-stage: see slw-train tune --help")
        expectComplaint(
            try tune(["--lr-warmup-steps", "0"]), 1,
            "slw-train: without a warmup of the learning rate nothing says how long a probe must be: give --probe-steps")
        expectComplaint(
            try tune(["--eval-interval", "4"]), 1,
            "slw-train: a probe of 12 steps with a validation every 4 steps has too few to judge: raise --probe-steps or --multiples, or lower --eval-interval"
        )
        let start = try tune(["--slw-start", "16"])
        #expect(start.status == 2 && start.complaints.count == 1 && start.errors.contains("unknown option --slw-start"))
        let split = try tune(["--split", "1,0,0"])
        #expect(split.status == 1 && split.complaints.count == 1 && split.errors.contains("give --split a larger share"), "\(split.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.file("runs")))
        try FileManager.default.createDirectory(atPath: directory.file("run"), withIntermediateDirectories: true)
        try directory.write("{}", to: "run/config.json")
        let run = try tune(["--out", "run"])
        #expect(run.status == 1 && run.errors.contains("run holds a run already"), "\(run.errors)")
    }

    @Test("a dry run says what it would do and does nothing")
    func dry() throws {
        let result = try tune(["--dry-run", "--out", "tuned"])
        #expect(result.status == 0 && result.errors == "")
        #expect(
            result.text.contains("a probe lasts       12 steps\n") && result.text.contains("third, if the second is unstable at once\n"),
            "\(result.text)")
        #expect(!FileManager.default.fileExists(atPath: directory.file("tuned")))
        let json = try tune(["--dry-run", "--json", "--probe-steps", "20"]).json
        #expect(json["first_duration"] == 20 && json["resolution"] == 2 && json["duration_limit"] == 63)
        #expect(json["first_probes"]?[0] == ["start": 8, "duration": 20])
    }
}
