import Quantities

/// Reads a corpus from its first byte to its last, decompressed and cut into chunks at record borders, without looking into the records.
///
/// One thread at a time calls ``next()`` (it may be handed on to another); parsing happens elsewhere. Memory is bounded by the chunks in flight and by
/// `maximumLineBytes` (`maximumDocumentBytes` for whole files): a record above the limit is passed over and reported as a bad line, a line
/// of blanks is dropped while it streams by.
// Unchecked: its state is not locked, the rule above stands instead.
public final class ChunkReader: @unchecked Sendable {
    private let inputs: InputList
    private let options: CorpusOptions
    private let pool: ChunkPool
    private let ignored: IgnoredMembers
    private var parts: ArraySlice<InputPart>
    private let start: CorpusPosition
    private var current: Current?
    private var failure: CorpusError?

    /// What is being read.
    private struct Current {
        let part: InputPart
        let streams: InputStreams
        var stream: InputStreams.Stream
        /// Set when the stream is a table.
        var table: TableChunks?
        /// From where bytes come: the stream's peeked source, or the file itself after a seek.
        var source: any ByteSource
        /// Offset in the input of the first byte that was not given out yet.
        var byteOffset: Int
        /// The bytes that were read behind the last cut.
        var buffer: UnsafeMutableRawBufferPointer
        var count = 0
        /// The stream has no more bytes than those in `buffer`.
        var hasEnded = false
        /// Why the stream ended early: thrown when everything before it was given out.
        var failure: CorpusError?
        /// Everything of the stream was given out.
        var isDone = false
    }

    /// `parts`: what to read of each input (see ``InputList/shard(_:of:options:)``), all by default. `start`: where an earlier run stopped; plain files are
    /// entered there, everything else is decoded and passed over up to there. `ignored` is told of members of archives that are not read.
    public init(
        _ inputs: InputList, _ options: CorpusOptions, parts: [InputPart]? = nil, from start: CorpusPosition = CorpusPosition(),
        ignored: IgnoredMembers = IgnoredMembers()
    ) {
        self.ignored = ignored
        self.inputs = inputs
        self.options = options
        self.start = start
        self.parts = (parts ?? inputs.whole)[...].drop { $0.input < start.input }
        pool = ChunkPool(standardBytes: max(options.chunkBytes, 256))
    }

    deinit { if let current { pool.give(current.buffer) } }

    /// The next chunk, or nil at the end of the corpus. An error is thrown after everything before it was given, and again by every later call.
    public func next() throws(CorpusError) -> RawChunk? {
        if let failure { throw failure }
        do throws(CorpusError) { return try advance() } catch {
            failure = error
            throw error
        }
    }

    private func advance() throws(CorpusError) -> RawChunk? {
        while true {
            if current == nil {
                guard let part = parts.popFirst() else { return nil }
                try open(part)
                continue
            }
            if !current!.isDone, let chunk = try nextChunk() { return chunk }
            try openNextStream()
        }
    }

    private func nextChunk() throws(CorpusError) -> RawChunk? {
        switch current!.stream.format {
        case .wholeStream: try nextDocuments()
        case .table: try nextRows()
        case .jsonLines, .lines, .sentences, .docElements: try nextRecords()
        }
    }

    // MARK: streams

    private func open(_ part: InputPart) throws(CorpusError) {
        let input = inputs.inputs[part.input]
        let streams = try InputStreams(input, options) { [ignored] in ignored.add($0, input: part.input) }
        guard let stream = try streams.next() else { return }
        current = Current(
            part: part, streams: streams, stream: stream, source: stream.source, byteOffset: 0, buffer: pool.take(pool.standardBytes))
        let resumed = part.input == start.input ? start : CorpusPosition()
        if let table = stream.table {
            current!.table = TableChunks(table, options, pool)
            current!.byteOffset = resumed.byteOffset
            let sections = part.bytes.map { table.sections(beginningIn: $0) } ?? 0..<table.sectionRows.count
            return try table.begin(sections: sections, atRow: resumed.line)
        }
        if let bytes = part.bytes, bytes.lowerBound > resumed.byteOffset {
            // The line that begins before the part belongs to the part before: start one byte early and pass over its rest.
            try pass(to: bytes.lowerBound - 1, line: 0)
            try passRestOfLine()
        } else {
            try pass(to: resumed.byteOffset, line: resumed.line)
        }
    }

