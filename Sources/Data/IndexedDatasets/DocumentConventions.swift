import Files

/// A token that documents have at one of their ends, and how many of them do.
public struct DocumentConvention: Sendable, Equatable {
    /// A document without it.
    public struct Exception: Sendable, Equatable {
        public let document: Int
        /// The token that it has in that place, and where this is in the data.
        public let found: Int
        public let token: Int
    }

    public let token: Int
    /// Documents that have it.
    public internal(set) var count = 0
    /// Documents that are not empty.
    public internal(set) var total = 0
    /// The first that does not have it.
    public internal(set) var firstWithout: Exception?

    init(_ token: Int) { self.token = token }

    fileprivate mutating func note(_ found: Int, document: Int, at token: Int) {
        total += 1
        if found == self.token {
            count += 1
        } else if firstWithout == nil {
            firstWithout = Exception(document: document, found: found, token: token)
        }
    }
}

/// What the documents of a data set begin and end with.
///
/// A token that is known is counted whatever comes of it. Else the one that most of a sample of documents have is, if there is one:
/// texts end with this and that.
struct DocumentConventions {
    private(set) var ending: DocumentConvention?
    private(set) var beginning: DocumentConvention?

    private static let sampleSize = 1024

    /// Complexity: O(documents); touches two tokens of each.
    init(_ dataset: IndexedDataset, ending known: Int? = nil, beginning knownBeginning: Int? = nil) throws(IndexError) {
        var (last, first): ([Int], [Int]) = ([], [])
        let step = max(1, dataset.documentCount / Self.sampleSize)
        for document in stride(from: 0, to: dataset.documentCount, by: step) {
            guard let range = dataset.tokenRange(ofDocument: document) else { continue }
            first.append(dataset.token(at: range.lowerBound))
            last.append(dataset.token(at: range.upperBound - 1))
        }
        ending = (known ?? Self.majority(of: last)).map { DocumentConvention($0) }
        beginning = (knownBeginning ?? Self.majority(of: first)).map { DocumentConvention($0) }
        guard ending != nil || beginning != nil else { return }
        for document in 0..<dataset.documentCount {
            if document % 65_536 == 0, StopSignal.isRequested { throw .interrupted }
            guard let range = dataset.tokenRange(ofDocument: document) else { continue }
            if beginning != nil { beginning!.note(dataset.token(at: range.lowerBound), document: document, at: range.lowerBound) }
            if ending != nil { ending!.note(dataset.token(at: range.upperBound - 1), document: document, at: range.upperBound - 1) }
        }
    }

    /// The token that most of them are. Fewer than two tell nothing.
    private static func majority(of tokens: [Int]) -> Int? {
        guard tokens.count > 1 else { return nil }
        let middle = tokens.sorted()[tokens.count / 2]
        return tokens.count { $0 == middle } * 2 > tokens.count ? middle : nil
    }
}

extension IndexedDataset {
    /// The tokens of a document; nil for one without any.
    func tokenRange(ofDocument document: Int) -> Range<Int>? {
        let sequences = documentRange(document)
        let range = tokenOffset(ofSequence: sequences.lowerBound)..<tokenOffset(ofSequence: sequences.upperBound)
        return range.isEmpty ? nil : range
    }

    func token(at offset: Int) -> Int {
        var token: Int64 = 0
        unsafe copyTokens(at: offset, count: 1, into: &token)
        return Int(token)
    }
}
