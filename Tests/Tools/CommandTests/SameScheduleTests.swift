import CLoader
@testable import CommandKit
import Foundation
import IndexedDatasets
import JSON
import LengthWarmup
@testable import LoaderLibrary
import Quantities
import Sampling
import TestSupport
import Testing
@testable import Training
@testable import slw_train
@testable import slwdata

/// `slwdata plan`, `slw-train`, `config.json` and the JSON of C and Python are views of one table: the same words make the same plan there,
/// or the same mistake.
@Suite("One schedule in every front end")
struct SameScheduleTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        for (name, tokens) in [("a", 20_001), ("b", 3000), ("lang=en/c", 901)] {
            let prefix = directory.file(name)
            try FileManager.default.createDirectory(
                atPath: (prefix as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            var writer = try IndexedDatasetWriter(prefix: prefix, tokenType: .uint16)
            for start in stride(from: 0, to: tokens, by: 30) {
                // The last set has no end tokens.
                let document = (start..<min(start + 30, tokens)).map { 1 + $0 % 499 }
                try writer.append(tokens: name == "lang=en/c" ? document : document.dropLast() + [0])
                try writer.endDocument()
            }
            _ = try writer.finish()
        }
        let block = #"{"enabled": true, "curriculum_type": "seqlen", "min_difficulty": 8, "max_difficulty": 64,"#
        let shape =
            #" "schedule_type": "fixed_root", "schedule_config": {"total_curriculum_step": 40, "difficulty_step": 8, "root_degree": 2}}"#
        try directory.write(#"{"train_batch_size": 4, "curriculum_learning": \#(block)\#(shape)}"#, to: "ds.json")
        try directory.write(block + shape, to: "block.json")
        try directory.write(#"{"curriculum_learning": {"enabled": false}}"#, to: "off.json")
        try directory.write(#"{"train_batch_size": 4}"#, to: "none.json")
        try directory.write("nonsense", to: "bad.json")
    }

    /// What came of some words.
    enum Outcome: Equatable {
        case schedule(PlanConfiguration, ScheduleWords)
        /// The line, with options by their bare names.
        case mistake(String)

        init(_ schedule: ResolvedSchedule) { self = .schedule(schedule.plan, schedule.words) }

        init(_ work: () throws -> Outcome, bare: (String) -> String) {
            do { self = try work() } catch let error as UsageError {
                self = .mistake(bare(error.problem + (error.hint.map { ": \($0)" } ?? "")))
            } catch let error as any OptionNaming {
                // As the front end would spell it, and back: so the spelling is tested with it.
                self = .mistake(error.optionText.text(.bare))
            } catch { self = .mistake(bare("\(error)")) }
        }
    }

    // MARK: The front ends

    private func call(_ tool: Command, _ words: [String]) throws -> Invocation {
        guard case .run(_, let path, let values, let operands) = try tool.parse(words) else { throw CommandEnd.failed("no run") }
        return Invocation(path: path, operands: operands, console: Console(tool: tool.name, isQuiet: true), values: values)
    }

    private func commandLine(_ words: Words) -> [String] {
        ["--data"] + words.data
            + words.options.flatMap { option, word in
                if case .flag = option.kind { return word == "true" ? ["--" + option.name] : [] }
                return ["--" + option.name + "=" + word]
            }
    }

    private static func bareOfCommandLine(_ line: String) -> String { line.replacing(/--([a-z])/) { String($0.output.1) } }

    private static func bare(_ line: String, _ names: [(String, ScheduleOption)]) -> String {
        names.sorted { $0.0.count > $1.0.count }.reduce(line) { $0.replacing($1.0, with: $1.1.name) }
    }

    private func plan(_ words: Words) -> Outcome {
        Outcome(
            {
                Outcome(try PlanInputs(try call(DataTool.command, ["plan"] + commandLine(words))).schedule)
            }, bare: Self.bareOfCommandLine)
    }

    private func train(_ words: Words) -> Outcome {
        Outcome(
            {
                let call = try call(TrainTool.command, commandLine(words))
                let configuration = try TrainingOptions.using(call) { try Trainer.resolved(TrainingOptions.configuration(call)) }
                return .schedule(try configuration.planConfiguration(), configuration.schedule)
            }, bare: Self.bareOfCommandLine)
    }

    /// The words in a `config.json`; nil where their data sets are none.
    private func config(_ words: Words) -> Outcome? {
        guard let names = try? DataSetName.list(words.data) else { return nil }
        var groups: [String: JSONObject] = [:]
        groups["data", default: [:]]["prefixes"] = .array(
            names.map { ["prefix": JSONValue($0.prefix), "weight": JSONValue($0.weight)] })
        for (option, word) in words.options {
            let place = option.key!.split(separator: ".").map(String.init)
            groups[place[0], default: [:]][place[1]] = json(word)
        }
        var file: JSONObject = ["schema": "slw-train.configuration", "version": JSONValue(TrainingConfiguration.formatVersion)]
        for (group, members) in groups.sorted(by: { $0.key < $1.key }) { file[group] = .object(members) }
        let keys = ScheduleOption.all.map { ($0.key!, $0) }
        return Outcome(
            {
                do {
                    let configuration = try Trainer.resolved(TrainingConfiguration(json: .object(file), path: "config.json"))
                    // What was chosen is written, and read again as the same.
                    let again = try TrainingConfiguration(json: configuration.json, path: "config.json")
                    #expect(again.schedule == configuration.schedule)
                    #expect(try Trainer.resolved(again).planConfiguration() == configuration.planConfiguration())
                    return .schedule(try configuration.planConfiguration(), configuration.schedule)
                } catch TrainingError.configuration(let line) {
                    return .mistake(Self.bare(String(line.description.trimmingPrefix("config.json: ")), keys))
                }
            }, bare: { $0 })
    }

    private static let jsonKeys = ScheduleOption.all.map { ($0.jsonNames[0], $0) }

    /// What C makes of a configuration.
    private func loader(_ configuration: String) throws -> Outcome {
        let object = try JSONValue.parse(Array(configuration.utf8)).object!
        let outcome = Outcome({ Outcome(try LoaderSchedule(LoaderOptions(object)).resolved) }, bare: { $0 })
        switch outcome {
        case .mistake(let line):
            var error = [CChar](repeating: 0, count: 8192)
            #expect(slw_loader_open(configuration, &error, error.count) == nil)
            let text = String(decoding: error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            #expect(Self.bare(text, Self.jsonKeys) == line)
        case .schedule(let plan, _) where plan.globalBatchSize <= 256:
            let loader = try #require(slw_loader_open(configuration, nil, 0))
            defer { slw_loader_close(loader) }
            var state = [UInt8](repeating: 0, count: Int(slw_loader_save(loader, nil, 0)))
            slw_loader_save(loader, &state, state.count)
            #expect(try PlanState(decoding: state).configuration == plan)
        case .schedule: break
        }
        return outcome
    }

    private func object(_ words: Words) -> String {
        var object: JSONObject = ["data": .array(words.data.map { JSONValue($0) })]
        for (option, word) in words.options { object[option.jsonNames[0]] = json(word) }
        return JSONValue.object(object).serialized()
    }

    /// As a number where JSON spells the number as the word does.
    private func json(_ word: String) -> JSONValue {
        if let number = Int(word), "\(number)" == word { return JSONValue(number) }
        if let number = Double(word), JSONValue(number).serialized() == word { return JSONValue(number) }
        return JSONValue(word)
    }

    /// What Python makes of many words: the JSON that its loader would hand to C.
    private func python(_ all: [Words]) throws -> [String] {
        let script = """
            import json, pathlib, sys
            sys.path.insert(0, sys.argv[1])
            from configuration import configuration
            for line in sys.stdin:
                call = json.loads(line)
                data = [pathlib.Path(name) if "/" in name and "=" not in name else name for name in call["data"]]
                print(configuration(data[0] if len(data) == 1 else data, **call["options"]))
            """
        let lines = all.map { words in
            var options = JSONObject()
            for (option, word) in words.options { options[option.jsonNames[0]] = json(word) }
            return JSONValue.object(["data": .array(words.data.map { JSONValue($0) }), "options": .object(options)]).serialized() + "\n"
        }
        let result = try run(
            "/usr/bin/env", ["python3", "-c", script, Place.package + "/Sources/Interfaces/Python/slwdata"],
            input: Array(lines.joined().utf8))
        #expect(result.status == 0, "\(result.errors)")
        return result.text.split(separator: "\n").map(String.init)
    }

    // MARK: Random words

    struct Words: CustomStringConvertible {
        var data: [String]
        var options: [(option: ScheduleOption, word: String)]
        var description: String { (data + options.map { "--\($0.option.name)=\($0.word)" }).joined(separator: " ") }
    }

    private func words(_ random: inout SeededGenerator) -> Words {
        let (a, b, c) = (directory.file("a"), directory.file("b"), directory.file("lang=en/c"))
        let data: [[String]] = [
            [a], [a], [b], [c], [a, b], [a + ".idx", c + ".bin"], ["\(a)=0.7", "\(b)=0.3"], ["\(c)=1K", "\(a)=2K"], ["0.3", a, "0.7", c],
        ]
        let badData: [[String]] = [
            ["\(a)=0.5", b], ["\(a)=x", b], ["\(a)=0"], [directory.file("missing")], ["1e-20", a, "1", b], [""],
        ]
        let pacing = Pacing.functions.randomElement(using: &random)!
        var options: [(ScheduleOption, String)] = []
        for option in ScheduleOption.all where option.name != "data" {
            let share: Double =
                switch option {
                case let option where option.name == "slw-pacing": 0.7
                case let option where option.group == .warmup && pacing.options.contains { $0.name == option.name }: 0.7
                case let option where option.group == .warmup && option.name != "tails": 0.03
                // These mean something only beside another.
                case let option where ["train-samples", "batch-warmup-start", "loss-weights", "eod-mask-loss"].contains(option.name): 0.1
                default: 0.35
                }
            guard Double.random(in: 0..<1, using: &random) < share else { continue }
            var word = option.name == "slw-pacing" ? pacing.name : word(option, &random)
            // A flag of a command line has no word that could be wrong.
            if Int.random(in: 0..<40, using: &random) == 0, !["true", "false"].contains(word) {
                word = ["", "lots", "-1", "0", "1e30", "1.5", "nan", "[8]", "reus", "lineer", "true", "1,0,0", "9:9"].randomElement(
                    using: &random)!
            }
            options.append((option, word))
        }
        let isBad = Int.random(in: 0..<10, using: &random) == 0
        return Words(data: (isBad ? badData : data).randomElement(using: &random)!, options: options.shuffled(using: &random))
    }

    private func word(_ option: ScheduleOption, _ random: inout SeededGenerator) -> String {
        switch option.kind {
        case .count(let range):
            if Int.random(in: 0..<30, using: &random) == 0 { return "\(range.upperBound)" }
            let number = Int.random(in: range.lowerBound...range.lowerBound + 63, using: &random)
            return option.name.hasSuffix("tokens")
                ? ["\(number)K", "\(number).0e3", "\(number)00"].randomElement(using: &random)! : "\(number)"
        case .number(let range): return "\(Double.random(in: range.lowerBound...range.lowerBound + 4, using: &random))"
        case .choice(let words): return words.randomElement(using: &random)!
        case .flag: return ["true", "false"].randomElement(using: &random)!
        case .jsonFile:
            return directory.file(["ds", "ds", "ds", "block", "off", "none", "bad", "missing"].randomElement(using: &random)! + ".json")
        case .text where option.name == "split":
            return ["1,0,0", "969,30,1", "8,1,1", "2,1,0", "1,1,1", "0.5,0.5,0", "90%,5%,5%", "0,0,1"].randomElement(using: &random)!
        case .text: return ["8:10,16:20,64", "8:9,32:1", "16", "64:1K,128:2K,256", "8;9", "0:1,8"].randomElement(using: &random)!
        }
    }

    @Test("random words make equal plans or equal mistakes everywhere")
    func equal() throws {
        var random = SeededGenerator(TestRun.seed)
        let cases = (0..<TestRun.cases(1000)).map { _ in words(&random) }
        let configurations = try python(cases)
        try #require(configurations.count == cases.count)
        var (plans, mistakes) = (0, Set<String>())
        for (words, python) in zip(cases, configurations) {
            let expected = plan(words)
            switch expected {
            case .schedule: plans += 1
            case .mistake(let line): mistakes.insert(line)
            }
            #expect(train(words) == expected, "slw-train \(words)")
            if let config = config(words) { #expect(config == expected, "config.json \(words)") }
            #expect(try loader(object(words)) == expected, "C \(words)")
            #expect(try loader(python) == expected, "Python \(words)")
        }
        // Neither does everything work, nor does everything fail for one reason.
        #expect(
            plans > cases.count / 5 && plans < cases.count * 4 / 5 && mistakes.count > min(40, cases.count / 20),
            "\(plans) plans of \(cases.count), \(mistakes.count) mistakes")
    }
}
