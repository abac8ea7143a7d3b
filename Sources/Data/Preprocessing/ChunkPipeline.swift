import Cleaning
import Concurrency
import Corpus
import Tokenization
import TypedErrors

/// Chunks of a corpus, read, parsed, cleaned and encoded by all workers, given out in order.
///
/// A worker takes an empty slot, then the next chunk, and hands the slot back filled; whoever writes takes filled slots in the order of
/// their chunks. So the result does not depend on the number of workers, and memory is bounded: by the number of slots, by
/// `budgetBytes` of chunks that are on the way, and by as many that were read ahead (each exceeded by one chunk a worker at most, however large its documents are).
final class ChunkPipeline {
    /// One chunk on its way. Belongs to one thread at a time: a worker while it is filled, the writer until it gives it back; the
    /// monitor makes the hand-over.
    final class Slot: @unchecked Sendable {
        let batch = DocumentBatch()
        private(set) var tokens: TokenBuffer
        /// What became of documents that are not in the batch any more, or not as they were.
        fileprivate(set) var cleaning = CleaningCounts()
        /// Documents in which passages of tasks were.
        fileprivate(set) var contaminated: [ContaminatedDocument] = []
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

    private let shared: SharedWork
    private var threads: [Worker] = []
    private var number = 0

    init(
        _ reader: ChunkReader, _ options: CorpusOptions, _ rules: CleaningRules, _ tokenizer: Tokenizer, tokenWidth: Int,
        appendEndOfText: Bool, beginningToken: TokenID? = nil, workers: Int, budgetBytes: Int, filter: sending DuplicateFilter?
    ) throws(PreprocessingError) {
        let shared = SharedWork(
            reader, slots: (0..<2 * workers + 2).map { _ in Slot(tokenWidth: tokenWidth) }, filter, budgetBytes: budgetBytes)
        self.shared = shared
        for _ in 0..<workers {
            let thread = Worker { @Sendable in
                let parser = ChunkParser(options)
                let cleaner = rules.isEmpty ? nil : Cleaner(rules)
                let sketcher = rules.duplicates.map { Sketcher($0) }
                let encoder = Encoder(tokenizer)
                while let (number, chunk, slot) = shared.nextChunk() {
                    parser.parse(chunk, into: slot.batch)
                    slot.contaminated.removeAll()
                    if let cleaner { slot.cleaning = cleaner.clean(slot.batch, found: &slot.contaminated) }
                    if let sketcher {
                        sketcher.sketch(slot.batch, into: &slot.sketches)
                        shared.duplicates?.leaveOut(of: slot, number)
                    }
                    unsafe slot.batch.withDocuments { text, ends in
                        unsafe encoder.encode(text, documentEnds: ends, appendEndOfText: appendEndOfText, into: slot.tokens)
                    }
                    if let beginningToken { slot.tokens.beginDocuments(with: beginningToken) }
                    shared.deliver(slot, number)
                }
            }
            if let thread { threads.append(thread) }
        }
        // A machine that is out of threads still gets its work done, as long as there is one.
        if threads.isEmpty { throw .noThread }
    }

    deinit { stop() }

    /// The next chunk in order, filled; nil at the end of the corpus. Give it back.
    func next() throws(PreprocessingError) -> Slot? {
        defer { number += 1 }
        let slot = try mapping(PreprocessingError.corpus, shared.take(number))
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
}

/// What the threads of a pipeline share: the reader, slots on their way, and the filter of duplicates.
private final class SharedWork: Sendable {
    private struct Slots {
        var free: [ChunkPipeline.Slot]
        var filled: [Int: ChunkPipeline.Slot] = [:]
        var bytesOnTheWay = 0
        /// The number behind the last chunk, and why there is no other.
        var end: (number: Int, failure: CorpusError?)?
        var isStopped = false
    }

    private let slots: Monitor<Slots>
    private let reader: ChunkReader
    private let budgetBytes: Int
    let duplicates: DuplicateTurns?

