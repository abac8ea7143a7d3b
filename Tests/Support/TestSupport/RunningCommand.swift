import Foundation
import Testing

/// A command at work, so that a test can look at it, signal it and kill it.
public final class RunningCommand {
    private let scratch: TemporaryDirectory
    private let process = Process()
    /// Whether somebody sent a signal: then any end is a fair one.
    private var wasSignalled = false

    /// Starts `executable`. Never asks a shell.
    public init(
        _ executable: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], directory: String? = nil
    ) throws {
        scratch = try TemporaryDirectory()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let directory { process.currentDirectoryURL = URL(filePath: directory) }
        // Files, not pipes: nothing to drain, nothing to dead-lock on.
        let inputFile = try scratch.write(input, to: "in")
        for name in ["out", "err"] { try scratch.write([UInt8](), to: name) }
        process.standardInput = try FileHandle(forReadingFrom: URL(filePath: inputFile))
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: scratch.file("out")))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: scratch.file("err")))
        try process.run()
    }

    public var isRunning: Bool { process.isRunning }

    /// The process's id, for a look at `/proc`.
    public var identifier: Int32 { process.processIdentifier }

    /// Lets `seconds` pass, or less when the command ends before.
    public func wait(seconds: Double) {
        let end = ContinuousClock.now + .seconds(seconds)
        while isRunning && ContinuousClock.now < end { usleep(200) }
    }

    /// Waits until there is a file at `path` or the command ends. Returns whether there is one.
    @discardableResult
    public func wait(until path: String) -> Bool {
        while true {
            let hasEnded = !isRunning
            if access(path, F_OK) == 0 { return true }
            if hasEnded { return false }
            usleep(100)
        }
    }

    /// Sends a signal; one that comes too late does nothing.
    public func send(_ signal: Int32) {
        guard isRunning else { return }
        wasSignalled = true
        kill(process.processIdentifier, signal)
    }

    /// Waits for the end and returns everything that was printed. A program of ours that ends by a trap, or with a code that it does not promise, fails the test:
    /// done is 0, failed 1, misused 2, interrupted 130.
    public func finish() throws -> CommandResult {
        process.waitUntilExit()
        let result = CommandResult(
            status: process.terminationStatus, signalled: process.terminationReason == .uncaughtSignal,
            output: Array(try Data(contentsOf: URL(filePath: scratch.file("out")))),
            errors: String(decoding: try Data(contentsOf: URL(filePath: scratch.file("err"))), as: UTF8.self))
        let isOurs = process.executableURL?.path.hasPrefix(Place.products + "/") == true
        if isOurs, !wasSignalled, result.signalled || ![0, 1, 2, 130].contains(result.status) {
            let words = ([process.executableURL?.lastPathComponent ?? ""] + (process.arguments ?? [])).joined(separator: " ")
            Issue.record("\(words): ended by \(result.signalled ? "signal" : "code") \(result.status): \(result.errors.suffix(400))")
        }
        return result
    }
}
