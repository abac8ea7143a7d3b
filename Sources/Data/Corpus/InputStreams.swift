import Files
import TypedErrors

/// The record streams in one input: the decompressed file, or the files in its archive one after the other, archives inside archives included.
final class InputStreams {
    /// One stream of records.
    struct Stream {
        let source: PeekedSource
        let format: RecordFormat
        /// Set when the stream is a plain file that can be entered anywhere.
        let file: FileSource?
        /// Set when it is a table: it is read through this alone.
        var table: InputTable?
        /// Set when the stream is a regular file that is compressed, once.
        var compression: Compression?
        /// Its path in the archive that is the input.
        var member: String?
    }

    private let path: String
    private let options: CorpusOptions
    private let readsAhead: Bool
    /// Is told of the members of archives that are passed over.
    private let ignore: (IgnoredInput) -> Void
    /// Archives that are open, the innermost last.
    private var archives: [(reader: TarReader, path: String)] = []
    /// What ``next()`` gives before it looks further.
    private var pending: Result<Stream, CorpusError>?
    /// Archives nested deeper are an attack.
    private static let maximumNesting = 8

    /// Opens the input. With `readsAhead` what is compressed is decoded by a thread of its own.
    init(
        _ input: CorpusInput, _ options: CorpusOptions, readsAhead: Bool = false, ignore: @escaping (IgnoredInput) -> Void = { _ in }
    ) throws(CorpusError) {
        (self.ignore, self.readsAhead) = (ignore, readsAhead)
        path = input.path == "-" ? "<stdin>" : input.path
        self.options = options
        let file = FileSource(input.path == "-" ? .standardInput() : try mapping(CorpusError.file, OpenFile(input.path)))
        pending = try open(file, name: input.path == "-" ? "" : input.path, path: path, file: input.isRegularFile ? file : nil)
            .map { .success($0) }
    }

    /// Whether lines of this input can be read from the middle.
    static func isSplittable(_ input: CorpusInput, _ options: CorpusOptions) throws(CorpusError) -> Bool {
        guard input.isRegularFile else { return false }
        guard case .success(let stream)? = try InputStreams(input, options).pending else { return false }
        if stream.table != nil { return true }
        guard stream.file != nil else { return false }
        return stream.format == .jsonLines || stream.format == .lines
    }

    /// The next stream, or nil when there are no more. The one before must have been read to its end (members of archives may be left early).
    func next() throws(CorpusError) -> Stream? {
        if let result = pending {
            pending = nil
            return try result.get()
        }
        while let (archive, archivePath) = archives.last {
            guard let member = try archive.next() else {
                archives.removeLast()
                continue
            }
            if let reason = InputSelection.reason(member: member.name, source: options.source) {
                let ignored = IgnoredInput(path: archivePath + "/" + member.name, reason: reason, isMember: true)
                if options.unknownFiles == .fail, ignored.mayHoldText { throw .unreadFile(ignored, count: 1) }
                ignore(ignored)
                continue
            }
            let memberPath = archivePath + "/" + member.name
            if var stream = try open(TarMemberSource(archive), name: member.name, path: memberPath, file: nil) {
                stream.member = String(memberPath.dropFirst(path.count + 1))
                return stream
            }
        }
        return nil
    }

    /// Takes back what ``next()`` gave, for the next call.
    func giveBack(_ result: Result<Stream, CorpusError>) { pending = result }

    /// The table that a plain file is, by its first bytes or by its name. The bytes of one are never text; with `--source text` they are named
    /// with everything else that is none.
    private func table(_ source: PeekedSource, name: String, path: String, isPlain: Bool) throws(CorpusError) -> InputTable? {
        guard ![.text, .lines, .paragraphs].contains(options.source), Compression(magic: source.peek(Compression.magicBytes)) == nil else {
            return nil
        }
        let foreign = ForeignFormat(start: source.peek(ForeignFormat.startBytes))
        let isArrow = foreign == .arrow || foreign == nil && InputSelection.promisesArrow(name)
        guard isArrow || foreign == .parquet || InputSelection.promisesParquet(name) else { return nil }
        guard isPlain else {
            throw .table(
                path: path, place: "",
                reason: "Parquet and Arrow are read as files of their own, not from pipes, archives or compressed; unpack it first")
        }
        guard options.allConditions.isEmpty else { throw .unselectable(path: path) }
        if isArrow { return try InputTable(arrow: path, options) }
        return try InputTable(parquet: path, options)
    }

    /// Peels compression and archives off `source`. Nil when it is an archive, whose members come next.
    private func open(_ source: any ByteSource, name: String, path: String, file: FileSource?) throws(CorpusError) -> Stream? {
        var (source, name, file) = (PeekedSource(source), name, file)
        let isRegular = file != nil
        var compressions: [Compression] = []
        for _ in 0..<Self.maximumNesting {
            let promised = Compression(name: name)
            if let table = try table(source, name: name, path: path, isPlain: file != nil) {
                return Stream(source: source, format: .table, file: nil, table: table)
            }
            guard let compression = Compression(magic: source.peek(Compression.magicBytes)) else {
                let isEmpty = source.peek(1).isEmpty
                if let promised, !isEmpty { throw .misnamed(path: path, named: promised.rawValue, found: "something else") }
                let start = source.peek(512)
                if TarReader.isHeader(start) {
                    guard archives.count < Self.maximumNesting else { break }
                    archives.append((TarReader(source, path: path), path))
                    return nil
                }
                let format: RecordFormat
                do throws(CorpusError) {
                    format = try RecordFormat.of(source, name: Compression.stripped(name), path: path, options: options)
                } catch {
                    // What reads a file as it lies there does not read it in an archive.
                    guard case .foreignFormat(let format, _, _) = error, !archives.isEmpty || !compressions.isEmpty else { throw error }
                    throw .foreignFormat(format, path: path, isWrapped: true)
                }
                guard format == .jsonLines || options.allConditions.isEmpty else { throw .unselectable(path: path) }
                return Stream(
                    source: source, format: format, file: file, compression: isRegular && compressions.count == 1 ? compressions[0] : nil)
            }
            if let promised, promised != compression {
                throw .misnamed(path: path, named: promised.rawValue, found: "\(compression.rawValue) data")
            }
            compressions.append(compression)
            if let decoder = compression.decoder(source, path: path, options) {
                source = PeekedSource(readsAhead ? ReadAhead(decoder) ?? decoder : decoder)
            } else if file != nil {
                source = PeekedSource(try ProgramSource(compression, file: path))
            } else {
                source = PeekedSource(try ProgramSource(compression, source, path: path))
            }
            file = nil
            name = Compression.stripped(name)
        }
        throw .archive(path: path, byteOffset: 0, reason: "archives nested deeper than \(Self.maximumNesting)")
    }
}

extension Compression {
    /// What decodes `source`, which begins at byte `start` of its file, in process; nil for what programs decode.
    func decoder(_ source: any ByteSource, path: String, from start: Int = 0, _ options: CorpusOptions) -> (any ByteSource)? {
        switch self {
        case .zstd: ZstdSource(source, path: path, from: start, maximumWindowLog: options.maximumWindowLog)
        case .gzip: FrameSource(gzip: source, path: path, from: start)
        case .lz4: FrameSource(lz4: source, path: path)
        case .xz, .bzip2: nil
        }
    }
}
