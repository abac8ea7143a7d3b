import Files
public import Quantities
import TypedErrors

/// Checks a pair down to the last byte, and says which is the first wrong one.
///
/// Every problem is found that can be found without the others being repaired: structure of the index, size of the data,
/// checksums of both files (when the side file `P.sums` is there), every token against the vocabulary, and a token at the end or the beginning
/// of some documents and not of others. One pass over each file, constant memory.
public struct DatasetVerifier: Sendable {
    /// What was found.
    public struct Report: Sendable {
        /// Empty when all is well; else the first violation of each kind.
        public var problems: [IndexError] = []
        public var sequenceCount = 0
        public var documentCount = 0
        public var tokenCount = 0
        public var binBytes = 0
        public var idxBytes = 0
        public var tokenType: TokenType?
        /// The largest token; nil when there are none, or floats.
        public var largestToken: Int?
        /// Whether there was a list of checksums to compare with.
        public var hasChecksums = false
        /// The vocabulary that tokens were compared with; nil when none is known.
        public var vocabularySize: Int?
        /// What made the tokens, as the side file says.
        public var tokenizer: DatasetMetadata.TokenizerIdentity?
        /// The token that documents end with, or which they are known not to; nil when they end with this and that.
        public var ending: DocumentConvention?
        /// The token that most documents begin with; nil when they begin with this and that.
        public var beginning: DocumentConvention?
        /// What is sound and yet worth knowing: how other programs would misread it.
        public var remarks: [OptionText] = []
        public var isGood: Bool { problems.isEmpty }
    }

    public let prefix: String
    /// Tokens must be below; nil: what the side file `P.meta` says, if anything.
    public var vocabularySize: Int?
    /// Each document that is not empty must end with this token; nil: what `P.meta` says, if anything.
    public var endOfText: Int?
    /// What must have made the tokens; nil: anything.
    public var tokenizer: DatasetMetadata.TokenizerIdentity?

    public init(
        prefix: String, vocabularySize: Int? = nil, endOfText: Int? = nil, tokenizer: DatasetMetadata.TokenizerIdentity? = nil
    ) {
        self.prefix = prefix
        self.vocabularySize = vocabularySize
        self.endOfText = endOfText
        self.tokenizer = tokenizer
    }

    /// Throws only for what keeps it from looking (no such file, an input error, a stop by the user).
    /// - Parameter progress: is told bytes checked and bytes in all.
    public func verify(progress: (Int, Int) -> Void = { _, _ in }) throws(IndexError) -> Report {
        var report = Report()
        let (indexPath, dataPath) = (IndexedDataset.indexPath(prefix), IndexedDataset.dataPath(prefix))
        report.idxBytes = try mapping(IndexError.file, FileSystem.size(indexPath))
        report.binBytes = try mapping(IndexError.file, FileSystem.size(dataPath))

        var index: IndexFile?
        report.collect { () throws(IndexError) in index = try IndexFile(path: indexPath) }
        if let index { checkStructure(of: index, dataPath, &report) }
        var sums: BlockChecksums?
        report.collect { () throws(IndexError) in sums = try BlockChecksums(prefix: prefix) }
        report.hasChecksums = sums != nil
        try checkContent(sums, indexPath, dataPath, progress, &report)
        if report.isGood, let dataset = try? IndexedDataset(prefix: prefix) {
            try checkConventions(dataset, &report)
            report.remarks = MegatronReading(dataset, vocabularySize: report.vocabularySize).remarks
        }
        return report
    }

    private func checkStructure(of index: IndexFile, _ dataPath: String, _ report: inout Report) {
        let type = index.tokenType(forDataByteCount: report.binBytes)
        report.tokenType = type
        report.sequenceCount = index.sequenceCount
        report.documentCount = max(0, index.documentEntryCount - 1)
        report.tokenCount = report.binBytes / type.itemSize
        let dataBytes = report.binBytes
        report.collect { () throws(IndexError) in
            let end = try index.checkSequences(itemSize: type.itemSize)
            if end != dataBytes { throw .dataSizeMismatch(path: dataPath, expected: end, found: dataBytes) }
        }
        report.collect { () throws(IndexError) in try index.checkDocuments() }
    }

