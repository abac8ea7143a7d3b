import Quantities
import Testing

@testable import CommandKit

/// What each kind of option takes, refuses and says of itself.
@Suite("Kinds of options")
struct OptionKindsTests {
    static let rows = Option.count("--rows", default: 4096, in: 1...1 << 40, "rows")
    static let steps = Option<Int?>.count("--steps", in: 1...Int.max, "steps").defaulting(to: "a third")
    static let memory = Option<Int?>.bytes("--memory", "memory").also("--dedup-memory", "--ram")
    static let rate = Option<Double?>.number("--lr", in: 0...1, "rate")
    static let name = Option<String?>.text("--name", "NAME", "name")
    static let folder = Option.text("--folder", "DIR", default: "runs", "folder")
    static let output = Option.required("--output", "PATH", "output")
    static let kind = Option.choice("--kind", "KIND", of: ["linear", "root"], default: "linear", "kind")
    static let precision = Option<String?>.choice("--precision", "P", of: ["fp32", "bf16"], "precision")
    static let inputs = Option.list("--input", "PATH", "inputs")
    static let quick = Option.flag("--quick", "quick")
    static let shuffled = Option.flag("--shuffle", default: true, "shuffled")

    static let tool = Command(
        "tool", "does it", examples: ["tool --output x"],
        options: [
            OptionGroup(
                "All", [rows, steps, memory, rate, name, folder, output, kind, precision, inputs, quick, shuffled])
        ]
    ) { _ in }

    func call(_ words: String...) throws -> Invocation {
        guard case .run(_, let path, let values, let operands) = try Self.tool.parse(["--output", "x"] + words) else {
            throw CommandEnd.failed("not a run")
        }
        return Invocation(path: path, operands: operands, console: Console(tool: "tool"), values: values)
    }

    /// What is said of words, without the tool's name before and the way to the help behind.
    func mistake(_ words: [String]) -> String {
        do {
            _ = try Self.tool.parse(["--output", "x"] + words)
            return "no mistake"
        } catch { return "\(error)".replacing("tool: ", with: "").replacing(": see tool --help", with: "") }
    }

    @Test("left out, an option has its default, or nothing, and says neither that it was given nor words")
    func defaults() throws {
        let call = try call()
        #expect(call[Self.rows] == 4096 && call[Self.steps] == nil && call[Self.memory] == nil && call[Self.rate] == nil)
        #expect(call[Self.name] == nil && call[Self.folder] == "runs" && call[Self.kind] == "linear" && call[Self.precision] == nil)
        #expect(call[Self.inputs] == [] && !call[Self.quick] && call[Self.shuffled])
        #expect(!call.isGiven(Self.rows) && !call.isGiven(Self.shuffled) && call.words(of: Self.inputs) == [])
    }

    @Test(
        "whole numbers have suffixes of a thousand, exponents and separators, and no fraction",
        arguments: [("512", 512), ("4K", 4000), ("157B", 157_000_000_000), ("1e3", 1000), ("2.5K", 2500), ("1_000", 1000)])
    func counts(word: String, value: Int) throws {
        #expect(try call("--rows", word)[Self.rows] == value)
        #expect(try call("--steps=\(word)")[Self.steps] == value)
    }

    @Test(
        "bytes have suffixes of a thousand and of 1024",
        arguments: [("64M", 64_000_000), ("1GiB", 1 << 30), ("3KB", 3000), ("12", 12)])
    func bytes(word: String, value: Int) throws {
        for name in ["--memory", "--dedup-memory", "--ram"] { #expect(try call(name, word)[Self.memory] == value) }
    }

    @Test("numbers may be negative where their range is, with an exponent, and are finite")
    func numbers() throws {
        #expect(try call("--lr", "1.5e-4")[Self.rate] == 1.5e-4)
        #expect(try call("--lr", "-0")[Self.rate] == 0)
        for word in ["inf", "nan", "1e999", "0x1p-3", "1,5"] {
            #expect(mistake(["--lr", word]).hasPrefix("--lr: \(word) is not "), "\(word)")
        }
    }

    @Test("of an option of one value the last counts, and a list takes all of them")
    func repeated() throws {
        let call = try call("--rows", "1", "--input", "a", "--kind", "root", "--rows", "2", "--input", "b", "c", "--kind=linear")
        #expect(call[Self.rows] == 2 && call[Self.kind] == "linear" && call[Self.inputs] == ["a", "b", "c"])
        #expect(call.words(of: Self.rows) == ["--rows", "2"] && call.words(of: Self.inputs) == ["--input", "a", "b", "c"])
    }

    @Test("a flag is turned on, and off again only where it is on by default or says so")
    func flags() throws {
        #expect(try call("--quick")[Self.quick] && !call("--no-shuffle")[Self.shuffled] && call("--shuffle")[Self.shuffled])
        #expect(try call("--no-shuffle", "--shuffle")[Self.shuffled])
        #expect(mistake(["--no-quick"]).hasPrefix("unknown option --no-quick"))
    }

    @Test(
        "each kind says what it expects",
        arguments: [
            (["--rows", "0"], "--rows: 0 is not between 1 and 1099511627776"),
            (["--rows", "1.5"], "--rows: 1.5 is not a whole number (512, 4K, 157B)"),
            (["--steps", "-1"], "--steps: -1 is not at least 1"),
            (["--lr", "2"], "--lr: 2 is not between 0.0 and 1.0"),
            (["--kind", "roots"], "--kind: roots is not one of linear, root: did you mean root?"),
            (["--precision", "fp3"], "--precision: fp3 is not one of fp32, bf16: did you mean fp32?"),
            (["--name", ""], "--name: an empty value is not a value: is a shell variable unset?"),
            (["--input", "a", ""], "--input: an empty value is not a value: is a shell variable unset?"),
            (["--name"], "--name needs a value: --name NAME, name"),
            (["--quick=1"], "--quick takes no value"),
        ])
    func mistakes(words: [String], line: String) {
        #expect(mistake(words) == line)
    }

    @Test("help and completions have every spelling, placeholder, choice and default")
    func help() {
        let help = Self.tool.help(path: "tool", width: 100)
        for text in [
            "--rows N", "4096", "--steps N", "a third", "--memory BYTES", "--dedup-memory", "--ram", "--folder DIR", "runs",
            "--output PATH",
            "--kind KIND", "linear", "root", "fp32", "bf16", "--input PATH", "--no-shuffle",
        ] { #expect(help.contains(text), "\(text)") }
        for shell in Shell.allCases {
            let script = Self.tool.completions(for: shell)
            for word in ["dedup-memory", "ram", "no-shuffle", "bf16", "root"] { #expect(script.contains(word), "\(shell): \(word)") }
        }
    }

    private struct TooShort: Error, OptionNaming {
        var optionText: OptionText { "the rows are 0: raise \(option: "rows")" }
    }

    @Test("what a library says of an option is spelled as a word of the command line")
    func spelled() {
        #expect(Command.line(TooShort()) == "the rows are 0: raise --rows" && "\(TooShort())" == "the rows are 0: raise rows")
        let around: OptionText = "skipped: \(TooShort())"
        #expect(
            around.text(.commandLine) == "skipped: the rows are 0: raise --rows"
                && around.text(.json) == "skipped: the rows are 0: raise rows")
    }
}
