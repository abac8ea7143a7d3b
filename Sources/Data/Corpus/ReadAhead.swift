import Dispatch
import Synchronization

/// Reads a stream ahead in a thread of its own, so that decompressing overlaps with parsing. Holds at most
/// `blockCount` blocks of `blockBytes`.
final class ReadAhead: ByteSource {
    private let ring: Ring
    /// The block that is being read, and how much of it was taken.
    private var block: Block?
    private var taken = 0
    private var next = 0

    init(_ upstream: any ByteSource, blockCount: Int = 6, blockBytes: Int = 1 << 18) {
        ring = Ring(upstream, blockCount, blockBytes)
        let ring = ring
        DispatchQueue(label: "corpus.read-ahead").async { @Sendable in ring.fill() }
    }

    deinit { ring.stop() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        if block == nil {
            ring.filled.wait()
            block = ring.blocks[next]
            taken = 0
        }
        // An empty block ends the stream and is kept: whoever asks again gets the same answer.
        let block = block!
        if let failure = block.failure { throw failure }
        let count = min(block.count - taken, buffer.count)
        guard count > 0 else { return 0 }
        buffer.baseAddress!.copyMemory(from: block.memory + taken, byteCount: count)
        taken += count
        if taken == block.count {
            self.block = nil
            next = (next + 1) % ring.blocks.count
            ring.free.signal()
        }
        return count
    }

    /// Belongs to the filling thread between `free` and `filled`, and to the reading one between `filled` and `free`: the
    /// semaphores hand it over, so it is never touched by both.
    private final class Block {
        let memory: UnsafeMutableRawPointer
        /// 0: the stream has ended, with `failure` or well.
        var count = 0
        var failure: CorpusError?

        init(_ byteCount: Int) { memory = .allocate(byteCount: byteCount, alignment: 64) }

        deinit { memory.deallocate() }
    }

    /// What the two threads share: blocks that are handed over as said there, and a stream that only the filling thread touches.
    private final class Ring: @unchecked Sendable {
        let blocks: [Block]
        let free: DispatchSemaphore
        let filled = DispatchSemaphore(value: 0)
        private let upstream: any ByteSource
        private let blockBytes: Int
        private let isStopped = Atomic<Bool>(false)

        init(_ upstream: any ByteSource, _ blockCount: Int, _ blockBytes: Int) {
            self.upstream = upstream
            self.blockBytes = blockBytes
            blocks = (0..<blockCount).map { _ in Block(blockBytes) }
            // Starts at 0 and is raised: a semaphore may not be freed below its first value.
            free = DispatchSemaphore(value: 0)
            for _ in 0..<blockCount { free.signal() }
        }

        func stop() {
            isStopped.store(true, ordering: .releasing)
            free.signal()
        }

        func fill() {
            var index = 0
            var failure: CorpusError?
            while true {
                free.wait()
                if isStopped.load(ordering: .acquiring) { return }
                let block = blocks[index]
                block.count = 0
                // Whole blocks: upstream may give a few bytes at a time. What came before an error is delivered before it.
                while failure == nil && block.count < blockBytes {
                    do throws(CorpusError) {
                        let read = try upstream.read(
                            into: UnsafeMutableRawBufferPointer(start: block.memory + block.count, count: blockBytes - block.count))
                        if read == 0 { break }
                        block.count += read
                    } catch {
                        failure = error
                    }
                }
                let isLast = block.count == 0
                if isLast { block.failure = failure }
                filled.signal()
                if isLast { return }
                index = (index + 1) % blocks.count
            }
        }
    }
}
