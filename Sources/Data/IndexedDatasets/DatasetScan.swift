import Files
import Hashing

/// Reads every token of some data sets, to say which tokens occur and which documents are copies of others.
///
/// Documents count as the same when they have the same tokens, in whichever of the data sets and however stored. A set of hashes finds
/// them: 22 bytes a document, up to ``memoryLimit``. When that is too little for all documents, each of several passes over the data looks
/// at the share of them whose hashes fall into it: the result is the same.
public struct DatasetScan: Sendable {
    /// A document by the number of its data set and its number there.
    public struct Place: Sendable, Equatable {
        public var dataset: Int
        public var document: Int
    }

    /// What the tokens say.
    public struct Findings: Sendable {
        public var use: TokenUse
        /// Documents that equal an earlier one; empty ones do not count.
        public var duplicateDocuments = 0
        /// Tokens of these documents.
        public var duplicateTokens = 0
        /// The first of these documents, in the order of the data.
        public var firstDuplicate: Place?
        /// How often the data was read.
        public var passes: Int
    }

    public let datasets: [IndexedDataset]
    /// Bytes for the hashes of documents.
    public let memoryLimit: Int

    public init(_ datasets: [IndexedDataset], memoryLimit: Int = 1 << 30) {
        self.datasets = datasets
        self.memoryLimit = memoryLimit
    }

    private var documentCount: Int { datasets.reduce(0) { $0 + $1.documentCount } }
    private var tokenCount: Int { datasets.reduce(0) { $0 + $1.tokenCount } }

    /// How often ``run(progress:)`` will read the data.
    public var passes: Int {
        // The passes' shares differ a little: with a thirty-second part of room none asks for more.
        let capacity = max(1, memoryLimit / HashSet128.bytesPerHash)
        return documentCount <= capacity ? 1 : (documentCount + documentCount / 32) / capacity + 1
    }

    /// Complexity: ``passes`` passes over the tokens at some hundred million a second. Throws `.interrupted` when a stop is asked for.
    /// - Parameter progress: is told bytes read and bytes in all.
    public func run(progress: (Int, Int) -> Void = { _, _ in }) throws(IndexError) -> Findings {
        let vocabulary = datasets.map { $0.metadata?.tokenizer?.vocabularySize ?? 0 }.max() ?? 0
        let passes = passes
        var findings = Findings(use: TokenUse(expecting: max(1 << 16, vocabulary)), passes: passes)
        let bytes = passes * datasets.reduce(0) { $0 + $1.binBytes }
        var done = 0
        for pass in 0..<passes {
            let known = HashSet128()
            for number in datasets.indices {
                let dataset = datasets[number]
                try unsafe dataset.forEachDocument(
                    piece: { tokens in
                        if pass == 0 { unsafe findings.use.add(tokens) }
                        done += tokens.count * dataset.tokenType.itemSize
                        progress(done, bytes)
                    },
                    document: { document, length, hash in
                        guard hash.low.multipliedFullWidth(by: UInt64(passes)).high == pass, !known.insert(hash.low, hash.high) else {
                            return
                        }
                        findings.duplicateDocuments += 1
                        findings.duplicateTokens += length
                        let place = Place(dataset: number, document: document)
                        if let first = findings.firstDuplicate, (first.dataset, first.document) < (number, document) { return }
                        findings.firstDuplicate = place
                    })
            }
        }
        return findings
    }
}

extension IndexedDataset {
    /// Goes through the tokens of one document after the other, in pieces that stay in the processor's cache.
    fileprivate func forEachDocument(
        piece: (UnsafeBufferPointer<Int32>) -> Void,
        document visit: (_ document: Int, _ length: Int, _ hash: (low: UInt64, high: UInt64)) -> Void
    ) throws(IndexError) {
        let buffer = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 1 << 14)
        defer { unsafe buffer.deallocate() }
        advise(.sequential)
        defer { advise(.normal) }
        var end = 0
        for document in 0..<documentCount {
            let start = end
            end = tokenOffset(ofSequence: documentRange(document).upperBound)
            if start == end { continue }
            var hasher = DocumentHasher()
            var place = start
            while place < end {
                if StopSignal.isRequested { throw .interrupted }
                let count = min(buffer.count, end - place)
                unsafe copyTokens(at: place, count: count, into: buffer.baseAddress!)
                let tokens = unsafe UnsafeBufferPointer(rebasing: buffer[..<count])
                unsafe piece(tokens)
                unsafe hasher.update(tokens)
                place += count
            }
            visit(document, end - start, hasher.finish())
        }
    }
}
