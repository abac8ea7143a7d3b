import Quantities

/// What one ``PartReader`` reads.
enum Extent {
    /// What an ``InputPart`` says: all of the input, or the lines that begin within these bytes.
    case bytes(Range<Int>?)
    /// Sections of a table that another reader has open.
    case sections(Range<Int>, of: InputTable)
    /// Lines of a file of compressed frames, from the frame at this byte on.
    case frames(from: Int, FrameBorders, Compression, RecordFormat)

    /// Whether offsets in the content are counted from the beginning of this extent: those before it are not known yet.
    var isRelative: Bool { if case .bytes = self { false } else { true } }
}

/// Reads a part of one input from its beginning to its end, decompressed and cut into chunks at record borders.
///
/// Where the part is long and can be entered in its middle, it reads only the first stretch of it and says what is ``rest``, for another reader.
/// One thread at a time uses it. Memory is that of a chunk and a decoder, and a record of `maximumLineBytes` (`maximumDocumentBytes`).
final class PartReader {
    private let input: Int
    private let options: CorpusOptions
    private let pool: ChunkPool
    private let streams: InputStreams?
    private var format = RecordFormat.jsonLines
    /// From where bytes come: the stream's peeked source, or the file itself after a seek.
    private var source: any ByteSource = NoBytes()
    /// Its path in the archive that is the input.
    private var member: String?
    /// Set when the part is a table.
    private var table: TableChunks?
    /// Set when the part is a stretch of frames.
    private var frames: FramesSource?
    /// Lines that begin at this byte of the content or behind it are another part's.
    private var stop: Int?
    /// Behind the part, which is then the first stretch of what was asked for.
    private(set) var rest: Extent?
    /// Offset in the content of the first byte that was not given out yet.
    private(set) var byteOffset = 0
    /// The bytes that were read behind the last cut.
    private var buffer: UnsafeMutableRawBufferPointer
    private var held = 0
    /// The stream has no more bytes than those in `buffer`.
    private var hasEnded = false
    /// Why the stream ended early: thrown when everything before it was given out.
    private var failure: CorpusError?
    /// Everything of the stream was given out.
    private var isDone = false
    /// There are no more streams.
    private var isFinished = false

    /// How a long part is divided.
    struct Division: Sendable {
        /// Bytes on disk that are worth a reader of their own.
        var bytes: Int
    }

    /// - Parameters:
    ///   - start: where an earlier run stopped in this input. Plain files are entered there, everything else is decoded and passed over up to there.
    ///   - division: nil to read all of the part, with a thread that decompresses ahead.
    init(
        _ extent: Extent, of number: Int, _ input: CorpusInput, _ options: CorpusOptions, _ pool: ChunkPool, from start: CorpusPosition?,
        dividing division: Division?, ignored: IgnoredMembers
    ) throws(CorpusError) {
        (self.input, self.options, self.pool) = (number, options, pool)
        buffer = pool.take(pool.standardBytes)
        if case .bytes = extent {
            streams = try InputStreams(input, options, readsAhead: division == nil) { ignored.add($0, input: number) }
        } else {
            streams = nil
        }
        switch extent {
        case .bytes(let bytes): try open(bytes, input, from: start ?? CorpusPosition(), division)
        case .sections(let sections, let opened):
            let another = try InputTable(another: opened)
            (format, table) = (.table, TableChunks(another, options, pool))
            try begin(sections, of: another, atRow: 0, division)
        case .frames(let first, let borders, let compression, let format):
            self.format = format
            try beginFrames(from: first, borders, compression, input.path, division)
            // The line that begins in an earlier frame is that part's.
            try passRestOfLine()
        }
    }

    deinit { pool.give(buffer) }

    /// The next chunk, or nil at the end of the part. An error is thrown after everything before it was given.
    func next() throws(CorpusError) -> RawChunk? {
        while !isFinished {
            if !isDone, let chunk = try nextChunk() { return chunk }
            try openNextStream()
        }
        return nil
    }

    /// How far the content of this part goes, counted as ``byteOffset`` is. Known when all was read.
    var contentEnd: Int { frames?.border ?? byteOffset }

    private func nextChunk() throws(CorpusError) -> RawChunk? {
        switch format {
        case .wholeStream: try nextDocuments()
        case .table: try nextRows()
        case .jsonLines, .lines, .sentences, .docElements: try nextRecords()
        }
    }

    // MARK: streams

