import Files
import TypedErrors
import Quantities

/// The formats of token files that ``DatasetConverter`` knows. Raw values are the command line's spellings.
public enum TokenFileFormat: String, Sendable, CaseIterable {
    /// Megatron's `.bin`/`.idx`, also DeepSpeed's dialect of it.
    case megatron
    /// fairseq's `.bin`/`.idx`: each sequence is a document. Read only.
    case fairseq
    /// The old "lazy" and "cached" `.bin`/`.idx` (TNTIDX). Read only.
    case tnt
    /// datatrove's `.ds` with `.ds.index`.
    case datatrove
    /// llm.c's `.bin`: a header of 256 int32, then uint16 (version 1) or uint32 (version 7) tokens.
    case llmc = "llm.c"
    /// nanoGPT's `.bin`: uint16 tokens and nothing else.
    case nanogpt
    /// Tokens and nothing else, in a type that somebody must name: dolma's and OLMo's arrays, whatever their names.
    case raw
    /// NumPy's `.npy`: a header with type and shape, then the array. Each row of an array of several dimensions is a document.
    case npy
}

/// A token file of whatever format, opened: where its tokens lie, and where sequences and documents end.
struct TokenFile {
    /// What says where documents end.
    enum Boundaries {
        /// An index of ours.
        case index(IndexFile)
        /// An index of fairseq.
        case fairseq(FairseqIndex)
        /// A TNTIDX.
        case legacy(LegacyIndex)
        /// A file of cumulative document ends (uint64, tokens).
        case ends(MappedFile)
        /// Nothing but the tokens: documents begin with `token`, or end with it.
        case marked(token: Int, begins: Bool)
        /// Rows of an array, each of so many tokens.
        case rows(length: Int)
        /// Nothing at all: one document.
        case none
    }

    private(set) var stream: TokenStream
    let boundaries: Boundaries
    /// What a pair's side file says.
    private(set) var metadata: DatasetMetadata?

    /// Opens `path`: a prefix of a pair, or the file itself. `endOfText` cuts files that keep no boundaries, `rawType` is that of headerless ones.
    /// Reading gives an error for tokens that are not below `vocabularySize`; nil: for negative ones, where no index of ours says what they are.
    init(
        _ path: String, _ format: TokenFileFormat, endOfText: Int?, rawType: TokenType? = nil, vocabularySize: Int? = nil
    ) throws(IndexError) {
        switch format {
        case .megatron:
            let dataset = try IndexedDataset(prefix: Self.prefix(path))
            stream = dataset.stream
            metadata = dataset.metadata
            boundaries = .index(dataset.index)
        case .fairseq:
            let index = try FairseqIndex(path: IndexedDataset.indexPath(Self.prefix(path)))
            stream = try Self.data(path, index.tokenType, count: index.tokenCount)
            boundaries = .fairseq(index)
        case .tnt:
            let index = try LegacyIndex(path: IndexedDataset.indexPath(Self.prefix(path)))
            stream = try Self.data(path, index.tokenType, count: index.tokenCount)
            boundaries = .legacy(index)
        case .datatrove: (stream, boundaries) = try Self.datatrove(path)
        case .llmc: (stream, boundaries) = try Self.llmc(path, endOfText)
        case .nanogpt: (stream, boundaries) = try Self.raw(path, .uint16, endOfText)
        case .raw:
            guard let rawType else {
                throw .invalidTokenFile(
                    path: path, byteOffset: nil,
                    reason: "nothing in it says how it stores tokens: say \(option: "dtype") uint16, uint32 or another")
            }
            (stream, boundaries) = try Self.raw(path, rawType, endOfText)
        case .npy: (stream, boundaries) = try Self.npy(path, endOfText)
        }
        if vocabularySize != nil || format == .raw || format == .npy { stream.limit = vocabularySize ?? .max }
    }

    /// The format of what is at `path`, by its names and first bytes; nil when they do not tell.
    static func format(of path: String) -> TokenFileFormat? {
        if path.hasSuffix(".ds") { return .datatrove }
        if let start = try? start(of: IndexedDataset.indexPath(prefix(path)), 9) {
            if start.starts(with: IndexFile.legacyMagic) { return .tnt }
            guard start == IndexFile.magic, let map = try? MappedFile(path: IndexedDataset.indexPath(prefix(path))) else { return nil }
            return FairseqIndex.fits(map) ? .fairseq : .megatron
        }
        if path.hasSuffix(".npy") { return (try? start(of: path, 6)) == NumPyHeader.magic ? .npy : nil }
        guard path.hasSuffix(".bin"), let start = try? start(of: path, 1 << 16) else { return nil }
        if llmcVersion(start) != nil { return .llmc }
        return looksWide(start) ? nil : .nanogpt
    }

