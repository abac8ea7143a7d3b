import Foundation
import TestSupport
import Testing

extension Tag {
    /// Real processes that are killed; `scripts/soak` runs these for long.
    @Tag static var kills: Self
}

/// One blow to a process at a random moment: so many seconds after its start, or when a file appears that marks a phase.
struct Kill: CustomStringConvertible {
    let signal: Int32
    let seconds: Double
    /// The delay counts from this file's appearance.
    let file: String?

    /// Half of the moments are spread over `seconds`, half follow the appearance of one of `files` by at most 3 ms.
    init(within seconds: Double, files: [String], using random: inout SeededGenerator) {
        signal = [SIGKILL, SIGKILL, SIGTERM, SIGINT].randomElement(using: &random)!
        let waits = Bool.random(using: &random)
        file = waits ? files.randomElement(using: &random) : nil
        self.seconds = .random(in: 0...(waits ? 0.003 : seconds), using: &random)
    }

    /// Strikes; the result is what is left of the process.
    func callAsFunction(_ command: RunningCommand) throws -> CommandResult {
        if let file { command.wait(until: file) }
        command.wait(seconds: seconds)
        command.send(signal)
        return try command.finish()
    }

    var description: String {
        let name = [SIGKILL: "SIGKILL", SIGTERM: "SIGTERM", SIGINT: "SIGINT"][signal]!
        return "\(name) \(Int(seconds * 1e6)) µs after \(file.map { URL(filePath: $0).lastPathComponent } ?? "the start")"
    }
}

extension Tool {
    /// Starts the tool in a plain locale.
    func start(_ arguments: [String], in directory: TemporaryDirectory) throws -> RunningCommand {
        try RunningCommand(path, arguments, environment: ["LC_ALL": "C", "COLUMNS": "100"], directory: directory.path)
    }
}

/// Tells of a long test's outcome on standard output, for the table in `docs/reliability.md`.
func note(_ line: String) { print("   " + line) }
