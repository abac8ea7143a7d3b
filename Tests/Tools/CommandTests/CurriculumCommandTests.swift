import Batches
import Foundation
import JSON
import LengthWarmup
import Sampling
import TestSupport
import Testing

@Suite("Published curricula in both tools")
struct CurriculumCommandTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.preprocessSome(as: "some")
    }

    func plan(_ options: String...) throws -> CommandResult {
        try run(
            Tool.slwdata.path, ["plan", "--data", "some", "--seq-length", "64", "--global-batch-size", "4"] + options,
            environment: ["LC_ALL": "C", "COLUMNS": "120"], directory: directory.path)
    }

    // MARK: docs/curricula.md

    /// Lines of code and cells of tables that are commands.
    static let lines: [String] = {
        let text = (try? String(contentsOfFile: Place.package + "/docs/curricula.md", encoding: .utf8)) ?? ""
        return text.matches(of: /(?m)(?:\| `|^    )(slwdata plan [^`\n]*)/).map { String($0.1) }
    }()

    @Test("every command of docs/curricula.md runs", arguments: lines)
    func page(line: String) throws {
        let result = try run(
            Tool.slwdata.path, line.split(separator: " ").dropFirst().map(String.init), environment: ["LC_ALL": "C"],
            directory: directory.path)
        #expect(result.status == 0 && !result.text.isEmpty, "\(result.errors)")
    }

    @Test("docs/curricula.md has a row for every curriculum that the program lists, with its source")
    func rows() throws {
        let text = try String(contentsOfFile: Place.package + "/docs/curricula.md", encoding: .utf8)
        let listed = try #require(try Tool.slwdata("curricula", "--json").json.array)
        #expect(listed.count >= 15)
        for curriculum in listed {
            let name = try #require(curriculum["name"]?.string)
            let row = try #require(text.split(separator: "\n").first { $0.hasPrefix("| `\(name)` |") }, "no row for \(name)")
            for key in ["paper", "repository", "commit"] {
                if let word = curriculum[key]?.string { #expect(row.contains(word), "\(name) \(key)") }
            }
            #expect(row.contains("--curriculum \(name)"))
            let shown = try Tool.slwdata("curricula", name)
            #expect(shown.status == 0 && shown.text.contains("loses"))
        }
        #expect(Self.lines.count > listed.count)
    }

    // MARK: plan

    @Test(
        "--table writes every step of the schedule that the loader would serve",
        arguments: [
            ["--slw-start", "8", "--slw-steps", "40"], ["--curriculum", "olmo:min=8,steps=60"], ["--curriculum", "composer"],
            ["--curriculum", "skyladder:schedule=dm1st4"],
            ["--curriculum", "stages:lengths=16/64,starts=5K,by=tokens", "--batch-unit", "rows"],
            ["--curriculum", "olmo:rows=truncate,min=8", "--curriculum-mode", "exact"], ["--slw-pacing", "none", "--batch-unit", "tokens"],
        ])
    func table(options: [String]) throws {
        let result = try run(
            Tool.slwdata.path,
            ["plan", "--data", "some", "--seq-length", "64", "--global-batch-size", "4", "--table", "steps.tsv", "--json"] + options,
            environment: ["LC_ALL": "C"], directory: directory.path)
        try #require(result.status == 0, "\(result.errors)")
        let rows = TabbedRow.rows(directory.file("steps.tsv"))
        let text = try String(contentsOfFile: directory.file("steps.tsv"), encoding: .utf8)
        #expect(text.hasPrefix("step\tlength\twindow\trows\ttargets\ttokens\n"))
        // The same schedule by the library.
        var words = ScheduleWords()
        try words.readData([directory.file("some")])
        for (name, word) in [("seq-length", "64"), ("global-batch-size", "4")]
            + zip(options.indices, options).filter({ $0.0 % 2 == 0 }).map({ (String($0.1.dropFirst(2)), options[$0.0 + 1]) })
        {
            try words.read(word, for: #require(ScheduleOption.named(name)))
        }
        let (schedule, source) = try ScheduleResolver.resolve(words, DataSets(words.data))
        let loader = try Loader(source: source, configuration: schedule.plan)
        var (tokens, number) = (0, 0)
        while let batch = loader.next() {
            let row = rows[number]
            number += 1
            #expect(try [row.number("step"), row.number("rows")] == [batch.step, batch.rows])
            #expect(try row.number("length") == batch.length + (options.contains("exact") ? 1 : 0))
            #expect(try row.number("targets") == batch.targetCount)
            tokens += batch.targetCount
            #expect(try row.number("tokens") == tokens)
            // The first fragment of attention of a row that has a target in it.
            let first = (0..<batch.length).prefix { batch.segments[$0] == 0 }.count
            let isWindow = options.contains { $0.hasPrefix("skyladder") }
            if isWindow { #expect(try row.number("window") == first) }
        }
        #expect(rows.count == number)
        let json = try result.json
        #expect(json["steps"]?.int == number && json["trained_tokens"]?.int == tokens)
        if options[0] == "--curriculum" {
            let ranges = try #require(json["ranges"]?.array)
            #expect(ranges.reduce(0) { $0 + ($1["targets"]?.int ?? 0) } == tokens)
            #expect(ranges.reduce(0) { $0 + ($1["dropped"]?.int ?? 0) } == json["dropped_tokens"]?.int)
        }
    }

    @Test("what cannot be had is refused in one line, by every front end alike")
    func refusals() throws {
        for (curriculum, mode, reason) in [
            (
                "nanochat", "lossless",
                "the curriculum nanochat packs documents into rows, which this loader does not: slwdata plan with --data counts what it trains and loses"
            ),
            (
                "vsl", "exact",
                "the curriculum vsl packs documents into rows, which this loader does not: slwdata plan with --data counts what it trains and loses"
            ),
            ("composr", "lossless", "there is no curriculum composr: did you mean composer?"),
            ("composer:mim=3", "lossless", "the curriculum composer has no parameter mim: did you mean min?"),
            ("composer:min=x", "lossless", "min of composer is x: it must be a whole number (512, 4K, 157B)"),
            (
                "composer:max=12,step=8", "lossless",
                "the length would grow by 8 from 8 to 12 in no step: choose a smaller step or a greater length (the original ends with ZeroDivisionError at first batch)"
            ),
            (
                "olmo:min=24,steps=30", "lossless",
                "rows of 64 tokens cannot be melted into rows of 24: it must divide them (the original ends with RuntimeError at step 1)"
            ),
            (
                "olmo:rows=truncate,min=8,multiple=16,steps=100", "exact",
                "the rows of the first steps have 0 tokens, since they are multiples of 16 and the least length is 8: choose a smaller multiple"
            ),
            (
                "skyladder:schedule=intradm1", "lossless",
                "the schedule intradm1 cuts attention at the ends of documents, which this loader does not know: choose a dm, lin, sin, cos, exp, log or inv"
            ),
            (
                "shortformer", "exact",
                "shortformer cuts a stream from its start again in every stage: it has no exact mode, only the lossless one"
            ),
        ] {
            let trained = try Tool.slwTrain(
                "--data", "some", "--preset", "tiny", "--seq-length", "64", "--train-tokens", "20K", "--run-dir", "run", "--curriculum",
                curriculum,
                "--curriculum-mode", mode, in: directory.path)
            expectComplaint(trained, 2, "slw-train: --curriculum: \(reason): see slw-train --help")
        }
        expectComplaint(
            try plan("--curriculum", "olmo", "--curriculum-mode", "exact", "--tails", "reuse"), 2,
            "slwdata: plan: --tails reuse and --curriculum-mode exact cannot both be given: the original drops what it cuts off")
        expectComplaint(
            try plan("--curriculum", "olmo", "--slw-start", "8"), 2,
            "slwdata: plan: --slw-start and --curriculum cannot both be given: --curriculum holds the whole schedule, and the pacing is curriculum"
        )
        expectComplaint(
            try Tool.slwdata("curricula", "skylader"), 2, "slwdata: curricula: there is no curriculum skylader: did you mean skyladder?")
    }

    @Test("a curriculum that packs documents is counted over them, and adds up")
    func documents() throws {
        for name in ["nanochat:buffer=50", "best-fit", "best-fit:long=fragment", "wrapped", "dd:min=3", "modded-nanogpt:cap=40"] {
            let result = try plan("--curriculum", name, "--json")
            try #require(result.status == 0, "\(result.errors)")
            let json = try result.json
            func number(_ key: String) throws -> Int { try #require(json[key]?.int) }
            #expect(try number("placed_tokens") + number("dropped_tokens") == number("tokens"), "\(name)")
            let drops = ["nanochat:buffer=50", "best-fit", "dd:min=3", "modded-nanogpt:cap=40"].contains(name)
            #expect(try (number("dropped_tokens") > 0) == drops, "\(name)")
        }
    }

    @Test("the warning of a name that means another rate than it says is on standard error")
    func remark() throws {
        let result = try plan("--curriculum", "skyladder:schedule=dm16")
        #expect(result.status == 0)
        #expect(
            result.complaints
                == ["slwdata: warning: dm16 runs at the rate of 1, not 16: the original looks for the first rate that its name contains"])
    }

    // MARK: training

    @Test(
        "slw-train trains a curriculum, keeps it in its run and resumes it, and trains the loader's targets",
        arguments: [
            "composer", "composer:rows=reshape,min=16,step=16", "olmo:min=8,steps=20", "shortformer:first=16,until=12",
            "skyladder:schedule=dm1st4",
        ])
    func training(curriculum: String) throws {
        let options = [
            "--data", "some", "--preset", "tiny", "--seq-length", "64", "--global-batch-size", "4", "--train-tokens", "20K", "--threads",
            "1",
            "--run-dir", "run", "--curriculum", curriculum, "--json",
        ]
        let environment = ["LC_ALL": "C", "COLUMNS": "100"]
        let begun = try run(Tool.slwTrain.path, options + ["--stop-after", "15"], environment: environment, directory: directory.path)
        try #require(begun.status == 0, "\(begun.errors)")
        let resumed = try run(
            Tool.slwTrain.path, ["resume", "run", "--stop-after", "25", "--json"], environment: environment, directory: directory.path)
        try #require(resumed.status == 0, "\(resumed.errors)")
        var words = ScheduleWords()
        try words.readData([directory.file("some")])
        for (name, word) in [("seq-length", "64"), ("global-batch-size", "4"), ("train-tokens", "20K"), ("curriculum", curriculum)] {
            try words.read(word, for: #require(ScheduleOption.named(name)))
        }
        let (schedule, source) = try ScheduleResolver.resolve(words, DataSets(words.data))
        let loader = try Loader(source: source, configuration: schedule.plan)
        for _ in 0..<25 { _ = loader.next() }
        let digest = try #require(try resumed.json["digest"]?.string)
        #expect(UInt64(digest, radix: 16) == loader.digest)
    }
}
