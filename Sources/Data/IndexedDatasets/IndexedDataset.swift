public import Files
import TypedErrors

/// A token index on disk, mapped for reading: Megatron's `.bin`/`.idx` pair.
///
/// The `.bin` is one stream of tokens without gaps. A *sequence* is a range of it (one document, or one sentence of it), a
/// *document* a range of sequences. Opening maps both files, copies nothing, and checks every entry of the index against the
/// others and against the size of the data, so that nothing read later can be outside.
///
///     let dataset = try IndexedDataset(prefix: "corpus")
///     var tokens = [Int32](repeating: 0, count: dataset.length(ofSequence: 7))
///     tokens.withUnsafeMutableBufferPointer {
///         dataset.copyTokens(at: dataset.tokenOffset(ofSequence: 7), count: $0.count, into: $0.baseAddress!)
///     }
///
/// Complexity of opening: one pass over the index at memory speed; of every query O(1) unless it says otherwise.
public struct IndexedDataset: Sendable {
    /// The path without `.bin` and `.idx`.
    public let prefix: String
    public let tokenType: TokenType
    /// Length of the stream, in tokens.
    public let tokenCount: Int
    public let index: IndexFile
    let data: MappedFile

    /// The index half of a pair.
    public static func indexPath(_ prefix: String) -> String { prefix + ".idx" }
    /// The data half of a pair.
    public static func dataPath(_ prefix: String) -> String { prefix + ".bin" }

    /// Maps and checks the pair at `prefix`. Throws the first thing that is wrong with it.
    public init(prefix: String) throws(IndexError) {
        try self.init(anyType: prefix)
        guard tokenType.isInteger else { throw .notTokens(path: data.path, type: tokenType) }
    }

    /// As ``init(prefix:)``, floats allowed: for what only copies bytes.
    init(anyType prefix: String) throws(IndexError) {
        let index = try IndexFile(path: Self.indexPath(prefix))
        let data = try mapping(IndexError.file, MappedFile(path: Self.dataPath(prefix)))
        let type = index.tokenType(forDataByteCount: data.count)
        try index.checkEntries(itemSize: type.itemSize, dataPath: data.path, dataByteCount: data.count)
        self.prefix = prefix
        self.index = index
        self.data = data
        tokenType = type
        tokenCount = data.count / type.itemSize
    }

    public var sequenceCount: Int { index.sequenceCount }
    public var documentCount: Int { index.documentEntryCount - 1 }
    /// Size of the `.bin`.
    public var binBytes: Int { data.count }
    /// Size of the `.idx`.
    public var idxBytes: Int { index.map.count }

    /// Tokens of a sequence; 0 is possible. A sequence that does not exist traps.
    public func length(ofSequence sequence: Int) -> Int { index.length(ofSequence: sequence) }

    /// Where a sequence begins in the stream, in tokens; of ``sequenceCount``: where the stream ends.
    public func tokenOffset(ofSequence sequence: Int) -> Int {
        sequence == sequenceCount ? tokenCount : index.pointer(ofSequence: sequence) / tokenType.itemSize
    }

    /// The sequences of a document; empty for a document without tokens. A document that does not exist traps.
    public func documentRange(_ document: Int) -> Range<Int> { index.documentEntry(document)..<index.documentEntry(document + 1) }

    /// What a sequence of a multimodal set holds; nil in text sets.
    public func mode(ofSequence sequence: Int) -> Int8? { index.mode(ofSequence: sequence) }

    /// The sequence that the token at `offset` of the stream belongs to. An offset outside of the stream traps.
    ///
    /// Complexity: O(log sequences).
    public func sequence(containingToken offset: Int) -> Int {
        precondition(offset >= 0 && offset < tokenCount, "no such token")
        let target = offset * tokenType.itemSize
        // The last sequence that begins at or before the token: empty ones in front of it begin there too.
        var (low, high) = (0, sequenceCount)
        while high - low > 1 {
            let middle = (low + high) / 2
            if index.pointer(ofSequence: middle) <= target { low = middle } else { high = middle }
        }
        return low
    }

    /// The document that a sequence belongs to. A sequence that does not exist traps.
    ///
    /// Complexity: O(log documents).
    public func document(containingSequence sequence: Int) -> Int {
        precondition(sequence >= 0 && sequence < sequenceCount, "no such sequence")
        // The last document that begins at or before the sequence: those without sequences in front of it begin there too.
        var (low, high) = (0, documentCount)
        while high - low > 1 {
            let middle = (low + high) / 2
            if index.documentEntry(middle) <= sequence { low = middle } else { high = middle }
        }
        return low
    }

    /// Tells the kernel how the tokens in `range` (default: all) will be read.
    public func advise(_ advice: MappedFile.Advice, tokens range: Range<Int>? = nil) {
        data.advise(advice, range.map { $0.lowerBound * tokenType.itemSize..<$0.upperBound * tokenType.itemSize })
    }
}

extension IndexFile {
    /// The type of the tokens. The header's number is Megatron's; DeepSpeed's library uses three of them for types of another
    /// size or kind, which shows in the space that tokens take.
    func tokenType(forDataByteCount dataByteCount: Int) -> TokenType {
        let megatron = TokenType(megatronCode: typeCode)!
        guard let deepSpeed = TokenType(deepSpeedCode: typeCode), deepSpeed != megatron, sequenceCount > 0 else { return megatron }
        // The last sequence must end with the data. An empty one tells nothing: then the first that is not empty, by its successor.
        var sequence = sequenceCount - 1
        var end = dataByteCount
        while sequence > 0 && length(ofSequence: sequence) == 0 {
            end = pointer(ofSequence: sequence)
            sequence -= 1
        }
        let byteCount = end.subtractingReportingOverflow(pointer(ofSequence: sequence)).partialValue
        let length = length(ofSequence: sequence)
        if byteCount == length * megatron.itemSize && megatron.itemSize != deepSpeed.itemSize { return megatron }
        // Code 7 has four bytes in both: float32 or uint32. Nobody stores floats as tokens.
        return byteCount == length * deepSpeed.itemSize ? deepSpeed : megatron
    }
}
