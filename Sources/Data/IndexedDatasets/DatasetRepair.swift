import Files
import TypedErrors
import Quantities

/// Writes a sound copy of a damaged pair, where the damage is of a kind that leaves no doubt about what was meant. Never in place.
///
/// - **Pointers** that overflowed in a merge of more than 40 billion tokens (NVIDIA/Megatron-LM#1672): lengths and data agree, so pointers follow.
/// - **End-of-text drift** (Megatron-DeepSpeed's `--append-eod`): the data has one more token for each document that is not empty,
///   and exactly there stands one and the same token; the lengths are corrected.
/// - **A missing or unreadable index**, or one whose lengths or documents cannot be, of data in which each document ends with a known token:
///   the data is cut behind each of them. Empty documents leave no trace in the data and are not restored.
public struct DatasetRepair: Sendable {
    /// What is wrong, and so what will be done.
    public enum Damage: String, Sendable {
        case none
        case pointers
        case endOfTextDrift = "end-of-text drift"
        case missingIndex = "missing index"
    }

    public let prefix: String
    /// The token that ends each document; nil: what `P.meta` says, if anything. Only a missing index needs it.
    public var endOfText: Int?
    /// How tokens are stored; nil: what the index or `P.meta` says. Only a missing index needs it.
    public var tokenType: TokenType?

    public init(prefix: String, endOfText: Int? = nil, tokenType: TokenType? = nil) {
        self.prefix = prefix
        self.endOfText = endOfText
        self.tokenType = tokenType
    }

    /// Finds out what is wrong without writing anything. Throws ``IndexError/cannotRepair(path:reason:)`` for any other damage, also for
    /// bytes that are not those that the list of checksums was made of: nothing says what they were. Reads the whole pair when its structure is sound.
    public func diagnose() throws(IndexError) -> Damage {
        let damage = try diagnoseStructure()
        guard damage == .none else { return damage }
        for problem in try DatasetVerifier(prefix: prefix).verify().problems {
            guard case .checksumMismatch(let path, let range) = problem else { continue }
            throw .cannotRepair(
                path: path,
                reason:
                    "bytes \(range.lowerBound) ..< \(range.upperBound) are not those that were written, and nothing says what they were: take them from another copy, or make the index again"
            )
        }
        return .none
    }

    private func diagnoseStructure() throws(IndexError) -> Damage {
        let indexPath = IndexedDataset.indexPath(prefix)
        let data = try mapping(IndexError.file, FileSystem.size(IndexedDataset.dataPath(prefix)))
        guard FileSystem.exists(indexPath) else { return .missingIndex }
        let index: IndexFile
        do throws(IndexError) { index = try IndexFile(path: indexPath) } catch {
            if case .file = error { throw error }
            if case .legacyIndex = error { throw error }
            if case .fairseqIndex = error { throw error }
            return .missingIndex
        }
        do throws(IndexError) { try index.checkDocuments() } catch {
            if try endOfDocuments() != nil { return .missingIndex }
            throw .cannotRepair(
                path: indexPath,
                reason:
                    "the document array is damaged; \(Self.cuttable)"
            )
        }
        let (tokens, drift): (Int, Int)
        do throws(IndexError) { (tokens, drift) = try counts(of: index) } catch {
            if try endOfDocuments() != nil { return .missingIndex }
            throw error
        }
        let type = index.tokenType(tokenCount: tokens, dataByteCount: data) ?? TokenType(megatronCode: index.typeCode)!
        if data == tokens * type.itemSize {
            return (try? index.checkSequences(itemSize: type.itemSize)) == nil ? .pointers : .none
        }
        if drift > 0, data == (tokens + drift) * type.itemSize { return .endOfTextDrift }
        // Lengths that pointers contradict say nothing; those that agree say that the data is another.
        if (try? index.checkSequences(itemSize: type.itemSize)) == nil {
            if try endOfDocuments() != nil { return .missingIndex }
            throw .cannotRepair(
                path: indexPath,
                reason: "lengths, pointers and data contradict each other; \(Self.cuttable)")
        }
        throw .cannotRepair(
            path: IndexedDataset.dataPath(prefix),
            reason:
                "there are \(data) bytes; the index describes \(tokens * type.itemSize), with lost end-of-text tokens \((tokens + drift) * type.itemSize)"
        )
    }

    /// Writes the sound copy to `output`. Returns what was wrong.
    /// - Parameter progress: is told bytes copied and bytes in all.
    @discardableResult
    public func repair(
        into output: String, overwrite: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
    ) throws(IndexError) -> Damage {
        if output == prefix { throw .cannotRepair(path: IndexedDataset.indexPath(prefix), reason: "the copy needs another name") }
        let damage = try diagnose()
        let type = try storedType(damage)
        let size = try mapping(IndexError.file, FileSystem.size(IndexedDataset.dataPath(prefix)))
        guard size % type.itemSize == 0 else {
            throw .cannotRepair(
                path: IndexedDataset.dataPath(prefix), reason: "\(size) bytes are no whole number of \(type.rawValue) tokens")
        }
        let stream = TokenStream(path: IndexedDataset.dataPath(prefix), tokenType: type, bytes: 0..<size)
        // A type of DeepSpeed's dialect gets Megatron's nearest.
        let target = type.megatronCode == nil ? TokenType.int32 : type
        var writer = try IndexedDatasetWriter(prefix: output, tokenType: target, overwrite: overwrite)
        switch damage {
        case .none, .pointers: try writer.copyEntries(of: try IndexFile(path: IndexedDataset.indexPath(prefix)))
        case .endOfTextDrift: try restoreEnds(of: stream, &writer)
        case .missingIndex: try cut(stream, &writer)
        }
        try writer.copyData(of: stream) { progress($0, size) }
        try writer.finish(metadata: (try? description()) ?? DatasetMetadata())
        return damage
    }