    /// Why the format of what is at `path` cannot be told, and what to say.
    static func unknown(_ path: String) -> IndexError {
        if !FileSystem.exists(IndexedDataset.indexPath(prefix(path))) {
            do throws(FileError) { _ = try FileSystem.status(path) } catch { return .file(error) }
        }
        var reason: OptionText = "its format cannot be told; name it with \(option: "from")"
        if path.hasSuffix(".npy") || path.hasSuffix(".bin"), FileSystem.exists(path) {
            let why = path.hasSuffix(".npy") ? "it has no header of NumPy's" : "it looks like uint32, which nanoGPT's files are not"
            reason = "\(why): if it is a bare list of token ids, say \(option: "from") raw \(option: "dtype") uint32 (or uint16)"
        }
        return .invalidTokenFile(path: path, byteOffset: nil, reason: reason)
    }

    /// Whether every second 16-bit number is the small upper half of a token of 32 bits. Text in uint16 is never so for long.
    private static func looksWide(_ start: [UInt8]) -> Bool {
        guard start.count >= 64 else { return false }
        return stride(from: 2, to: start.count - 1, by: 4).allSatisfy { start[$0] < 16 && start[$0 + 1] == 0 }
    }

    /// The length of every document, where the file says nothing of them: of a row, or of all.
    var wholeDocumentLength: Int? {
        switch boundaries {
        case .none: stream.tokenCount
        case .rows(let length): length
        default: nil
        }
    }

    /// Calls `body` with the lengths of the sequences of each document.
    func forEachDocument(_ body: ([Int]) throws(IndexError) -> Void) throws(IndexError) {
        switch boundaries {
        case .index(let index):
            for document in 0..<index.documentEntryCount - 1 {
                try body((index.documentEntry(document)..<index.documentEntry(document + 1)).map { index.length(ofSequence: $0) })
            }
        case .fairseq(let index):
            for sequence in 0..<index.sequenceCount { try body([index.length(ofSequence: sequence)]) }
        case .legacy(let index):
            for document in 0..<index.documentCount { try body(index.sequences(ofDocument: document).map { index.length(ofSequence: $0) }) }
        case .ends(let map):
            var start = 0
            for document in 0..<map.count / 8 {
                let end = map.load(at: 8 * document, as: Int.self)
                try body([end - start])
                start = end
            }
        case .marked(let token, let begins): try forEachMarkedDocument(token, begins, body)
        case .rows(let length):
            for _ in 0..<(length == 0 ? 0 : stream.tokenCount / length) {
                if StopSignal.isRequested { throw .interrupted }
                try body([length])
            }
        case .none: if stream.tokenCount > 0 { try body([stream.tokenCount]) }
        }
    }

    private func forEachMarkedDocument(
        _ token: Int, _ begins: Bool, _ body: ([Int]) throws(IndexError) -> Void
    ) throws(IndexError) {
        var start = 0
        try stream.forEachChunk(ofValues: { first, values throws(IndexError) in
            for (offset, value) in values.enumerated() where value == token {
                let cut = first + offset + (begins ? 0 : 1)
                if cut > start { try body([cut - start]) }
                start = cut
            }
        })
        if stream.tokenCount > start { try body([stream.tokenCount - start]) }
    }

    // MARK: formats

    private static func datatrove(_ path: String) throws(IndexError) -> (TokenStream, Boundaries) {
        let path = path.hasSuffix(".ds") ? path : path + ".ds"
        let ends = try mapping(IndexError.file, MappedFile(path: path + ".index"))
        guard ends.count % 8 == 0 else {
            throw .invalidTokenFile(path: ends.path, byteOffset: ends.count, reason: "not a list of 64-bit document ends")
        }
        var previous = 0
        for entry in 0..<ends.count / 8 {
            let end = ends.load(at: 8 * entry, as: UInt64.self)
            guard end >= previous && end <= Int.max / 8 else {
                throw .invalidTokenFile(
                    path: ends.path, byteOffset: 8 * entry, reason: "document \(entry) ends at \(end), before it begins")
            }
            previous = Int(end)
        }
        let byteCount = try size(path)
        let type: TokenType? = byteCount == 2 * previous ? .uint16 : byteCount == 4 * previous ? .uint32 : nil
        guard let type else {
            throw .invalidTokenFile(
                path: path, byteOffset: nil, reason: "\(byteCount) bytes are neither 2 nor 4 for each of \(previous) tokens")
        }
        return (TokenStream(path: path, tokenType: type, bytes: 0..<byteCount), .ends(ends))
    }

