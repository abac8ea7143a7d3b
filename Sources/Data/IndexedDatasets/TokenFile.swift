import Files
import TypedErrors
import Quantities

/// The formats of token files that ``DatasetConverter`` knows. Raw values are the command line's spellings.
public enum TokenFileFormat: String, Sendable, CaseIterable {
    /// Megatron's `.bin`/`.idx`, also DeepSpeed's dialect of it.
    case megatron
    /// The old "lazy" and "cached" `.bin`/`.idx` (TNTIDX). Read only.
    case tnt
    /// datatrove's `.ds` with `.ds.index`.
    case datatrove
    /// llm.c's `.bin`: a header of 256 int32, then uint16 (version 1) or uint32 (version 7) tokens.
    case llmc = "llm.c"
    /// nanoGPT's `.bin`: uint16 tokens and nothing else.
    case nanogpt
}

/// A token file of whatever format, opened: where its tokens lie, and where sequences and documents end.
struct TokenFile {
    /// What says where documents end.
    enum Boundaries {
        /// An index of ours.
        case index(IndexFile)
        /// A TNTIDX.
        case legacy(LegacyIndex)
        /// A file of cumulative document ends (uint64, tokens).
        case ends(MappedFile)
        /// Nothing but the tokens: documents begin with `token`, or end with it.
        case marked(token: Int, begins: Bool)
        /// Nothing at all: one document.
        case none
    }

    let stream: TokenStream
    let boundaries: Boundaries

    /// Opens `path`: a prefix of a pair, or the file itself. `endOfText` cuts files that keep no boundaries.
    init(_ path: String, _ format: TokenFileFormat, endOfText: Int?) throws(IndexError) {
        switch format {
        case .megatron:
            let dataset = try IndexedDataset(prefix: Self.prefix(path))
            stream = dataset.stream
            boundaries = .index(dataset.index)
        case .tnt:
            let index = try LegacyIndex(path: IndexedDataset.indexPath(Self.prefix(path)))
            let data = IndexedDataset.dataPath(Self.prefix(path))
            let byteCount = try Self.size(data)
            guard index.tokenCount * index.tokenType.itemSize == byteCount else {
                throw .dataSizeMismatch(path: data, expected: index.tokenCount * index.tokenType.itemSize, found: byteCount)
            }
            stream = TokenStream(path: data, tokenType: index.tokenType, bytes: 0..<byteCount)
            boundaries = .legacy(index)
        case .datatrove: (stream, boundaries) = try Self.datatrove(path)
        case .llmc: (stream, boundaries) = try Self.llmc(path, endOfText)
        case .nanogpt:
            let byteCount = try Self.size(path)
            guard byteCount % 2 == 0 else {
                throw .invalidTokenFile(path: path, byteOffset: byteCount, reason: "the file ends inside of a token")
            }
            stream = TokenStream(path: path, tokenType: .uint16, bytes: 0..<byteCount)
            boundaries = try Self.marks(in: stream, endOfText)
        }
    }

    /// The format of what is at `path`, by its names and first bytes; nil when they do not tell.
    static func format(of path: String) -> TokenFileFormat? {
        if path.hasSuffix(".ds") { return .datatrove }
        if let start = try? start(of: IndexedDataset.indexPath(prefix(path)), 9) {
            return start.starts(with: IndexFile.legacyMagic) ? .tnt : start == IndexFile.magic ? .megatron : nil
        }
        guard path.hasSuffix(".bin"), let start = try? start(of: path, 8) else { return nil }
        return llmcVersion(start) == nil ? .nanogpt : .llmc
    }

    /// Calls `body` with the lengths of the sequences of each document.
    func forEachDocument(_ body: ([Int]) throws(IndexError) -> Void) throws(IndexError) {
        switch boundaries {
        case .index(let index):
            for document in 0..<index.documentEntryCount - 1 {
                try body((index.documentEntry(document)..<index.documentEntry(document + 1)).map { index.length(ofSequence: $0) })
            }
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
        let map = try mapping(IndexError.file, MappedFile(path: path))
        return unsafe map.withBytes { unsafe Array($0.prefix(byteCount)) }
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
