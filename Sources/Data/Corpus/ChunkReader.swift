import Concurrency

/// Reads a corpus from its first byte to its last, decompressed and cut into chunks at record borders, without looking into the records.
///
/// Any number of threads call ``next()``; each chunk is given to one of them, and chunks are numbered in the order of the corpus. A thread that finds the next chunk in the
/// making by another reads ahead meanwhile: in the nearest part that nobody is at. So files, row groups of Parquet and frames of zstd and gzip are decompressed by
/// as many threads as ask, and with one thread nothing is read before its turn. Parsing happens elsewhere.
///
/// Memory is bounded by the chunks given out, by `aheadBytes` of chunks that wait for their turn, and by one reader a thread
/// (``PartReader``): a record above the limit is passed over and reported as a bad line, a line of blanks is dropped while it streams by.
public final class ChunkReader: Sendable {
    private let inputs: InputList
    private let start: CorpusPosition
    private let options: CorpusOptions
    private let pool: ChunkPool
    private let ignored: IgnoredMembers
    private let aheadBytes: Int
    private let division: PartReader.Division?
    private let state: Monitor<State>

    /// A part that is being read.
    // Unchecked: its reader belongs to the thread that made it busy, all else to who holds the monitor.
    private final class Part: @unchecked Sendable {
        let input: Int
        let extent: Extent
        let start: CorpusPosition?
        var reader: PartReader?
        var isBusy = true
        /// Chunks that wait for their turn, the first last.
        var chunks: [RawChunk] = []
        var end: Result<Int, CorpusError>?

        init(input: Int, _ extent: Extent, from start: CorpusPosition?) {
            (self.input, self.extent, self.start) = (input, extent, start)
        }
    }

    private struct State {
        /// Parts that were begun, in their order; the first is the one whose turn it is.
        var parts: [Part] = []
        var partsLeft: ArraySlice<InputPart>
        /// Of the chunks that wait.
        var bytes = 0
        /// Chunks given out.
        var count = 0
        /// Where the first part's content begins, when it is relative.
        var base = 0
        var isCancelled = false
    }

    private enum Turn: Sendable {
        case take(RawChunk?)
        case read(Part)
    }

    /// - Parameters:
    ///   - parts: what to read of each input (see ``InputList/shard(_:of:options:)``), all by default.
    ///   - start: where an earlier run stopped; plain files are entered there, everything else is decoded and passed over up to there.
    ///   - ignored: is told of members of archives that are not read.
    ///   - threads: how many will ask for chunks. For one, a compressed stream is decoded ahead by a thread of its own.
    ///   - aheadBytes: how much may wait for its turn; exceeded by one chunk a thread at most.
    ///   - divisionBytes: so many bytes on disk are worth a reader of their own where a file can be entered in its middle.
    public init(
        _ inputs: InputList, _ options: CorpusOptions, parts: [InputPart]? = nil, from start: CorpusPosition = CorpusPosition(),
        ignored: IgnoredMembers = IgnoredMembers(), threads: Int = 1, aheadBytes: Int = 0, divisionBytes: Int = 4 << 20
    ) {
        self.inputs = inputs
        self.options = options
        self.ignored = ignored
        self.start = start
        self.aheadBytes = aheadBytes
        division = threads > 1 ? PartReader.Division(bytes: divisionBytes) : nil
        pool = ChunkPool(standardBytes: max(options.chunkBytes, 256))
        state = Monitor(State(partsLeft: (parts ?? inputs.whole)[...].drop { $0.input < start.input }))
    }

    /// How many chunks were given out.
    public var count: Int { state.withLock { $0.count } }

    /// Gives nothing out any more: whoever asks, and whoever waits, gets nil.
    public func cancel() { state.change { $0.isCancelled = true } }

    /// The next chunk, or nil at the end of the corpus. An error is thrown after everything before it was given, and again by every later call.
    public func next() throws(CorpusError) -> RawChunk? {
        while true {
            let turn: Turn = try state.wait { state throws(CorpusError) in try nextTurn(&state) }
            switch turn {
            case .take(let chunk): return chunk
            case .read(let part): read(part)
            }
        }
    }

    /// What a thread does now; nil to wait.
    private func nextTurn(_ state: inout State) throws(CorpusError) -> Turn? {
        if state.isCancelled { return .take(nil) }
        while let first = state.parts.first {
            if let chunk = first.chunks.popLast() {
                state.bytes -= chunk.memoryBytes
                chunk.take(number: state.count, base: first.extent.isRelative ? state.base : 0)
                state.count += 1
                return .take(chunk)
            }
            guard let end = first.end else { break }
            state.base = try end.get() + (first.extent.isRelative ? state.base : 0)
            state.parts.removeFirst()
        }
        for (place, part) in state.parts.enumerated() where !part.isBusy && part.end == nil {
            guard place == 0 || state.bytes < aheadBytes else { return nil }
            part.isBusy = true
            return .read(part)
        }
        guard state.parts.isEmpty || state.bytes < aheadBytes else { return nil }
        guard let next = state.partsLeft.popFirst() else { return state.parts.isEmpty ? .take(nil) : nil }
        let part = Part(input: next.input, .bytes(next.bytes), from: next.input == start.input ? start : nil)
        state.parts.append(part)
        return .read(part)
    }

    /// Reads the next chunk of a part that this thread made busy, opening it first.
    private func read(_ part: Part) {
        var (chunk, rest): (RawChunk?, Extent?)
        var end: Result<Int, CorpusError>?
        do throws(CorpusError) {
            if part.reader == nil {
                part.reader = try PartReader(
                    part.extent, of: part.input, inputs.inputs[part.input], options, pool, from: part.start, dividing: division,
                    ignored: ignored)
                rest = part.reader!.rest
            }
            chunk = try part.reader!.next()
            if chunk == nil { end = .success(part.reader!.contentEnd) }
        } catch { end = .failure(error) }
        if end != nil { part.reader = nil }
        state.change { state in
            part.isBusy = false
            part.end = end
            if let chunk {
                part.chunks.insert(chunk, at: 0)
                state.bytes += chunk.memoryBytes
            }
            if let rest, let place = state.parts.firstIndex(where: { $0 === part }) {
                let next = Part(input: part.input, rest, from: nil)
                next.isBusy = false
                state.parts.insert(next, at: place + 1)
            }
        }
    }
}