    /// Moves to where an earlier run stopped: by seeking in a plain file of lines, else by reading up to there. A border between whole documents
    /// is found by their number, since empty ones have no bytes.
    private func pass(to target: Int, line: Int) throws(CorpusError) {
        guard target > 0 || line > 0 else { return }
        if let file = current!.stream.file, current!.stream.format != .wholeStream {
            try file.seek(to: target)
            current!.source = file
            current!.byteOffset = target
            return
        }
        var linesLeft = line
        var endsInLine = false
        while current != nil {
            let isWhole = current!.stream.format == .wholeStream
            guard isWhole ? linesLeft > 0 : current!.byteOffset < target || linesLeft > 0 else { return }
            let wanted = isWhole ? current!.buffer.count : min(current!.buffer.count, target - current!.byteOffset)
            let space = UnsafeMutableRawBufferPointer(rebasing: current!.buffer[..<wanted])
            let count = try current!.source.read(into: space)
            current!.byteOffset += count
            if count == 0 {
                linesLeft -= isWhole || endsInLine ? 1 : 0
                endsInLine = false
                try openNextStream()
            } else if !isWhole {
                for byte in space[..<count] where byte == 0x0A { linesLeft -= 1 }
                endsInLine = space[count - 1] != 0x0A
                if current!.byteOffset == target && endsInLine {
                    linesLeft -= 1
                    endsInLine = false
                }
            }
        }
    }

    private func passRestOfLine() throws(CorpusError) {
        while true {
            let count = try current!.source.read(into: current!.buffer)
            guard count > 0 else { return }
            let bytes = UnsafeRawBufferPointer(rebasing: current!.buffer[..<count])
            if let cut = RecordFormat.lines.firstCut(in: bytes) {
                current!.byteOffset += cut
                current!.count = count - cut
                current!.buffer.baseAddress!.copyMemory(from: bytes.baseAddress! + cut, byteCount: count - cut)
                return
            }
            current!.byteOffset += count
        }
    }

    private func openNextStream() throws(CorpusError) {
        if let stream = try current!.streams.next() {
            current!.stream = stream
            current!.source = stream.source
            current!.hasEnded = false
            current!.isDone = false
            current!.count = 0
        } else {
            pool.give(current!.buffer)
            current = nil
        }
    }

    // MARK: records

