import Cleaning
import Corpus
import Tokenization
import TypedErrors

/// Chunks of a corpus, read in order by one worker at a time, parsed, cleaned and encoded by all of them, given out in order.
///
/// A worker takes an empty slot, then the next chunk, and hands the slot back filled; whoever writes takes filled slots in the order of
/// their chunks. So the result does not depend on the number of workers, and memory is bounded: by the number of slots, and by
/// `budgetBytes` of chunks that are on the way (exceeded by one chunk at most, however large its documents are).
final class ChunkPipeline {
    /// One chunk on its way. Belongs to one thread at a time: a worker while it is filled, the writer until it gives it back; the
    /// monitor makes the hand-over.
    final class Slot: @unchecked Sendable {
        let batch = DocumentBatch()
        private(set) var tokens: TokenBuffer
        /// What became of documents that are not in the batch any more, or not as they were.
        fileprivate(set) var cleaning = CleaningCounts()
        /// Those of the documents that are, one after the other, when duplicates are looked for.
        fileprivate(set) var sketches: [UInt64] = []
        /// Why it is not filled.
        fileprivate(set) var failure: CleaningError?
        fileprivate(set) var chunkBytes = 0

        init(tokenWidth: Int) { tokens = TokenBuffer(width: tokenWidth) }

        /// Empties it, and lets go of the memory that a large document took.
        fileprivate func empty() {
            if tokens.tokenCount * tokens.width > 8 << 20 { tokens = TokenBuffer(width: tokens.width) } else { tokens.removeAll() }
        }
    }

    private let shared: Shared
    private var threads: [WorkerThread] = []
    private var number = 0

    init(
        _ reader: ChunkReader, _ options: CorpusOptions, _ rules: CleaningRules, _ tokenizer: Tokenizer, tokenWidth: Int,
        appendEndOfText: Bool, workers: Int, budgetBytes: Int, filter: DuplicateFilter?
    ) {
        let shared = Shared(
            reader, slots: (0..<2 * workers + 2).map { _ in Slot(tokenWidth: tokenWidth) }, filter, budgetBytes: budgetBytes)
        self.shared = shared
        for _ in 0..<workers {
            let thread = WorkerThread { @Sendable in
                let parser = ChunkParser(options)
                let cleaner = rules.isEmpty ? nil : Cleaner(rules)
                let sketcher = rules.duplicates.map { Sketcher($0) }
                let encoder = Encoder(tokenizer)
                while let (number, chunk, slot) = shared.nextChunk() {
                    parser.parse(chunk, into: slot.batch)
                    if let cleaner { slot.cleaning = cleaner.clean(slot.batch) }
                    if let sketcher {
                        sketcher.sketch(slot.batch, into: &slot.sketches)
                        shared.leaveOutDuplicates(slot, number)
                    }
                    unsafe slot.batch.withDocuments { text, ends in
                        unsafe encoder.encode(text, documentEnds: ends, appendEndOfText: appendEndOfText, into: slot.tokens)
                    }
                    shared.deliver(slot, number)
                }
            }
            if let thread { threads.append(thread) }
        }
        // A machine that is out of threads still gets its work done, as long as there is one.
        precondition(!threads.isEmpty, "no thread can be started")
    }

    deinit { stop() }

    /// The next chunk in order, filled; nil at the end of the corpus. Give it back.
    func next() throws(PreprocessingError) -> Slot? {
        let result = shared.take(number)
        number += 1
        let slot = try mapping(PreprocessingError.corpus, result.get())
        if let failure = slot?.failure { throw .cleaning(failure) }
        return slot
    }

    /// Makes the slot's memory available again.
    func giveBack(_ slot: Slot) { shared.giveBack(slot) }

    /// Ends the workers; what they hold is lost. Also done by the last reference.
    func stop() {
        shared.stop()
        for thread in threads { thread.join() }
        threads = []
    }

