import CLoader

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Files
import Quantities

/// How a process of ours ends.
public enum ExitCode {
    public static let done: Int32 = 0
    public static let failed: Int32 = 1
    public static let misused: Int32 = 2
    public static let interrupted: Int32 = 130
}

/// The version of both tools. It is written in slwloader.h, and nowhere else.
public enum ToolVersion {
    public static let current = SLW_VERSION
}

extension Command {
    /// Runs the tool with the words after its name and returns its exit code.
    ///
    /// - Parameter isInterruption: whether an error of a library says that somebody asked to stop.
    public func execute(_ words: [String], isInterruption: (any Error) -> Bool = { _ in false }) -> Int32 {
        Console.survivePipes()
        assert(problems().isEmpty, problems().joined(separator: "\n"))
        let root = withOwnCommands()
        do {
            switch try root.parse(words) {
            case .help(let command, let path):
                Console(tool: name).print(command.help(path: path, width: Terminal.output.width), terminator: "")
            case .version: Console(tool: name).print("\(name) \(ToolVersion.current)")
            case .run(let command, let path, let values, let operands):
                let isQuiet = values[CommonOptions.quiet.definition.name] as? Bool ?? false
                let console = Console(tool: name, isQuiet: isQuiet)
                defer { console.endProgress() }
                try command.run!(Invocation(path: path, operands: operands, console: console, values: values))
            }
            return ExitCode.done
        } catch { return report(error, isInterruption: isInterruption(error)) }
    }

    /// One line on standard error, and the code that goes with it.
    private func report(_ error: any Error, isInterruption: Bool) -> Int32 {
        let console = Console(tool: name)
        switch error {
        case let error as UsageError:
            console.printError(PathName.printable("\(error)"))
            return ExitCode.misused
        case CommandEnd.failedAsPrinted: return ExitCode.failed
        case CommandEnd.interrupted(let text):
            console.complain(text)
            return ExitCode.interrupted
        default:
            console.complain(Self.line(error))
            return isInterruption ? ExitCode.interrupted : ExitCode.failed
        }
    }

    /// What an error says, with options as words of a command line.
    public static func line(_ error: any Error) -> String { (error as? any OptionNaming)?.optionText.text(.commandLine) ?? "\(error)" }

    /// The tool with the commands about itself.
    private func withOwnCommands() -> Command {
        let shell = Operand.one("SHELL", "bash, zsh or fish")
        let plain = self
        var tool = self
        tool.subcommands.append(
            Command(
                "completions", "print a script that lets a shell complete this tool's words",
                examples: ["source <(\(name) completions bash)", "\(name) completions fish > ~/.config/fish/completions/\(name).fish"],
                operands: [shell]
            ) { invocation in
                if invocation.operands[0] == "markdown" { return invocation.console.print(plain.markdown(), terminator: "") }
                guard let shell = Shell(rawValue: invocation.operands[0]) else {
                    throw invocation.misuse("no completions for \(invocation.operands[0])", hint: "there are bash, zsh and fish")
                }
                invocation.console.print(plain.withOwnCommands().completions(for: shell), terminator: "")
            })
        return tool
    }
}