    // MARK: the three repairs

    /// Each document that is not empty gets the token behind it; all of these must be one and the same.
    private func restoreEnds(of stream: TokenStream, _ writer: inout IndexedDatasetWriter) throws(IndexError) {
        let index = try IndexFile(path: IndexedDataset.indexPath(prefix))
        let file = try mapping(IndexError.file, OpenFile(stream.path))
        var token = endOfText
        var place = 0
        for document in 0..<index.documentEntryCount - 1 {
            let sequences = index.documentEntry(document)..<index.documentEntry(document + 1)
            let count = sequences.reduce(0) { $0 + index.length(ofSequence: $1) }
            for sequence in sequences {
                let isLast = count > 0 && sequence == sequences.upperBound - 1
                try writer.writeLength(index.length(ofSequence: sequence) + (isLast ? 1 : 0))
            }
            try writer.writeDocument(sequences: sequences.count)
            guard count > 0 else { continue }
            place += count + 1
            let found = try stream.value(ofToken: place - 1, in: file)
            guard found == token ?? found else {
                throw .cannotRepair(
                    path: stream.path,
                    reason:
                        "document \(document) would end with token \(found) at byte \(stream.byteOffset(ofToken: place - 1)), not \(token!)"
                )
            }
            token = found
        }
    }

    /// Cuts the stream behind each end-of-text token.
    private func cut(_ stream: TokenStream, _ writer: inout IndexedDatasetWriter) throws(IndexError) {
        guard let token = try endOfDocuments() else {
            throw .cannotRepair(
                path: IndexedDataset.indexPath(prefix),
                reason: "it can be made again only when the token that ends each document is known (\(option: "eod"))")
        }
        var start = 0
        try stream.forEachChunk(ofValues: { first, values throws(IndexError) in
            for (offset, value) in values.enumerated() where value == token {
                let end = first + offset + 1
                try writer.writeLength(end - start)
                try writer.writeDocument(sequences: 1)
                start = end
            }
        })
        if start != stream.tokenCount {
            throw .cannotRepair(
                path: stream.path,
                reason: "the last document, from byte \(stream.byteOffset(ofToken: start)), does not end with token \(token)")
        }
    }

    // MARK: what is known

    private static let cuttable: OptionText = "the data can be cut anew if each document ends with the same token (\(option: "eod"))"

    /// The token that ends each document, as far as anybody says.
    private func endOfDocuments() throws(IndexError) -> Int? {
        if let endOfText { return endOfText }
        return try description().flatMap { $0.appendsEndOfText == false ? nil : $0.tokenizer?.endOfText }
    }

    /// Tokens by the lengths alone, and documents with tokens.
    private func counts(of index: IndexFile) throws(IndexError) -> (tokens: Int, documentsWithTokens: Int) {
        var (tokens, documents) = (0, 0)
        for document in 0..<index.documentEntryCount - 1 {
            let before = tokens
            for sequence in index.documentEntry(document)..<index.documentEntry(document + 1) {
                let length = index.length(ofSequence: sequence)
                guard length >= 0 else {
                    throw .cannotRepair(
                        path: index.map.path,
                        reason:
                            "sequence \(sequence) has a length of \(length); \(Self.cuttable)"
                    )
                }
                tokens += length
            }
            if tokens > before { documents += 1 }
        }
        return (tokens, documents)
    }

    private func storedType(_ damage: Damage) throws(IndexError) -> TokenType {
        if let tokenType { return tokenType }
        let data = try mapping(IndexError.file, FileSystem.size(IndexedDataset.dataPath(prefix)))
        if damage != .missingIndex {
            let index = try IndexFile(path: IndexedDataset.indexPath(prefix))
            let (tokens, drift) = try counts(of: index)
            return index.tokenType(tokenCount: tokens + (damage == .endOfTextDrift ? drift : 0), dataByteCount: data)
                ?? TokenType(megatronCode: index.typeCode)!
        }
        if let known = try DatasetMetadata.tokenType(prefix) { return known }
        if let index = try? IndexFile(path: IndexedDataset.indexPath(prefix)), let type = TokenType(megatronCode: index.typeCode),
            type.isInteger
        {
            return type
        }
        throw .cannotRepair(
            path: IndexedDataset.indexPath(prefix),
            reason: "nothing says how the tokens of \(data) bytes are stored (\(option: "dtype") uint16 or int32)")
    }

    /// The side file, whatever sizes it gives.
    private func description() throws(IndexError) -> DatasetMetadata? { try DatasetMetadata(anySizes: prefix) }
}

extension IndexFile {
    /// The type with which so many tokens fill the data: Megatron's reading of the header's number first, then DeepSpeed's.
    func tokenType(tokenCount: Int, dataByteCount: Int) -> TokenType? {
        [TokenType(megatronCode: typeCode), TokenType(deepSpeedCode: typeCode)].lazy.compactMap { $0 }
            .first { $0.isInteger && tokenCount * $0.itemSize == dataByteCount }
    }
}
