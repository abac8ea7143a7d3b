import Testing

@testable import CommandKit

@Suite("Parsing a command line")
struct ParsingTests {
    static let rows = Option.count("--rows", default: 16, in: 1...1000, "rows of a step").also("--global-batch-size")
    static let tails = Option.choice(
        "--tails", "POLICY", of: ["drop", "reuse", "defer", "eager"], default: "reuse", "what happens to cut-off tokens")
    static let input = Option.list("--input", "PATH", isRequired: true, "what to read")
    static let rate = Option<Double?>.number("--lr", in: 0...1, "learning rate")
    static let end = Option.flag("--append-eod", negatable: true, "end each document")
    static let prefix = Option<String?>.text("--output-prefix", "P", "where to write")

    static let tool = Command(
        "tool", "does it all", examples: ["tool work --input a"],
        subcommands: [
            Command(
                "work", "does the work", examples: ["tool work --input a"], operands: [.optional("NAME", "a name")],
                options: [OptionGroup("Work", [rows, tails, input, rate, end, prefix])], printsJSON: true
            ) { _ in },
            Command(
                "look", "looks", examples: ["tool look at x"],
                subcommands: [
                    Command(
                        "at", "looks at", examples: ["tool look at x"], operands: [.one("P", "the prefix"), .many("MORE", "others")],
                        options: [OptionGroup("Look", [Option.list("--names", "N", "which")])]
                    ) { _ in }
                ]),
        ])

    func invocation(_ line: String) throws -> Invocation {
        guard case .run(_, let path, let values, let operands) = try Self.tool.parse(line.split(separator: " ").map(String.init)) else {
            throw CommandEnd.failed("not a run")
        }
        return Invocation(path: path, operands: operands, console: Console(tool: "tool"), values: values)
    }

    func mistake(_ line: String) -> String {
        do {
            _ = try Self.tool.parse(line.split(separator: " ", omittingEmptySubsequences: false).map(String.init))
            return "no mistake"
        } catch { return "\(error)" }
    }

    @Test("values, lists, equals signs, other spellings, negation and operands are understood")
    func understands() throws {
        let call = try invocation("work --input a b --global-batch-size=4 --tails drop --no-append-eod --input c --lr -0 name")
        #expect(call[Self.input] == ["a", "b", "c"])
        #expect(call[Self.rows] == 4)
        #expect(call[Self.tails] == "drop")
        #expect(call[Self.end] == false && call.isGiven(Self.end))
        #expect(call[Self.rate] == 0)
        #expect(call[Self.prefix] == nil && !call.isGiven(Self.prefix))
        #expect(call.operands == ["name"])
        #expect(call.path == "tool work")
        #expect(!call.wantsJSON)
    }

    @Test("the words of an option say it again, and a shell reads them as they were")
    func again() throws {
        let call = try invocation("work --input a b --global-batch-size=1K --no-append-eod --input c --output-prefix=-x y")
        #expect(call.words(of: Self.input) == ["--input", "a", "b", "c"])
        #expect(call.words(of: Self.rows) == ["--global-batch-size", "1K"])
        #expect(call.words(of: Self.end) == ["--no-append-eod"])
        #expect(call.words(of: Self.prefix) == ["--output-prefix=-x"])
        #expect(call.words(of: Self.tails) == [])
        #expect(ShellText.line(["a", "b=1,c:2", "two words", "it's", ""]) == "a b=1,c:2 'two words' 'it'\\''s' ''")
    }

    @Test("defaults hold when an option is left out, and a flag before the command counts")
    func defaults() throws {
        let call = try invocation("--json work --input -")
        #expect(call[Self.rows] == 16 && call[Self.tails] == "reuse" && call[Self.input] == ["-"])
        #expect(call.wantsJSON)
    }

    @Test("after two dashes every word is an operand")
    func onlyOperands() throws {
        #expect(try invocation("look at -- --odd -name").operands == ["--odd", "-name"])
    }

