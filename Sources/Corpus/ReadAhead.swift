import Dispatch
import Synchronization

/// Reads a stream ahead in a thread of its own, so that decompressing overlaps with parsing. Holds at most
/// `blockCount` blocks of `blockBytes`.
final class ReadAhead: ByteSource {
    private let ring: Ring
    private var block: Int?
    private var taken = 0
    private var next = 0
    private var hasEnded = false

    init(_ upstream: any ByteSource, blockCount: Int = 6, blockBytes: Int = 1 << 18) {
        ring = Ring(upstream, blockCount, blockBytes)
        let ring = ring
        DispatchQueue(label: "corpus.read-ahead").async { @Sendable in ring.fill() }
    }

    deinit { ring.stop() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        if hasEnded { return 0 }
        if block == nil {
            ring.filled.wait()
            block = next
            taken = 0
        }
        let index = block!
        if taken == 0, let failure = ring.failures[index] {
            ring.filled.signal()  // whoever asks again gets the same answer
            block = nil
            throw failure
        }
        let available = ring.counts[index] - taken
        if available == 0 {
            hasEnded = true
            return 0
        }
        let count = min(available, buffer.count)
        buffer.baseAddress!.copyMemory(from: ring.blocks[index] + taken, byteCount: count)
        taken += count
        if taken == ring.counts[index] {
            block = nil
            next = (next + 1) % ring.blocks.count
            ring.free.signal()
        }
        return count
    }

    /// The blocks between the two threads. A block belongs to the filling thread between `free` and `filled`, and to the
    /// reading one between `filled` and `free`: the semaphores make the hand-over, so nothing is ever touched by both.
    private final class Ring: @unchecked Sendable {
        let upstream: any ByteSource
        let blockBytes: Int
        var blocks: [UnsafeMutableRawPointer]
        var counts: [Int]
        var failures: [CorpusError?]
        let free: DispatchSemaphore
        let filled = DispatchSemaphore(value: 0)
        private let isStopped = Atomic<Bool>(false)

        init(_ upstream: any ByteSource, _ blockCount: Int, _ blockBytes: Int) {
            self.upstream = upstream
            self.blockBytes = blockBytes
            blocks = (0..<blockCount).map { _ in .allocate(byteCount: blockBytes, alignment: 64) }
            counts = [Int](repeating: 0, count: blockCount)
            failures = [CorpusError?](repeating: nil, count: blockCount)
            // Starts at 0 and is raised: a semaphore may not be freed below its first value.
            free = DispatchSemaphore(value: 0)
            for _ in 0..<blockCount { free.signal() }
        }

        deinit { for block in blocks { block.deallocate() } }

        func stop() {
            isStopped.store(true, ordering: .releasing)
            free.signal()
        }

        func fill() {
            var index = 0
            while true {
                free.wait()
                if isStopped.load(ordering: .acquiring) { return }
                var count = 0
                // Whole blocks: upstream may give a few bytes at a time.
                while count < blockBytes {
                    do throws(CorpusError) {
                        let read = try upstream.read(
                            into: UnsafeMutableRawBufferPointer(start: blocks[index] + count, count: blockBytes - count))
                        if read == 0 { break }
                        count += read
                    } catch {
                        // What came before the error is delivered first.
                        if count > 0 {
                            counts[index] = count
                            filled.signal()
                            index = (index + 1) % blocks.count
                            free.wait()
                            if isStopped.load(ordering: .acquiring) { return }
                        }
                        failures[index] = error
                        filled.signal()
                        return
                    }
                }
                counts[index] = count
                filled.signal()
                if count == 0 { return }
                index = (index + 1) % blocks.count
            }
        }
    }
}
