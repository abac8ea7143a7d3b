import Files
import JSON
import Quantities

/// Turns token files of one format into another: the stream of tokens stays the same, document boundaries go along as far as both formats have them.
///
/// Constant memory. A token that the target cannot store is an error, never another token.
public struct DatasetConverter: Sendable {
    /// A prefix of a pair, or the file itself.
    public let input: String
    public var inputFormat: TokenFileFormat
    public var outputFormat: TokenFileFormat
    /// Cuts documents out of files that keep no boundaries (llm.c, nanoGPT, raw, npy). Without it such a file is one document.
    public var endOfText: Int?
    /// How a headerless input stores tokens; the other formats say it themselves.
    public var rawType: TokenType?
    /// Every token must be below; nil: no limit but that of the types.
    public var vocabularySize: Int?
    /// How the output stores tokens; nil: as the input where the format can, else its next larger type.
    public var tokenType: TokenType?

    /// `from` nil: by the names and first bytes of what is there.
    public init(
        _ input: String, from inputFormat: TokenFileFormat? = nil, to outputFormat: TokenFileFormat = .megatron, endOfText: Int? = nil,
        tokenType: TokenType? = nil, rawType: TokenType? = nil, vocabularySize: Int? = nil
    ) throws(IndexError) {
        guard let format = inputFormat ?? TokenFile.format(of: input) else { throw TokenFile.unknown(input) }
        self.rawType = rawType
        self.vocabularySize = vocabularySize
        self.input = input
        self.inputFormat = format
        self.outputFormat = outputFormat
        self.endOfText = endOfText
        self.tokenType = tokenType
    }

    /// Writes `output`: a prefix for `megatron`, the file for the others. Returns the counts.
    /// - Parameter progress: is told bytes copied and bytes in all.
    @discardableResult
    public func convert(
        into output: String, overwrite: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
    ) throws(IndexError) -> IndexedDatasetWriter.Position {
        let file = try TokenFile(input, inputFormat, endOfText: endOfText, rawType: rawType, vocabularySize: vocabularySize)
        switch outputFormat {
        case .megatron: return try writePair(file, output, overwrite, progress)
        case .datatrove: return try writeDatatrove(file, output.hasSuffix(".ds") ? output : output + ".ds", overwrite, progress)
        case .llmc:
            let type = try chosenType(file, among: [.uint16, .uint32])
            guard let count = Int32(exactly: file.stream.tokenCount) else {
                throw .invalidTokenFile(
                    path: file.stream.path, byteOffset: nil,
                    reason: "\(file.stream.tokenCount) tokens are more than a file of llm.c can count; split it")
            }
            return try writeData(file, output, overwrite, header: LLMCHeader.bytes(for: type, tokenCount: count), type, progress)
        case .nanogpt: return try writeData(file, output, overwrite, header: [], try chosenType(file, among: [.uint16]), progress)
        case .raw: return try writeData(file, output, overwrite, header: [], try chosenType(file, among: Self.integers), progress)
        case .npy:
            let type = try chosenType(file, among: Self.integers)
            return try writeData(
                file, output, overwrite, header: NumPyHeader.bytes(for: type, shape: [file.stream.tokenCount]), type, progress)
        case .tnt, .fairseq:
            throw .invalidTokenFile(path: output, byteOffset: nil, reason: "the format \(outputFormat.rawValue) is only read")
        }
    }

    private static let integers = TokenType.allCases.filter(\.isInteger)