    private static func llmc(_ path: String, _ endOfText: Int?) throws(IndexError) -> (TokenStream, Boundaries) {
        let header = try start(of: path, LLMCHeader.byteCount)
        guard header.count == LLMCHeader.byteCount, let type = llmcVersion(header) else {
            throw .invalidTokenFile(path: path, byteOffset: 0, reason: "not a token file of llm.c (magic 20240520 or 20240801)")
        }
        let count = unsafe header.withUnsafeBytes { unsafe Int($0.loadUnaligned(fromByteOffset: 8, as: Int32.self)) }
        let byteCount = try size(path)
        guard count >= 0, byteCount == LLMCHeader.byteCount + count * type.itemSize else {
            throw .invalidTokenFile(
                path: path, byteOffset: 8, reason: "the header counts \(count) tokens, which does not fit a file of \(byteCount) bytes")
        }
        let stream = TokenStream(path: path, tokenType: type, bytes: LLMCHeader.byteCount..<byteCount)
        return (stream, try marks(in: stream, endOfText))
    }

    /// The data beside an index that counts so many tokens.
    private static func data(_ path: String, _ type: TokenType, count: Int) throws(IndexError) -> TokenStream {
        let data = IndexedDataset.dataPath(prefix(path))
        let byteCount = try size(data)
        let (expected, overflow) = count.multipliedReportingOverflow(by: type.itemSize)
        guard !overflow, expected == byteCount else {
            throw .dataSizeMismatch(path: data, expected: overflow ? .max : expected, found: byteCount)
        }
        return TokenStream(path: data, tokenType: type, bytes: 0..<byteCount)
    }

    private static func raw(_ path: String, _ type: TokenType, _ endOfText: Int?) throws(IndexError) -> (TokenStream, Boundaries) {
        let byteCount = try size(path)
        guard byteCount % type.itemSize == 0 else {
            throw .invalidTokenFile(
                path: path, byteOffset: byteCount,
                reason: "the file ends inside of a token: \(byteCount) bytes are no whole number of \(type.rawValue)")
        }
        if try start(of: path, 6) == NumPyHeader.magic {
            throw .invalidTokenFile(
                path: path, byteOffset: 0, reason: "it begins with a header of NumPy's, which are no tokens: say \(option: "from") npy")
        }
        let stream = TokenStream(path: path, tokenType: type, bytes: 0..<byteCount)
        return (stream, try marks(in: stream, endOfText))
    }

    private static func npy(_ path: String, _ endOfText: Int?) throws(IndexError) -> (TokenStream, Boundaries) {
        let start = try start(of: path, NumPyHeader.maximumByteCount)
        let header = try mapping(
            { (fault: NumPyHeader.Fault) in IndexError.invalidTokenFile(path: path, byteOffset: fault.byteOffset, reason: fault.reason) },
            NumPyHeader(start))
        let byteCount = try size(path)
        guard let count = header.count, byteCount == header.byteCount + count * header.tokenType.itemSize else {
            let shape = header.shape.map(String.init).joined(separator: " × ")
            throw .invalidTokenFile(
                path: path, byteOffset: header.byteCount,
                reason: "the header claims \(shape) values of \(header.tokenType.rawValue), which does not fit a file of \(byteCount) bytes"
            )
        }
        let stream = TokenStream(path: path, tokenType: header.tokenType, bytes: header.byteCount..<byteCount)
        if endOfText == nil, header.shape.count > 1 { return (stream, .rows(length: header.rowLength)) }
        return (stream, try marks(in: stream, endOfText))
    }

    private static func llmcVersion(_ header: [UInt8]) -> TokenType? {
        if header.starts(with: LLMCHeader.bytes(for: .uint16, tokenCount: 0).prefix(8)) { return .uint16 }
        return header.starts(with: LLMCHeader.bytes(for: .uint32, tokenCount: 0).prefix(8)) ? .uint32 : nil
    }

    /// llm.c puts the end-of-text token in front of each document, nanoGPT behind it: the first token tells.
    private static func marks(in stream: TokenStream, _ endOfText: Int?) throws(IndexError) -> Boundaries {
        guard let endOfText, stream.tokenCount > 0 else { return .none }
        let file = try mapping(IndexError.file, OpenFile(stream.path))
        return .marked(token: endOfText, begins: try stream.value(ofToken: 0, in: file) == endOfText)
    }

    private static func prefix(_ path: String) -> String {
        path.hasSuffix(".idx") || path.hasSuffix(".bin") ? String(path.dropLast(4)) : path
    }

    private static func size(_ path: String) throws(IndexError) -> Int {
        try mapping(IndexError.file, FileSystem.size(path))
    }

    private static func start(of path: String, _ byteCount: Int) throws(IndexError) -> [UInt8] {
        try mapping(IndexError.file, FileSystem.start(of: path, byteCount))
    }
}

/// The first 1024 bytes of llm.c's token files: int32 magic, version, number of tokens, then zeros.
enum LLMCHeader {
    static let byteCount = 1024

    static func bytes(for type: TokenType, tokenCount: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: type == .uint16 ? Int32(20_240_520) : 20_240_801)
        bytes.append(littleEndian: type == .uint16 ? Int32(1) : 7)
        bytes.append(littleEndian: tokenCount)
        return bytes + [UInt8](repeating: 0, count: byteCount - bytes.count)
    }
}