    /// One pass over each file: hashes of blocks, and tokens against the vocabulary.
    private func checkContent(
        _ sums: BlockChecksums?, _ indexPath: String, _ dataPath: String, _ progress: (Int, Int) -> Void, _ report: inout Report
    ) throws(IndexError) {
        var metadata: DatasetMetadata?
        let (binBytes, idxBytes) = (report.binBytes, report.idxBytes)
        report.collect { () throws(IndexError) in
            metadata = try DatasetMetadata(prefix: prefix, binBytes: binBytes, idxBytes: idxBytes)
        }
        report.tokenizer = metadata?.tokenizer
        report.vocabularySize = vocabularySize ?? metadata?.tokenizer?.vocabularySize ?? tokenizer?.vocabularySize
        if let made = metadata?.tokenizer, let tokenizer, made.digest != tokenizer.digest {
            report.problems.append(.otherTokenizer(path: DatasetMetadata.path(prefix), name: made.name, asked: tokenizer.name))
        }
        if let sums, sums.binBytes != report.binBytes {
            report.problems.append(.dataSizeMismatch(path: dataPath, expected: sums.binBytes, found: report.binBytes))
        }
        if let sums, sums.idxBytes != report.idxBytes {
            report.problems.append(.indexSizeMismatch(path: indexPath, expected: sums.idxBytes, found: report.idxBytes))
        }
        var seen = 0
        let total = report.binBytes + report.idxBytes
        for (path, isData) in [(indexPath, false), (dataPath, true)] {
            let byteCount = isData ? report.binBytes : report.idxBytes
            let isListed = sums.map { byteCount == (isData ? $0.binBytes : $0.idxBytes) } ?? false
            let type = report.tokenType.flatMap { $0.isInteger ? $0 : nil }
            let tokenBytes = type.map { byteCount / $0.itemSize * $0.itemSize } ?? 0
            let blockSize = sums?.blockSize ?? BlockHasher.standardBlockSize
            var blocks = BlockHasher(blockSize: blockSize)
            var block = 0
            var damage: Range<Int>?
            // Called while `blocks` is being changed: it must not look at it.
            func compare(_ hash: UInt64) {
                if let sums, isListed, hash != (isData ? sums.dataHash(block) : sums.indexHash(block)), damage == nil {
                    damage = block * blockSize..<min((block + 1) * blockSize, byteCount)
                }
                block += 1
            }
            var place = 0
            var values: [Int] = []
            var outside: IndexError?
            try unsafe TokenStream(path: path, tokenType: .uint8, bytes: 0..<byteCount).forEachChunk { bytes throws(IndexError) in
                if isListed { unsafe blocks.update(bytes, emit: compare) }
                if isData, let type, place < tokenBytes {
                    unsafe type.read(UnsafeRawBufferPointer(rebasing: bytes.prefix(tokenBytes - place)), into: &values)
                    report.note(values, at: place, type, dataPath, &outside)
                }
                place += bytes.count
                progress(seen + place, total)
            }
            if isListed, let hash = blocks.take() { compare(hash) }
            if let damage { report.problems.append(.checksumMismatch(path: path, range: damage)) }
            if let outside { report.problems.append(outside) }
            seen += byteCount
        }
    }

    /// A token that is known to end or begin documents does so in all of them, or in none.
    private func checkConventions(_ dataset: IndexedDataset, _ report: inout Report) throws(IndexError) {
        let metadata = dataset.metadata
        let ending = endOfText ?? metadata?.tokenizer?.endOfText ?? tokenizer?.endOfText
        let conventions = try DocumentConventions(dataset, ending: ending, beginning: metadata?.beginning)
        (report.ending, report.beginning) = (conventions.ending, conventions.beginning)
        let path = IndexedDataset.dataPath(prefix)
        // Who appended none may have texts that end so by themselves.
        let isPromised = endOfText != nil || metadata?.appendsEndOfText == true
        let mayBeInNone = ending != nil && metadata != nil && metadata?.appendsEndOfText == nil
        if let found = conventions.ending, let without = found.firstWithout, isPromised || (mayBeInNone && found.count > 0) {
            report.problems.append(
                .missingEndOfText(
                    path: path, document: without.document, byteOffset: without.token * dataset.tokenType.itemSize, found: without.found,
                    expected: found.token, count: found.count, total: found.total))
        }
        if metadata?.beginning != nil, let found = conventions.beginning, let without = found.firstWithout {
            report.problems.append(
                .missingBeginning(
                    path: path, document: without.document, byteOffset: without.token * dataset.tokenType.itemSize, found: without.found,
                    expected: found.token, count: found.count, total: found.total))
        }
    }
}

extension DatasetVerifier.Report {
    /// Runs a check and keeps what it throws.
    fileprivate mutating func collect(_ check: () throws(IndexError) -> Void) {
        do throws(IndexError) { try check() } catch { problems.append(error) }
    }

    /// Compares tokens with the vocabulary; `outside` keeps the first that is not in it.
    fileprivate mutating func note(_ values: [Int], at byteOffset: Int, _ type: TokenType, _ path: String, _ outside: inout IndexError?) {
        guard let largest = values.max(), let smallest = values.min() else { return }
        largestToken = max(largestToken ?? largest, largest)
        let limit = vocabularySize ?? Int.max
        if outside == nil, largest >= limit || smallest < 0, let place = values.firstIndex(where: { $0 >= limit || $0 < 0 }) {
            outside = .tokenOutOfRange(
                path: path, byteOffset: byteOffset + place * type.itemSize, token: values[place], vocabularySize: vocabularySize)
        }
    }
}