    @Test(
        "each mistake has its words",
        arguments: [
            ("wrok", "tool: unknown command wrok: did you mean tool work?"),
            ("zzz", "tool: unknown command zzz: there are work, look"),
            ("", "tool: unknown command : there are work, look"),
            ("look", "tool: look: a command is missing: one of at"),
            ("look to", "tool: look: unknown command to: there are at"),
            ("work --inptu a", "tool: work: unknown option --inptu: did you mean --input?"),
            ("work --zzzzz a", "tool: work: unknown option --zzzzz: see tool work --help"),
            ("work -x", "tool: work: unknown option -x: see tool work --help"),
            ("work --input", "tool: work: --input needs a value: --input PATH…, what to read"),
            ("work --input=", "tool: work: --input: an empty value is not a value: is a shell variable unset?"),
            ("work", "tool: work: --input is missing: --input PATH…, what to read"),
            ("work --input a --rows many", "tool: work: --rows: many is not a whole number (512, 4K, 157B): see tool work --help"),
            ("work --input a --rows 4K", "tool: work: --rows: 4K is not between 1 and 1000: see tool work --help"),
            ("work --input a --tails resue", "tool: work: --tails: resue is not one of drop, reuse, defer, eager: did you mean reuse?"),
            ("work --input a --append-eod=yes", "tool: work: --append-eod takes no value: see tool work --help"),
            ("work --input a --lr 2", "tool: work: --lr: 2 is not between 0.0 and 1.0: see tool work --help"),
            ("look at x", "tool: look at: P MORE… is missing: the prefix; others"),
            ("look at --names a b", "tool: look at: P MORE… is missing: --names took b as well: put it first"),
            ("look at --names a -- x", "tool: look at: P MORE… is missing: the prefix; others"),
            ("work a b --input c", "tool: work: unexpected word b: see tool work --help"),
        ])
    func mistakes(line: String, message: String) {
        #expect(mistake(line) == message)
    }

    @Test("help is shown at every level, also beside mistakes, and names every option")
    func help() throws {
        for line in [["--help"], ["help"], ["work", "--zzz", "-h"], ["help", "look", "at"]] {
            guard case .help(let command, let path) = try Self.tool.parse(line) else {
                Issue.record("no help for \(line)")
                continue
            }
            let text = command.help(path: path, width: 80)
            #expect(text.contains("Example:"))
            for definition in command.definitions { #expect(text.contains(definition.name)) }
            for line in text.split(separator: "\n") where !line.contains("Usage") { #expect(line.count <= 80) }
        }
    }

    @Test("the table of options checks itself")
    func selfCheck() {
        #expect(Self.tool.problems().isEmpty)
        let bad = Command(
            "bad", "bad", examples: [],
            options: [
                OptionGroup(
                    "X",
                    [Option.flag("--a", "one"), Option.flag("--a", "Two."), Option.choice("--c", "C", of: ["x"], default: "y", "three")])
            ]
        ) { _ in }
        #expect(
            bad.problems() == [
                "bad: --a is defined twice", "bad: --a: summary is empty or a sentence", "bad: --c: default y is no choice",
                "bad: no example",
            ])
    }

    @Test("exit codes are 0, 1, 2 and 130")
    func exitCodes() {
        func tool(_ error: (any Error)?) -> Command {
            Command("tool", "fails", examples: ["tool"]) { _ in if let error { throw error } }
        }
        #expect(tool(nil).execute([]) == 0)
        #expect(tool(CommandEnd.failed("cannot")).execute([]) == 1)
        #expect(tool(CommandEnd.failedAsPrinted).execute([]) == 1)
        #expect(tool(CommandEnd.interrupted("stopped")).execute([]) == 130)
        #expect(tool(nil).execute(["--zzz"]) == 2)
    }

    @Test("completions and the reference name every command and option", arguments: Shell.allCases)
    func completions(shell: Shell) {
        let script = Self.tool.completions(for: shell)
        for word in ["work", "look", "at", "global-batch-size", "no-append-eod", "eager"] { #expect(script.contains(word)) }
        #expect(
            Self.tool.markdown().contains(
                "| `--tails POLICY` | what happens to cut-off tokens: drop, reuse, defer, eager (default: reuse) |"))
    }
}
