#if canImport(Glibc)
    @unsafe @preconcurrency import Glibc
#elseif canImport(Musl)
    @unsafe @preconcurrency import Musl
#else
    @unsafe @preconcurrency import Darwin
#endif
import Concurrency

/// A program that runs beside us, with its output (and, when wanted, its input) connected to ours. No shell is involved.
///
/// It has its own process group, so that Ctrl-C reaches us and not it. A child that is still running when the value goes away is killed.
@safe
public struct ChildProcess: ~Copyable, Sendable {
    /// How a program ended.
    public struct Ending: Sendable, Equatable {
        /// The exit status, or 128 + the signal that killed it.
        public let status: Int32
        /// The start of what it said on its standard error, on one line.
        public let message: String
    }

    /// The way into a program's standard input; it may be used in another thread than its output.
    public final class Input: Sendable {
        private let socket: Int32
        private let program: String

        init(_ socket: Int32, _ program: String) {
            self.socket = socket
            self.program = program
        }

        deinit { close(socket) }

        /// Gives the program bytes to read, waiting until it has taken them. Returns false when it no longer reads.
        public func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
            var done = 0
            while done < bytes.count {
                let sent = unsafe send(socket, bytes.baseAddress! + done, bytes.count - done, ChildProcess.noSignal)
                if sent >= 0 { done += sent } else if errno != EINTR { return false }
            }
            return true
        }

        /// Tells the program that its input has ended.
        public func end() { shutdown(socket, Int32(SHUT_WR)) }
    }

    public let program: String
    /// What the program prints.
    public let output: OpenFile
    /// The program's standard input, when it was not given a file.
    public let input: Input?
    private let complaints: Complaints
    private let identifier: pid_t
    private var hasEnded = false

    /// Starts `program`, found along PATH. It reads from the start or current position of the open file `input`, or, with nil, what
    /// is written to ``input``. A program that does not exist throws ENOENT.
    public init(_ program: String, _ arguments: [String], input: Int32?) throws(FileError) {
        // Sockets, not pipes: they can be written to without SIGPIPE and made close-on-exec in one step.
        let feeding = input == nil ? try Self.connectedPair(program) : (ours: -1, theirs: -1)
        let feeder = input == nil ? Input(feeding.ours, program) : nil
        let theirInput = OpenFile(takingOver: feeding.theirs, path: program)
        let outputs = try Self.connectedPair(program)
        let output = OpenFile(takingOver: outputs.ours, path: program)
        let theirOutput = OpenFile(takingOver: outputs.theirs, path: program)
        let complaints = try Self.connectedPair(program)
        let errors = OpenFile(takingOver: complaints.ours, path: program)
        let theirErrors = OpenFile(takingOver: complaints.theirs, path: program)

        let links = [(input ?? theirInput.descriptor, Int32(0)), (theirOutput.descriptor, 1), (theirErrors.descriptor, 2)]
        let (code, identifier) = Self.spawn(program, arguments, links)
        // Ours to the last line: their ends must be open for the child and closed for us.
        _ = consume theirInput
        _ = consume theirOutput
        _ = consume theirErrors
        guard code == 0 else { throw FileError(.spawn, program, code: code) }
        let reader: Complaints
        do throws(FileError) { reader = try Complaints.reading(errors) } catch {
            kill(identifier, SIGKILL)
            _ = Self.wait(identifier)
            throw error
        }
        self.program = program
        self.output = output
        self.complaints = reader
        self.input = feeder
        self.identifier = identifier
    }

    deinit {
        if !hasEnded {
            kill(identifier, SIGKILL)
            _ = Self.wait(identifier)
        }
    }

    /// Waits for the end; call it when ``output`` has been read to its end.
    public mutating func wait() -> Ending {
        hasEnded = true
        let status = Self.wait(identifier)
        let lines = String(decoding: complaints.start(), as: UTF8.self).split(whereSeparator: \.isNewline)
        return Ending(status: status, message: lines.joined(separator: "; "))
    }

    /// What the program says on its standard error, read while it runs: one that says much would otherwise wait for us while we wait for it.
    private final class Complaints: Sendable {
        private static let startBytes = 500
        private let errors: OpenFile
        private let state = Monitor((start: [UInt8](), hasEnded: false))

        private init(_ errors: consuming OpenFile) { self.errors = errors }

        static func reading(_ errors: consuming OpenFile) throws(FileError) -> Complaints {
            let path = errors.path
            let complaints = Complaints(errors)
            guard Worker({ @Sendable in complaints.read() }) != nil else { throw FileError(.spawn, path, code: EAGAIN) }
            return complaints
        }

        /// Reads to the end, and keeps the start.
        private func read() {
            var buffer = [UInt8](repeating: 0, count: 1 << 14)
            while true {
                let count = unsafe buffer.withUnsafeMutableBytes { (try? unsafe errors.read(into: $0)) ?? 0 }
                if count == 0 { break }
                state.withLock { state in state.start += buffer.prefix(min(count, Self.startBytes - state.start.count)) }
            }
            state.change { $0.hasEnded = true }
        }

        /// The first bytes, when the program has ended. What a child of its own may still want to say is not waited for.
        func start() -> [UInt8] {
            #if !canImport(Darwin)
                shutdown(errors.descriptor, Int32(SHUT_RD))  // what was written until now is still read
            #endif
            return state.wait { $0.hasEnded ? $0.start : nil }
        }
    }

    private static func wait(_ identifier: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal
    }

    private static func spawn(_ program: String, _ arguments: [String], _ links: [(Int32, Int32)]) -> (Int32, pid_t) {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = unsafe posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        for (ours, theirs) in links { unsafe posix_spawn_file_actions_adddup2(&actions, ours, theirs) }
        // Threads of ours may block signals and ignore SIGPIPE; the child must not inherit that.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

        var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var identifier: pid_t = 0
        let code = unsafe posix_spawnp(&identifier, program, &actions, &attributes, &words, environ)
        return (code, identifier)
    }

    /// Two connected descriptors that no child inherits unless it is told to.
    private static func connectedPair(_ program: String) throws(FileError) -> (ours: Int32, theirs: Int32) {
        var ends: [Int32] = [-1, -1]
        // Close-on-exec together with the creation: a child that another thread starts meanwhile must not keep them open.
        #if canImport(Darwin)
            let result = unsafe socketpair(AF_UNIX, SOCK_STREAM, 0, &ends)
            var yes: Int32 = 1
            for end in ends where end >= 0 {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                unsafe setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &yes, socklen_t(MemoryLayout<Int32>.size))
            }
        #elseif canImport(Musl)
            let result = unsafe socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, &ends)
        #else
            let result = unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends)
        #endif
        if result < 0 { throw FileError(.spawn, program, code: errno) }
        return (ends[0], ends[1])
    }

    #if canImport(Darwin)
        private static let noSignal: Int32 = 0
    #else
        private static let noSignal = Int32(MSG_NOSIGNAL)
    #endif
}
