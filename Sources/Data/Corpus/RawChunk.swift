import Concurrency
import Quantities

/// A piece of an input, cut at record borders and not yet looked into: what ``ChunkReader`` gives to a ``ChunkParser``, in whatever thread.
///
/// Its memory goes back to the reader when the last reference goes away, so a pipeline that holds at most N chunks needs the memory of N.
public final class RawChunk: @unchecked Sendable {
    /// What the bytes are.
    enum Content: Equatable {
        /// Records of a line-oriented format. The last may lack its newline, at the end of a stream.
        case records(RecordFormat)
        /// Whole documents, one after the other, with the end of each.
        case documents(ends: [Int])
        /// Texts of a table, one after the other.
        case rows(TableRows)
        /// No bytes, but a record that was too long to be held: how many lines it had, and the reason to print.
        case oversized(lineCount: Int, reason: OptionText)
    }

    /// Index into the input list.
    public let input: Int
    /// How many chunks were given out before.
    public private(set) var number = 0
    /// Where this piece begins in the decompressed content of the input.
    public private(set) var byteOffset: Int
    /// Where the next piece begins.
    public private(set) var endOffset: Int
    let content: Content
    /// The file in an archive that all of it is of.
    let member: String?
    // Filled before the chunk is handed out and only read afterwards: safe to use from any thread.
    let bytes: UnsafeRawBufferPointer
    private let buffer: UnsafeMutableRawBufferPointer
    private let pool: ChunkPool

    init(
        input: Int, byteOffset: Int, endOffset: Int, content: Content, member: String? = nil, buffer: UnsafeMutableRawBufferPointer,
        count: Int, pool: ChunkPool
    ) {
        self.member = member
        self.input = input
        self.byteOffset = byteOffset
        self.endOffset = endOffset
        self.content = content
        self.buffer = buffer
        self.pool = pool
        bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }

    deinit { pool.give(buffer) }

    /// Says its place, before it is given out: `base` is where the content begins that its offsets were counted from.
    func take(number: Int, base: Int) {
        self.number = number
        byteOffset += base
        endOffset += base
    }

    /// How much memory it holds.
    var memoryBytes: Int { buffer.count }

    /// How many bytes there are to parse.
    public var byteCount: Int { bytes.count }
}

/// Buffers of one size that go round between reader and parsers; larger ones are made when a record needs them and freed after it.
final class ChunkPool: Sendable {
    let standardBytes: Int
    private let buffers = Monitor<[Buffer]>([])

    // A buffer in the list belongs to nobody else.
    private struct Buffer: @unchecked Sendable { let memory: UnsafeMutableRawBufferPointer }

    init(standardBytes: Int) { self.standardBytes = standardBytes }

    deinit { buffers.withLock { for buffer in $0 { buffer.memory.deallocate() } } }

    func take(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
        if byteCount <= standardBytes, let buffer = buffers.withLock({ $0.popLast() }) { return buffer.memory }
        return .allocate(byteCount: max(byteCount, standardBytes), alignment: 64)
    }

    func give(_ memory: UnsafeMutableRawBufferPointer) {
        let buffer = Buffer(memory: memory)
        if memory.count == standardBytes { buffers.withLock { $0.append(buffer) } } else { memory.deallocate() }
    }
}