    /// What the threads share. Every stored property is touched under `monitor`, but the reader, which is touched under `turn`, and the filter with its
    /// failure, which belong to the worker of the chunk whose turn it is.
    private final class Shared: @unchecked Sendable {
        private let monitor = Monitor()
        private let turn = Monitor()
        private let reader: ChunkReader
        private var free: [Slot]
        private var filled: [Int: Slot] = [:]
        private var nextNumber = 0
        private var bytesOnTheWay = 0
        private let budgetBytes: Int
        /// The number behind the last chunk, and why there is no other.
        private var end: (number: Int, failure: CorpusError?)?
        private var isStopped = false
        private let filter: DuplicateFilter?
        private var filterFailure: CleaningError?
        /// The chunk whose documents the filter sees next.
        private var filtered = 0

        init(_ reader: ChunkReader, slots: [Slot], _ filter: DuplicateFilter?, budgetBytes: Int) {
            self.filter = filter
            self.reader = reader
            free = slots
            self.budgetBytes = budgetBytes
        }

        /// Takes an empty slot and reads the next chunk; nil when there is no more to do.
        func nextChunk() -> (number: Int, chunk: RawChunk, slot: Slot)? {
            turn.locked {
                let slot: Slot? = monitor.locked {
                    while !isStopped && end == nil && (free.isEmpty || bytesOnTheWay >= budgetBytes) { monitor.wait() }
                    return isStopped || end != nil ? nil : free.removeLast()
                }
                guard let slot else { return nil }
                do throws(CorpusError) {
                    guard let chunk = try reader.next() else { return finish(nil, slot) }
                    slot.chunkBytes = chunk.byteCount
                    return monitor.locked {
                        defer { nextNumber += 1 }
                        bytesOnTheWay += chunk.byteCount
                        return (nextNumber, chunk, slot)
                    }
                } catch { return finish(error, slot) }
            }
        }

        private func finish(_ failure: CorpusError?, _ slot: Slot) -> (number: Int, chunk: RawChunk, slot: Slot)? {
            monitor.locked {
                end = (nextNumber, failure)
                free.append(slot)
                monitor.signal()
            }
            return nil
        }

        /// Takes documents that were there before out of the slot's batch. Waits until all chunks before it have been here: which of two duplicates is the
        /// first must not depend on who is faster. Each of them is in the hands of a worker, so the wait ends.
        func leaveOutDuplicates(_ slot: Slot, _ number: Int) {
            guard let filter else { return }
            monitor.locked { while filtered != number { monitor.wait() } }
            let words = filter.rule.sketchWords
            var areNew = [Bool](repeating: false, count: slot.batch.documentCount)
            do throws(CleaningError) {
                if let filterFailure { throw filterFailure }
                for index in areNew.indices { areNew[index] = try filter.isNew(slot.sketches[words * index..<words * (index + 1)]) }
            } catch {
                filterFailure = error
                slot.failure = error
            }
            monitor.locked {
                filtered += 1
                monitor.signal()
            }
            let leftOut = areNew.count { !$0 }
            guard leftOut > 0 else { return }
            slot.cleaning.duplicates = leftOut
            slot.sketches = areNew.indices.filter { areNew[$0] }.flatMap { slot.sketches[words * $0..<words * ($0 + 1)] }
            unsafe slot.batch.keepDocuments { index, _ in areNew[index] }
        }

        func deliver(_ slot: Slot, _ number: Int) {
            monitor.locked {
                filled[number] = slot
                monitor.signal()
            }
        }

        func take(_ number: Int) -> Result<Slot?, CorpusError> {
            monitor.locked {
                while true {
                    if let slot = filled.removeValue(forKey: number) { return .success(slot) }
                    if let end, end.number <= number { return end.failure.map { .failure($0) } ?? .success(nil) }
                    monitor.wait()
                }
            }
        }

        func giveBack(_ slot: Slot) {
            slot.empty()
            monitor.locked {
                bytesOnTheWay -= slot.chunkBytes
                free.append(slot)
                monitor.signal()
            }
        }

        func stop() {
            monitor.locked {
                isStopped = true
                monitor.signal()
            }
        }
    }
}
