import Files
import Quantities

/// Where documents begin in a data set's stream, read from its mapped `.idx` without counting references: ``IndexedDataset/documentStarts`` says how long it is valid.
@safe
public struct DocumentStarts: @unchecked Sendable {
    private let pointers: UnsafeRawPointer
    private let entries: UnsafeRawPointer
    private let sequenceCount: Int
    private let documentCount: Int
    private let tokenCount: Int
    /// Of the size of a token: 0 … 3.
    private let sizeExponent: Int

    fileprivate init(_ dataset: IndexedDataset) {
        let index = dataset.index
        // An index is never empty, and its arrays lie inside of it: opening checked that.
        let base = unsafe index.map.bytes.baseAddress!
        unsafe pointers = base + index.pointerByteOffset(0)
        unsafe entries = base + index.documentByteOffset(0)
        (sequenceCount, documentCount, tokenCount) = (dataset.sequenceCount, dataset.documentCount, dataset.tokenCount)
        sizeExponent = dataset.tokenType.itemSize.trailingZeroBitCount
    }

    /// The first token of a document; where its successor begins when it is empty.
    private func start(_ document: Int) -> Int {
        let sequence = unsafe entries.loadUnaligned(fromByteOffset: 8 &* document, as: Int.self)
        if sequence == sequenceCount { return tokenCount }
        return unsafe pointers.loadUnaligned(fromByteOffset: 8 &* sequence, as: Int.self) >> sizeExponent
    }

    /// Appends the offset of each token in `tokens` with which a document begins, in rising order. Documents without tokens begin nowhere.
    ///
    /// Complexity: O(log documents + documents that begin there).
    public func append(in tokens: Range<Int>, to offsets: inout [Int]) {
        precondition(tokens.lowerBound >= 0 && tokens.upperBound <= tokenCount, "tokens outside of the data set")
        // The first document that begins at or behind the range's first token.
        var (low, high) = (0, documentCount)
        while low < high {
            let middle = (low &+ high) / 2
            if start(middle) < tokens.lowerBound { low = middle &+ 1 } else { high = middle }
        }
        var last = -1
        while low < documentCount {
            let offset = start(low)
            if offset >= tokens.upperBound { return }
            if offset != last { offsets.append(offset) }
            last = offset
            low &+= 1
        }
    }

    /// Whether a document begins with the token at `offset`, or ends with the one before it at the end of the stream.
    public func isBorder(_ offset: Int) -> Bool {
        if offset == tokenCount { return true }
        var (low, high) = (0, documentCount)
        while low < high {
            let middle = (low &+ high) / 2
            if start(middle) < offset { low = middle &+ 1 } else { high = middle }
        }
        return low < documentCount && start(low) == offset
    }
}

extension IndexedDataset {
    /// Where documents begin, for loops in which counting references would show. Valid as long as the data set, or a copy of it, is kept.
    public var documentStarts: DocumentStarts { DocumentStarts(self) }

    /// Makes sure that documents end with an end token, and says which one it is; nil where there is no second document that could tell.
    ///
    /// The side file says so for what we preprocessed. For other data a sample of documents does: they end with one and the same token. Throws
    /// ``IndexError/noEndToken(path:reason:)`` where that is not so. Complexity: touches the last token of some thousand documents.
    public func checkEndToken() throws(IndexError) -> Int? {
        let metadata = metadata
        if metadata?.appendsEndOfText == false {
            throw .noEndToken(path: prefix, reason: "its side file says that documents do not end with an end token")
        }
        var expected = metadata?.appendsEndOfText == true ? metadata?.tokenizer?.endOfText : nil
        var first: (document: Int, token: Int)?
        for document in stride(from: 0, to: documentCount, by: max(1, documentCount / 1024)) {
            guard let range = tokenRange(ofDocument: document) else { continue }
            let found = token(at: range.upperBound - 1)
            if let expected, found != expected {
                let other = first.map { "document \($0.document) ends with token \($0.token)" } ?? "its end token is \(expected)"
                throw .noEndToken(path: prefix, reason: "\(other), and document \(document) with \(found)")
            }
            if first == nil { first = (document, found) }
            expected = found
        }
        return documentCount > 1 ? expected : nil
    }
}