    private func open(
        _ bytes: Range<Int>?, _ input: CorpusInput, from start: CorpusPosition, _ division: Division?
    ) throws(CorpusError) {
        guard let stream = try streams!.next() else { return isFinished = true }
        take(stream)
        if let table = stream.table {
            self.table = TableChunks(table, options, pool)
            byteOffset = start.byteOffset
            return try begin(
                bytes.map { table.sections(beginningIn: $0) } ?? 0..<table.sectionRows.count, of: table, atRow: start.line, division)
        }
        if let bytes, bytes.lowerBound > start.byteOffset {
            // The line that begins before the part belongs to the part before: start one byte early and pass over its rest.
            try pass(to: bytes.lowerBound - 1, line: 0, stream)
            try passRestOfLine()
        } else {
            try pass(to: start.byteOffset, line: start.line, stream)
        }
        stop = bytes?.upperBound
        guard let division, format == .jsonLines || format == .lines, input.isRegularFile else { return }
        if stream.file != nil {
            let (border, end) = (byteOffset + 4 * division.bytes, bytes?.upperBound ?? .max)
            guard border < min(end, input.byteCount) else { return }
            (stop, rest) = (border, .bytes(border..<end))
        } else if let compression = stream.compression, start.byteOffset == 0, start.line == 0 {
            guard let borders = try FrameBorders(of: input.path, compression) else { return }
            try beginFrames(from: 0, borders, compression, input.path, division)
        }
    }

    private func take(_ stream: InputStreams.Stream) { (format, source, member) = (stream.format, stream.source, stream.member) }

    /// Goes to a row of those of `sections`, and leaves the sections behind the first to others when those are long.
    private func begin(
        _ sections: Range<Int>, of table: InputTable, atRow row: Int, _ division: Division?
    ) throws(CorpusError) {
        let (first, row) = table.place(ofRow: row, in: sections)
        var end = sections.upperBound
        if let division, table.canBeDivided {
            var byteCount = 0
            let border = (first..<end).first {
                byteCount += table.sectionBytes[$0]
                return byteCount >= division.bytes
            }
            if let border, border + 1 < end {
                rest = .sections(border + 1..<end, of: table)
                end = border + 1
            }
        }
        try table.begin(sections: first..<end, atRow: row)
    }

    /// Reads the frames of a file up to where another reader can begin, and the line that goes on behind that; nothing changes where that is nowhere.
    private func beginFrames(
        from first: Int, _ borders: FrameBorders, _ compression: Compression, _ path: String, _ division: Division?
    ) throws(CorpusError) {
        let border = try division.flatMap { division throws(CorpusError) in
            try borders.border(in: path, from: first, atLeast: division.bytes)
        }
        guard border != nil || first > 0 else { return }
        let frames = FramesSource(path, compression, from: first, to: border, options)
        (self.frames, source) = (frames, frames)
        rest = border.map { .frames(from: $0, borders, compression, format) }
    }

    /// Moves to where an earlier run stopped: by seeking in a plain file of lines, else by reading up to there. A border between whole documents
    /// is found by their number, since empty ones have no bytes.
    private func pass(to target: Int, line: Int, _ stream: InputStreams.Stream) throws(CorpusError) {
        guard target > 0 || line > 0 else { return }
        if let file = stream.file, format != .wholeStream {
            try file.seek(to: target)
            source = file
            byteOffset = target
            return
        }
        var linesLeft = line
        var endsInLine = false
        while !isFinished {
            let isWhole = format == .wholeStream
            guard isWhole ? linesLeft > 0 : byteOffset < target || linesLeft > 0 else { return }
            let wanted = isWhole ? buffer.count : min(buffer.count, target - byteOffset)
            let space = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
            let count = try source.read(into: space)
            byteOffset += count
            if count == 0 {
                linesLeft -= isWhole || endsInLine ? 1 : 0
                endsInLine = false
                try openNextStream()
            } else if !isWhole {
                for byte in space[..<count] where byte == 0x0A { linesLeft -= 1 }
                endsInLine = space[count - 1] != 0x0A
                if byteOffset == target && endsInLine {
                    linesLeft -= 1
                    endsInLine = false
                }
            }
        }
    }

    private func passRestOfLine() throws(CorpusError) {
        while true {
            let count = try source.read(into: buffer)
            guard count > 0 else { return }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            if let cut = RecordFormat.lines.firstCut(in: bytes) {
                byteOffset += cut
                held = count - cut
                buffer.baseAddress!.copyMemory(from: bytes.baseAddress! + cut, byteCount: count - cut)
                return
            }
            byteOffset += count
        }
    }

    private func openNextStream() throws(CorpusError) {
        guard let stream = try streams?.next() else { return isFinished = true }
        take(stream)
        (hasEnded, isDone, held) = (false, false, 0)
    }

    // MARK: records

    /// Records that begin here or behind are another part's.
    private var end: Int? { frames?.border.map { $0 + 1 } ?? stop }