    init(_ reader: ChunkReader, slots: [ChunkPipeline.Slot], _ filter: sending DuplicateFilter?, budgetBytes: Int) {
        self.slots = Monitor(Slots(free: slots))
        self.reader = reader
        self.budgetBytes = budgetBytes
        if let filter { duplicates = DuplicateTurns(filter) } else { duplicates = nil }
    }

    /// Takes an empty slot and reads the next chunk; nil when there is no more to do.
    func nextChunk() -> (number: Int, chunk: RawChunk, slot: ChunkPipeline.Slot)? {
        let slot: ChunkPipeline.Slot? = slots.wait { slots in
            if slots.isStopped || slots.end != nil { return .some(nil) }
            if slots.free.isEmpty || slots.bytesOnTheWay >= budgetBytes { return nil }
            return .some(slots.free.removeLast())
        }
        guard let slot else { return nil }
        var failure: CorpusError?
        do throws(CorpusError) {
            if let chunk = try reader.next() {
                slot.chunkBytes = chunk.byteCount
                slots.withLock { $0.bytesOnTheWay += chunk.byteCount }
                return (chunk.number, chunk, slot)
            }
        } catch { failure = error }
        slots.change { slots in
            slots.end = (reader.count, failure)
            slots.free.append(slot)
        }
        return nil
    }

    func deliver(_ slot: ChunkPipeline.Slot, _ number: Int) { slots.change { $0.filled[number] = slot } }

    /// Waits for the slot of a chunk; nil when the corpus ended before it.
    func take(_ number: Int) throws(CorpusError) -> ChunkPipeline.Slot? {
        try slots.wait { slots throws(CorpusError) in
            if let slot = slots.filled.removeValue(forKey: number) { return .some(slot) }
            guard let end = slots.end, end.number <= number else { return nil }
            if let failure = end.failure { throw failure }
            return .some(nil)
        }
    }

    func giveBack(_ slot: ChunkPipeline.Slot) {
        slot.empty()
        slots.change { slots in
            slots.bytesOnTheWay -= slot.chunkBytes
            slots.free.append(slot)
        }
    }

    func stop() {
        slots.change { $0.isStopped = true }
        reader.cancel()
    }
}

/// The filter of duplicates, which sees chunks in their order: which of two duplicates is the first must not depend on who is faster.
private final class DuplicateTurns: Sendable {
    private struct Turn {
        let filter: DuplicateFilter
        var failure: CleaningError?
        /// The chunk whose documents the filter sees next.
        var number = 0
    }

    private let turn: Monitor<Turn>
    private let sketchWords: Int

    init(_ filter: sending DuplicateFilter) {
        sketchWords = filter.rule.sketchWords
        turn = Monitor(Turn(filter: filter))
    }

    /// Takes documents that were there before out of the slot's batch. Waits until all chunks before it have been here: each of them is in the hands of a
    /// worker, so the wait ends.
    func leaveOut(of slot: ChunkPipeline.Slot, _ number: Int) {
        let areNew: [Bool] = turn.wait { turn in
            guard turn.number == number else { return nil }
            turn.number += 1
            var areNew = [Bool](repeating: false, count: slot.batch.documentCount)
            do throws(CleaningError) {
                if let failure = turn.failure { throw failure }
                for index in areNew.indices { areNew[index] = try turn.filter.isNew(sketch(index, of: slot)) }
            } catch {
                turn.failure = error
                slot.failure = error
            }
            return areNew
        }
        let leftOut = areNew.count { !$0 }
        guard leftOut > 0 else { return }
        slot.cleaning.duplicates = leftOut
        slot.sketches = areNew.indices.filter { areNew[$0] }.flatMap { sketch($0, of: slot) }
        unsafe slot.batch.keepDocuments { index, _ in areNew[index] }
    }

    private func sketch(_ index: Int, of slot: ChunkPipeline.Slot) -> ArraySlice<UInt64> {
        slot.sketches[sketchWords * index..<sketchWords * (index + 1)]
    }
}
