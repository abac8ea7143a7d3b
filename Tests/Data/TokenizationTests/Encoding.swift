import Tokenization

extension Encoder {
    /// The ids of a batch of documents, and how many each has.
    func encode(_ documents: [[UInt8]], width: Int = 2, appendEndOfText: Bool = false) -> (ids: [TokenID], counts: [Int32]) {
        let output = TokenBuffer(width: width)
        var ends: [Int] = []
        for document in documents { ends.append((ends.last ?? 0) + document.count) }
        Array(documents.joined()).withUnsafeBytes { text in
            ends.withUnsafeBufferPointer { encode(text, documentEnds: $0, appendEndOfText: appendEndOfText, into: output) }
        }
        return (output.tokens, output.documentTokenCounts)
    }
}
