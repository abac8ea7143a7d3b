import Dispatch
import Files

/// Decompresses with one of the system's own programs, as `rg -z` does: xz and bzip2 stay what their users trust.
final class ProgramSource: ByteSource {
    private let program: String
    private let path: String
    private var child: ChildProcess
    private let pump: Pump?
    private var hasEnded = false

    /// Lets `program` read the file at `path` itself.
    convenience init(_ compression: Compression, file path: String) throws(CorpusError) {
        let file: OpenFile
        do throws(FileError) { file = try OpenFile(path) } catch { throw .file(error) }
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
            DispatchQueue(label: "corpus.pump").async { @Sendable in pump.run(input) }
        }
    }

    private static func start(_ program: String, _ arguments: [String], input: Int32?, path: String) throws(CorpusError) -> ChildProcess {
        do throws(FileError) {
            return try ChildProcess(program, arguments, input: input)
        } catch {
            throw error.isMissing ? .missingProgram(program, path: path) : .file(error)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        if hasEnded { return 0 }
        do throws(FileError) {
            let count = try child.output.read(into: buffer)
            if count > 0 { return count }
        } catch {
            throw .file(error)
        }
        hasEnded = true
        let ending = child.wait()
        if let failure = pump?.finish() { throw failure }
        if ending.status != 0 { throw .programFailed(program, path: path, status: ending.status, message: ending.message) }
        return 0
    }

    /// Moves bytes from a stream into the program. While it runs, the stream is its alone.
    private final class Pump: @unchecked Sendable {
        private let upstream: any ByteSource
        private let done = DispatchSemaphore(value: 0)
        private var failure: CorpusError?

        init(_ upstream: any ByteSource) { self.upstream = upstream }

        func run(_ input: ChildProcess.Input) {
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 64)
            defer {
                buffer.deallocate()
                input.end()
                done.signal()
            }
            do throws(CorpusError) {
                while true {
                    let count = try upstream.read(into: buffer)
                    if count == 0 || !input.write(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { return }
                }
            } catch {
                failure = error
            }
        }

        /// Waits until the stream is no longer used; the error it ended with.
        func finish() -> CorpusError? {
            done.wait()
            done.signal()
            return failure
        }
    }
}