    /// The next chunk of whole lines (or blocks of lines); nil at the end of the stream or part.
    private func nextRecords() throws(CorpusError) -> RawChunk? {
        if let end, byteOffset >= end { return nil }
        while true {
            fill()
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<held])
            if let failure {
                // A last line that the damage cut off is not a line.
                guard let cut = format.lastCut(in: bytes) else { throw failure }
                return takeRecords(cut)
            }
            if bytes.isEmpty { return nil }
            if hasEnded { return takeRecords(bytes.count) }
            if let cut = format.lastCut(in: bytes) { return takeRecords(cut) }
            // One record fills the buffer.
            if format != .docElements, bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
                byteOffset += bytes.count
                held = 0
            } else if bytes.count > options.maximumLineBytes {
                return try passOversized()
            } else {
                grow(to: min(2 * bytes.count, options.maximumLineBytes + 1))
            }
        }
    }

    /// Fills the buffer or reads to the end of the stream.
    private func fill() {
        while !hasEnded && held < buffer.count {
            do throws(CorpusError) {
                let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[held...]))
                held += count
                if count == 0 { hasEnded = true }
            } catch {
                failure = error
                hasEnded = true
            }
        }
    }

    private func grow(to byteCount: Int) {
        let larger = pool.take(byteCount)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<held]))
        pool.give(buffer)
        buffer = larger
    }

    /// Gives out the first `count` held bytes, up to the end of the part.
    private func takeRecords(_ count: Int) -> RawChunk {
        var count = count
        if let end, byteOffset + count > end {
            // The last line is the one that begins before `end`: cut behind the newline at or after end - 1.
            let from = max(0, end - 1 - byteOffset)
            if let cut = RecordFormat.lines.firstCut(in: UnsafeRawBufferPointer(rebasing: buffer[from..<count])) { count = from + cut }
        }
        return take(count, .records(format))
    }

    private func take(_ count: Int, _ content: RawChunk.Content) -> RawChunk {
        let taken = buffer
        let left = held - count
        buffer = pool.take(max(left, pool.standardBytes))
        if left > 0 { buffer.baseAddress!.copyMemory(from: taken.baseAddress! + count, byteCount: left) }
        held = left
        defer { byteOffset += count }
        return RawChunk(
            input: input, byteOffset: byteOffset, endOffset: byteOffset + count, content: content, member: member, buffer: taken,
            count: count, pool: pool)
    }

    /// Passes over a record that is longer than allowed, counting its lines.
    private func passOversized() throws(CorpusError) -> RawChunk {
        let begin = byteOffset
        var lineCount = 0
        var passed = 0
        while true {
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<held])
            // A border may straddle two buffers: its first bytes stay for the next look.
            let cut = format.firstCut(in: bytes)
            let done = cut ?? (hasEnded ? bytes.count : max(0, bytes.count - 64))
            for index in 0..<done where bytes[index] == 0x0A { lineCount += 1 }
            if cut == nil && hasEnded && bytes.last != 0x0A { lineCount += 1 }
            passed += done
            held -= done
            buffer.baseAddress!.copyMemory(from: bytes.baseAddress! + done, byteCount: held)
            if cut != nil || hasEnded { break }
            fill()
            if let failure { throw failure }
        }
        byteOffset = begin + passed
        let what = format == .sentences || format == .docElements ? "a document" : "a line"
        return oversized(
            from: begin, lineCount: max(lineCount, 1),
            Limit.lineBytes.reason(what, passed, options.maximumLineBytes))
    }

    private func oversized(from begin: Int, lineCount: Int, _ reason: OptionText) -> RawChunk {
        RawChunk(
            input: input, byteOffset: begin, endOffset: byteOffset, content: .oversized(lineCount: lineCount, reason: reason),
            member: member, buffer: pool.take(0), count: 0, pool: pool)
    }

    // MARK: tables

    private func nextRows() throws(CorpusError) -> RawChunk? {
        var count = 0
        guard let rows = try table!.next(into: &buffer, &count) else { return nil }
        held = count
        return take(count, .rows(rows))
    }

    // MARK: whole documents

    /// Gathers whole streams until a chunk is full.
    private func nextDocuments() throws(CorpusError) -> RawChunk? {
        var ends: [Int] = []
        while true {
            fill()
            let gathered = ends.last ?? 0
            if let failure {
                guard !ends.isEmpty else { throw failure }
                return take(gathered, .documents(ends: ends))
            }
            if hasEnded {
                ends.append(held)
                if try !continues() {
                    isDone = true
                    return take(held, .documents(ends: ends))
                }
            } else if !ends.isEmpty {
                // The document that does not fit begins the next chunk.
                return take(gathered, .documents(ends: ends))
            } else if held > options.maximumDocumentBytes {
                return try passOversizedDocument()
            } else {
                grow(to: min(2 * held, options.maximumDocumentBytes + 1))
            }
        }
    }

    /// A document is complete: goes on to the next one when it may share the chunk.
    private func continues() throws(CorpusError) -> Bool {
        guard let streams, held < pool.standardBytes / 2 else { return false }
        do throws(CorpusError) {
            guard let next = try streams.next() else { return false }
            guard next.format == .wholeStream else {
                streams.giveBack(.success(next))
                return false
            }
            take(next)
            hasEnded = false
            return true
        } catch {
            streams.giveBack(.failure(error))
            return false
        }
    }

    private func passOversizedDocument() throws(CorpusError) -> RawChunk {
        let begin = byteOffset
        repeat {
            byteOffset += held
            held = 0
            fill()
            if let failure { throw failure }
        } while held > 0
        isDone = true
        return oversized(
            from: begin, lineCount: 1,
            Limit.documentBytes.reason("a document", byteOffset - begin, options.maximumDocumentBytes))
    }
}

/// A stream that has ended.
private final class NoBytes: ByteSource {
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }
}