    private func writePair(
        _ file: TokenFile, _ output: String, _ overwrite: Bool, _ progress: (Int, Int) -> Void
    ) throws(IndexError) -> IndexedDatasetWriter.Position {
        let type = try chosenType(file, among: TokenType.allCases.filter { $0.megatronCode != nil && $0.isInteger })
        if let length = file.wholeDocumentLength, length > Int(Int32.max) {
            throw .invalidTokenFile(
                path: file.stream.path, byteOffset: nil,
                reason: "a document of \(length) tokens is more than an index can count: say which token ends documents (\(option: "eod"))")
        }
        var writer = try IndexedDatasetWriter(prefix: output, tokenType: type, overwrite: overwrite)
        try writer.copyData(of: file.stream) { progress($0, file.stream.bytes.count) }
        try file.forEachDocument { lengths throws(IndexError) in
            for length in lengths { try writer.writeLength(length) }
            try writer.writeDocument(sequences: lengths.count)
        }
        var metadata = DatasetMetadata(
            source: ["converted": JSONValue(FileSystem.name(of: input)), "from": JSONValue(inputFormat.rawValue)])
        if let known = file.metadata {
            // The tokens are the same, and so is what made them.
            (metadata.tokenizer, metadata.appendsEndOfText, metadata.beginning) = (known.tokenizer, known.appendsEndOfText, known.beginning)
        }
        return try writer.finish(metadata: metadata)
    }

    /// `.ds`, `.ds.index` (a document is one entry, whatever its sequences).
    private func writeDatatrove(
        _ file: TokenFile, _ output: String, _ overwrite: Bool, _ progress: (Int, Int) -> Void
    ) throws(IndexError) -> IndexedDatasetWriter.Position {
        let type = try chosenType(file, among: [.uint16, .uint32])
        let path = output + ".index"
        if !overwrite && FileSystem.exists(path) { throw .outputExists(path: path) }
        var ends = try IndexedDatasetWriter.open(path, keeping: 0)
        var (total, documents) = (0, 0)
        try file.forEachDocument { lengths throws(IndexError) in
            total += lengths.reduce(0, +)
            documents += 1
            try IndexedDatasetWriter.write(UInt64(total), to: &ends)
        }
        var position = try writeData(file, output, overwrite, header: [], type, progress)
        position.documentCount = documents
        do throws(FileError) { try ends.commit() } catch { throw .file(error) }
        return position
    }

    private func writeData(
        _ file: TokenFile, _ output: String, _ overwrite: Bool, header: [UInt8], _ type: TokenType,
        _ progress: (Int, Int) -> Void
    ) throws(IndexError) -> IndexedDatasetWriter.Position {
        if !overwrite && FileSystem.exists(output) { throw .outputExists(path: output) }
        var data = try IndexedDatasetWriter.open(output, keeping: 0)
        try IndexedDatasetWriter.write(header, to: &data)
        let total = file.stream.bytes.count
        var done = 0
        if file.stream.tokenType == type {
            try unsafe file.stream.forEachChunk { bytes throws(IndexError) in
                try unsafe IndexedDatasetWriter.write(bytes, to: &data)
                done += bytes.count
                progress(done, total)
            }
        } else {
            var bytes: [UInt8] = []
            try file.stream.forEachChunk(ofValues: { _, values throws(IndexError) in
                if let misfit = type.write(values, into: &bytes) {
                    throw .tokenDoesNotFit(path: file.stream.path, token: misfit, type: type)
                }
                try IndexedDatasetWriter.write(bytes, to: &data)
                done += values.count * file.stream.tokenType.itemSize
                progress(done, total)
            })
        }
        do throws(FileError) { try data.commit() } catch { throw .file(error) }
        return IndexedDatasetWriter.Position(binBytes: file.stream.tokenCount * type.itemSize)
    }

    /// The type that was asked for, the input's own, or the narrowest of `types` that is at least as wide.
    private func chosenType(_ file: TokenFile, among types: [TokenType]) throws(IndexError) -> TokenType {
        let own = file.stream.tokenType
        if let tokenType {
            guard types.contains(tokenType) else {
                throw .invalidTokenFile(
                    path: input, byteOffset: nil,
                    reason:
                        "\(outputFormat.rawValue) cannot store \(tokenType.rawValue); it has \(types.map(\.rawValue).joined(separator: ", "))"
                )
            }
            return tokenType
        }
        if types.contains(own) { return own }
        return types.sorted { $0.itemSize < $1.itemSize }.first { $0.itemSize >= own.itemSize } ?? types.max { $0.itemSize < $1.itemSize }!
    }
}
