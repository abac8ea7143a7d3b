#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Files
public import Quantities
import Synchronization

/// Results on standard output, everything else on standard error, and one progress line that gives way to messages.
///
/// Safe to use from any thread; lines never tear.
public final class Console: Sendable {
    /// `slwdata`, in front of every message.
    public let tool: String
    /// No progress and no remarks; errors and warnings stay.
    public let isQuiet: Bool
    private let progress = Mutex<ProgressLine?>(nil)

    public init(tool: String, isQuiet: Bool = false) {
        self.tool = tool
        self.isQuiet = isQuiet
    }

    /// A result.
    public func print(_ text: String, terminator: String = "\n") { write(Array((text + terminator).utf8)) }

    /// A result in bytes.
    public func write(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { unsafe write($0) }
    }

    /// A result in bytes. A reader that went away (`| head`) ends the process quietly; any other failure ends it with code 1.
    public func write(_ bytes: UnsafeRawBufferPointer) {
        progress.withLock { $0?.clear() }
        if let code = unsafe Self.writeAll(bytes, to: STDOUT_FILENO) {
            if code == EPIPE { exit(ExitCode.done) }
            complain("cannot write standard output: \(unsafe String(cString: strerror(code))): is the disk full?")
            exit(ExitCode.failed)
        }
    }

    /// A remark, left out when quiet.
    public func note(_ text: String) {
        if !isQuiet { printError(text) }
    }

    /// Something that deserves attention though the work goes on.
    public func warn(_ text: String) { printError("\(tool): warning: \(text)") }

    /// The same, of options.
    public func warn(_ text: OptionText) { warn(text.text(.commandLine)) }

    /// Why the work failed: `slwdata: what: where: what to do`.
    public func complain(_ text: String) { printError(PathName.printable("\(tool): \(text)")) }

    /// A line on standard error. Nobody is told when that fails: there is no place left to say it.
    func printError(_ text: String) {
        progress.withLock { line in
            line?.clear()
            let bytes = Array((text + "\n").utf8)
            _ = unsafe bytes.withUnsafeBytes { unsafe Self.writeAll($0, to: STDERR_FILENO) }
        }
    }

    /// Begins a progress line, in place of the one before.
    ///
    /// - Parameters:
    ///   - title: what is being done: `tokenizing`.
    ///   - unit: what is counted, also what the rate is in.
    ///   - total: where it ends, when that is known.
    public func beginProgress(_ title: String, unit: ProgressUnit, total: Int? = nil) {
        if isQuiet { return }
        progress.withLock { line in
            line?.clear()
            line = ProgressLine(title: title, unit: unit, total: total, terminal: .errors)
        }
    }

    /// Says how far the work is. Cheap enough for every batch; printed at most six times a second on a terminal and every five seconds elsewhere.
    ///
    /// - Parameter remark: further counts, behind the bar.
    public func updateProgress(_ done: Int, total: Int? = nil, remark: @autoclosure () -> String = "") {
        progress.withLock { $0?.update(done, total: total, remark: remark()) }
    }

    /// Takes the progress line away.
    public func endProgress() {
        progress.withLock { line in
            line?.clear()
            line = nil
        }
    }

    /// Makes a closed pipe an error of `write` and not the end of the process. A handler and not `SIG_IGN`: programs that we start
    /// would inherit that.
    static func survivePipes() {
        _ = signal(SIGPIPE) { _ in }
    }

    /// The error's number, or nil.
    static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
        var rest = unsafe bytes[...]
        while unsafe !rest.isEmpty {
            #if canImport(Darwin)
                let count = unsafe Darwin.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            #elseif canImport(Musl)
                let count = unsafe Musl.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            #else
                let count = unsafe Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            #endif
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                return code
            }
            unsafe rest = rest.dropFirst(count)
        }
        return nil
    }
}
