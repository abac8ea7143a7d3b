import Concurrency
import Files
import TypedErrors

/// Decompresses with one of the system's own programs, as `rg -z` does: xz and bzip2 stay what their users trust.
final class ProgramSource: ByteSource {
    private let program: String
    private let path: String
    private var child: ChildProcess
    private let pump: Pump?
    private var hasEnded = false

    /// Lets `program` read the file at `path` itself.
    convenience init(_ compression: Compression, file path: String) throws(CorpusError) {
        let file = try mapping(CorpusError.file, OpenFile(path))
        try self.init(compression, path: path, descriptor: file.descriptor, feeding: nil)
        withExtendedLifetime(file) {}  // open until the program has it
    }

    /// Gives `program` what `upstream` holds, from a thread of its own.
    convenience init(_ compression: Compression, _ upstream: any ByteSource, path: String) throws(CorpusError) {
        try self.init(compression, path: path, descriptor: nil, feeding: upstream)
    }

    private init(_ compression: Compression, path: String, descriptor: Int32?, feeding upstream: (any ByteSource)?) throws(CorpusError) {
        let (program, arguments) = compression.command!
        self.program = program
        self.path = path
        child = try Self.start(program, arguments, input: descriptor, path: path)
        pump = upstream.map(Pump.init)
        if let pump, let input = child.input {
            guard Worker({ @Sendable in pump.run(input) }) != nil else {
                throw .missingThread(path: path)
            }
        }
    }

    private static func start(_ program: String, _ arguments: [String], input: Int32?, path: String) throws(CorpusError) -> ChildProcess {
        func refusal(_ error: FileError) -> CorpusError { error.isMissing ? .missingProgram(program, path: path) : .file(error) }
        return try mapping(refusal, ChildProcess(program, arguments, input: input))
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        if hasEnded { return 0 }
        let count = try mapping(CorpusError.file, child.output.read(into: buffer))
        if count > 0 { return count }
        hasEnded = true
        let ending = child.wait()
        try pump?.finish()
        if ending.status != 0 { throw .programFailed(program, path: path, status: ending.status, message: ending.message) }
        return 0
    }

    /// Moves bytes from a stream into the program. While it runs, the stream is its alone.
    private final class Pump: @unchecked Sendable {
        private let upstream: any ByteSource
        /// Nothing goes through but the end, and why.
        private let ending = Channel<Never, CorpusError>(capacity: 1)

        init(_ upstream: any ByteSource) { self.upstream = upstream }

        func run(_ input: ChildProcess.Input) {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
            defer {
                buffer.deallocate()
                input.end()
            }
            do throws(CorpusError) {
                while true {
                    let count = try upstream.read(into: buffer)
                    if count == 0 || !input.write(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { break }
                }
                ending.finish()
            } catch {
                ending.finish(throwing: error)
            }
        }

        /// Waits until the stream is no longer used. Throws the error it ended with.
        func finish() throws(CorpusError) { _ = try ending.receive() }
    }
}