    /// The next chunk of whole lines (or blocks of lines); nil at the end of the stream or part.
    private func nextRecords() throws(CorpusError) -> RawChunk? {
        let format = current!.stream.format
        if let bytes = current!.part.bytes, current!.byteOffset >= bytes.upperBound { return nil }
        while true {
            fill()
            let held = UnsafeRawBufferPointer(rebasing: current!.buffer[..<current!.count])
            if let failure = current!.failure {
                // A last line that the damage cut off is not a line.
                guard let cut = format.lastCut(in: held) else { throw failure }
                return takeRecords(cut, format)
            }
            if held.isEmpty { return nil }
            if current!.hasEnded { return takeRecords(held.count, format) }
            if let cut = format.lastCut(in: held) { return takeRecords(cut, format) }
            // One record fills the buffer.
            if format != .docElements, held.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                current!.byteOffset += held.count
                current!.count = 0
            } else if held.count > options.maximumLineBytes {
                return try passOversized(format)
            } else {
                grow(to: min(2 * held.count, options.maximumLineBytes + 1))
            }
        }
    }

    /// Fills the buffer or reads to the end of the stream.
    private func fill() {
        while !current!.hasEnded && current!.count < current!.buffer.count {
            do throws(CorpusError) {
                let count = try current!.source.read(into: UnsafeMutableRawBufferPointer(rebasing: current!.buffer[current!.count...]))
                current!.count += count
                if count == 0 { current!.hasEnded = true }
            } catch {
                current!.failure = error
                current!.hasEnded = true
            }
        }
    }

    private func grow(to byteCount: Int) {
        let larger = pool.take(byteCount)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: current!.buffer[..<current!.count]))
        pool.give(current!.buffer)
        current!.buffer = larger
    }

    /// Gives out the first `count` held bytes, up to the end of the part.
    private func takeRecords(_ count: Int, _ format: RecordFormat) -> RawChunk {
        var count = count
        if let end = current!.part.bytes?.upperBound, current!.byteOffset + count > end {
            // The last line is the one that begins before `end`: cut behind the newline at or after end - 1.
            let held = UnsafeRawBufferPointer(rebasing: current!.buffer[..<count])
            let from = end - 1 - current!.byteOffset
            if let cut = RecordFormat.lines.firstCut(in: UnsafeRawBufferPointer(rebasing: held[from...])) { count = from + cut }
        }
        return take(count, .records(format))
    }

    private func take(_ count: Int, _ content: RawChunk.Content) -> RawChunk {
        let buffer = current!.buffer
        let rest = current!.count - count
        let next = pool.take(max(rest, pool.standardBytes))
        if rest > 0 { next.baseAddress!.copyMemory(from: buffer.baseAddress! + count, byteCount: rest) }
        let chunk = RawChunk(
            input: current!.part.input, byteOffset: current!.byteOffset, endOffset: current!.byteOffset + count, content: content,
            member: current!.stream.member, buffer: buffer, count: count, pool: pool)
        current!.byteOffset += count
        current!.buffer = next
        current!.count = rest
        return chunk
    }

    /// Passes over a record that is longer than allowed, counting its lines.
    private func passOversized(_ format: RecordFormat) throws(CorpusError) -> RawChunk {
        let begin = current!.byteOffset
        var lineCount = 0
        var passed = 0
        while true {
            let held = UnsafeRawBufferPointer(rebasing: current!.buffer[..<current!.count])
            // A border may straddle two buffers: its first bytes stay for the next look.
            let cut = format.firstCut(in: held)
            let done = cut ?? (current!.hasEnded ? held.count : max(0, held.count - 64))
            for index in 0..<done where held[index] == 0x0A { lineCount += 1 }
            if cut == nil && current!.hasEnded && held.last != 0x0A { lineCount += 1 }
            passed += done
            current!.count -= done
            current!.buffer.baseAddress!.copyMemory(from: held.baseAddress! + done, byteCount: held.count - done)
            if cut != nil || current!.hasEnded { break }
            fill()
            if let failure = current!.failure { throw failure }
        }
        current!.byteOffset = begin + passed
        let what = format == .sentences || format == .docElements ? "a document" : "a line"
        return oversized(
            from: begin, lineCount: max(lineCount, 1),
            Limit.lineBytes.reason(what, passed, options.maximumLineBytes))
    }

    private func oversized(from begin: Int, lineCount: Int, _ reason: OptionText) -> RawChunk {
        RawChunk(
            input: current!.part.input, byteOffset: begin, endOffset: current!.byteOffset,
            content: .oversized(lineCount: lineCount, reason: reason), member: current!.stream.member,
            buffer: pool.take(0), count: 0, pool: pool)
    }

    // MARK: tables

    private func nextRows() throws(CorpusError) -> RawChunk? {
        var (buffer, count) = (current!.buffer, 0)
        defer { (current!.buffer, current!.count) = (buffer, 0) }
        guard let rows = try current!.table!.next(into: &buffer, &count) else { return nil }
        let chunk = RawChunk(
            input: current!.part.input, byteOffset: current!.byteOffset, endOffset: current!.byteOffset + count, content: .rows(rows),
            buffer: buffer, count: count, pool: pool)
        current!.byteOffset += count
        buffer = pool.take(pool.standardBytes)
        return chunk
    }

    // MARK: whole documents

    /// Gathers whole streams until a chunk is full.
    private func nextDocuments() throws(CorpusError) -> RawChunk? {
        var ends: [Int] = []
        while true {
            fill()
            let gathered = ends.last ?? 0
            if let failure = current!.failure {
                guard !ends.isEmpty else { throw failure }
                return take(gathered, .documents(ends: ends))
            }
            if current!.hasEnded {
                ends.append(current!.count)
                if try !continues() {
                    current!.isDone = true
                    return take(current!.count, .documents(ends: ends))
                }
            } else if !ends.isEmpty {
                // The document that does not fit begins the next chunk.
                return take(gathered, .documents(ends: ends))
            } else if current!.count > options.maximumDocumentBytes {
                return try passOversizedDocument()
            } else {
                grow(to: min(2 * current!.count, options.maximumDocumentBytes + 1))
            }
        }
    }

    /// A document is complete: goes on to the next one when it may share the chunk.
    private func continues() throws(CorpusError) -> Bool {
        guard current!.count < pool.standardBytes / 2 else { return false }
        do throws(CorpusError) {
            guard let next = try current!.streams.next() else { return false }
            guard next.format == .wholeStream else {
                current!.streams.giveBack(.success(next))
                return false
            }
            current!.stream = next
            current!.source = next.source
            current!.hasEnded = false
            return true
        } catch {
            current!.streams.giveBack(.failure(error))
            return false
        }
    }

    private func passOversizedDocument() throws(CorpusError) -> RawChunk {
        let begin = current!.byteOffset
        repeat {
            current!.byteOffset += current!.count
            current!.count = 0
            fill()
            if let failure = current!.failure { throw failure }
        } while current!.count > 0
        current!.isDone = true
        return oversized(
            from: begin, lineCount: 1,
            Limit.documentBytes.reason("a document", current!.byteOffset - begin, options.maximumDocumentBytes))
    }
}
