import Foundation
import TestSupport
import Testing

@Suite("Using the commands rightly and wrongly")
struct UsageTests {
    @Test("help, version and the list of commands work without anything else", arguments: Tool.allCases)
    func help(tool: Tool) throws {
        let help = try tool("--help")
        #expect(help.status == 0 && help.errors.isEmpty)
        #expect(help.text.hasPrefix("\(tool.rawValue) - "))
        #expect(help.text.contains("Example") && help.text.contains("Commands:"))
        #expect(try tool("--version").text == "\(tool.rawValue) 0.1.0\n")
        #expect(try tool("help", "completions").text.contains("Usage: \(tool.rawValue) completions SHELL"))
    }

    @Test(
        "a mistake is one line with what to do, exit code 2",
        arguments: [
            (Tool.slwdata, ["verfy", "x"], "slwdata: unknown command verfy: did you mean slwdata verify?"),
            (.slwdata, ["verify"], "slwdata: verify: P… is missing: prefixes of .bin/.idx pairs"),
            (.slwdata, ["verify", "x", "--vocab-sise", "3"], "slwdata: verify: unknown option --vocab-sise: did you mean --vocab-size?"),
            (.slwdata, ["plan"], "slwdata: plan: --train-tokens is missing: a plan needs a budget, or --data for one epoch of it"),
            (
                .slwdata, ["plan", "--train-tokens", "lots"],
                "slwdata: plan: --train-tokens is lots: it must be a whole number (512, 4K, 157B): see slwdata plan --help"
            ),
            (
                .slwdata, ["plan", "--train-tokens", "9223372036854775807"],
                "slwdata: plan: --train-tokens is 9223372036854775807: it must be between 1 and 1152921504606846976: see slwdata plan --help"
            ),
            (
                .slwdata, ["plan", "--train-tokens", "1M", "--slw-pacing", "table", "--slw-table", "8;9"],
                "slwdata: plan: --slw-table is 8;9: it must be a list of LENGTH:STEPS, such as 64:1000,128:2000,256: see slwdata plan --help"
            ),
            (
                .slwdata,
                ["plan", "--train-tokens", "1M", "--slw-pacing", "table", "--slw-table", "8:9223372036854775807,9:9223372036854775807"],
                "slwdata: plan: --slw-table is 8:9223372036854775807,9:9223372036854775807: it must be a list of LENGTH:STEPS, such as 64:1000,128:2000,256: see slwdata plan --help"
            ),
            (
                .slwdata, ["preprocess", "--input", "x.jsonl", "--output", "x", "--min-chars", "9", "--max-chars", "8"],
                "slwdata: preprocess: --min-chars 9 and --max-chars 8 leave nothing: see slwdata preprocess --help"
            ),
            (
                .slwdata, ["preprocess", "--input", "x.jsonl", "--output", "x", "--dedup", "exakt"],
                "slwdata: preprocess: --dedup: exakt is not one of exact, near: did you mean exact?"
            ),
            (.slwdata, ["verify", "--", "\n"], "slwdata: cannot inspect \\n.idx: No such file or directory"),
            (.slwdata, ["inspect", "indx", "x"], "slwdata: inspect: unknown command indx: did you mean slwdata inspect index?"),
            (.slwTrain, ["reprot", "x"], "slw-train: unknown command reprot: did you mean slw-train report?"),
            (.slwTrain, ["report"], "slw-train: report: RUN… is missing: run folders or Megatron's console logs"),
            (.slwTrain, ["completions", "tcsh"], "slw-train: completions: no completions for tcsh: there are bash, zsh and fish"),
        ])
    func mistakes(tool: Tool, arguments: [String], message: String) throws {
        let result = try run(tool.path, arguments)
        expectComplaint(result, message.contains("No such file") ? 1 : 2, message)
    }

    @Test("a reader that goes away is no failure")
    func closedPipe() throws {
        let process = Process()
        process.executableURL = URL(filePath: Tool.slwdata.path)
        process.arguments = ["completions", "bash"]
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        process.standardOutput = pipe
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    }

    @Test("an output that cannot be written is a failure")
    func fullDevice() throws {
        guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
        let process = Process()
        process.executableURL = URL(filePath: Tool.slwdata.path)
        process.arguments = ["--help"]
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(process.terminationStatus == 1)
        #expect(text == "slwdata: cannot write standard output: No space left on device: is the disk full?\n")
    }

    @Test("shells accept the completion scripts")
    func completions() throws {
        for tool in Tool.allCases {
            let script = try tool("completions", "bash")
            #expect(script.status == 0)
            let bash = "/bin/bash"
            guard FileManager.default.isExecutableFile(atPath: bash) else { continue }
            #expect(try run(bash, ["-n"], input: script.output).errors == "")
            let question =
                script.text
                + "\nCOMP_WORDS=(\(tool.rawValue) comp); COMP_CWORD=1; _\(tool == .slwdata ? "slwdata" : "slw_train"); echo ${COMPREPLY[@]}\n"
            #expect(try run(bash, ["-s"], input: Array(question.utf8)).text == "completions\n")
        }
    }

    /// The reference is made from the tables of options. `SLW_REWRITE=1 swift test --filter UsageTests` writes it anew.
    @Test("docs/commands.md is what the tables of options say")
    func reference() throws {
        var text = """
            # Commands

            Made from the tables of options, which also feed parser and `--help`; a test compares. Numbers may be written as `512`, `4K`, `157B` (powers of
            ten) or `1.5e-4`. Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130
            interrupted. Every command also takes `--help` and `--version`, and `--quiet` for no progress and no remarks.


            """
        for tool in Tool.allCases { text += try tool("completions", "markdown").text }
        while text.hasSuffix("\n\n") { text.removeLast() }
        let path = Place.package + "/docs/commands.md"
        if ProcessInfo.processInfo.environment["SLW_REWRITE"] == "1" { try Data(text.utf8).write(to: URL(filePath: path)) }
        let written = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        #expect(written == text, "run SLW_REWRITE=1 swift test --filter UsageTests")
    }
}
