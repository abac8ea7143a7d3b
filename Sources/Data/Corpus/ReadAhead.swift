import Concurrency

/// Reads a stream ahead in a thread of its own, so that decompressing overlaps with parsing. Holds at most
/// `blockCount` blocks of `blockBytes`, which go round between two channels.
final class ReadAhead: ByteSource {
    private let filled: Channel<Block, CorpusError>
    private let free: Channel<Block, Never>
    /// The block that is being read, and how much of it was taken.
    private var block: Block?
    private var taken = 0

    /// Nil when the system has no thread left; `upstream` is untouched then.
    init?(_ upstream: any ByteSource, blockCount: Int = 6, blockBytes: Int = 1 << 18) {
        filled = Channel(capacity: blockCount)
        free = Channel(capacity: blockCount)
        for _ in 0..<blockCount { free.send(Block(blockBytes)) }
        let filler = Filler(upstream: upstream, filled: filled, free: free, blockBytes: blockBytes)
        guard Worker({ @Sendable in filler.run() }) != nil else { return nil }
    }

    deinit {
        free.cancel()
        filled.cancel()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        if block == nil {
            block = try filled.receive()
            taken = 0
        }
        guard let block else { return 0 }
        let count = min(block.count - taken, buffer.count)
        guard count > 0 else { return 0 }
        buffer.baseAddress!.copyMemory(from: block.memory + taken, byteCount: count)
        taken += count
        if taken == block.count {
            self.block = nil
            free.send(block)
        }
        return count
    }

    /// Belongs to whoever took it from a channel.
    private final class Block: @unchecked Sendable {
        let memory: UnsafeMutableRawPointer
        var count = 0

        init(_ byteCount: Int) { memory = .allocate(byteCount: byteCount, alignment: 64) }

        deinit { memory.deallocate() }
    }

    /// What the filling thread has. The stream is touched by no other.
    private struct Filler: @unchecked Sendable {
        let upstream: any ByteSource
        let filled: Channel<Block, CorpusError>
        let free: Channel<Block, Never>
        let blockBytes: Int

        func run() {
            while let block = free.receive() {
                block.count = 0
                do throws(CorpusError) {
                    // Whole blocks: upstream may give a few bytes at a time.
                    while block.count < blockBytes {
                        let read = try upstream.read(
                            into: UnsafeMutableRawBufferPointer(start: block.memory + block.count, count: blockBytes - block.count))
                        if read == 0 { break }
                        block.count += read
                    }
                } catch {
                    // What came before an error is delivered before it.
                    if block.count > 0 { filled.send(block) }
                    return filled.finish(throwing: error)
                }
                guard block.count > 0 else { return filled.finish() }
                if !filled.send(block) { return }
            }
        }
    }
}
