import Files
import TypedErrors

/// Writes a `.bin`/`.idx` pair, byte for byte as Megatron-Core does, in constant memory.
///
/// Tokens and lengths stream to partial files beside the final names (`P.bin.partial`, `P.idx.partial`, and the documents to
/// `P.documents.partial`), which are locked against a second writer. ``finish(metadata:)`` completes the index, makes all of it durable and
/// renames: side files and `.bin` first, `.idx` last, so that **a pair with an `.idx` is complete**. Until then the final names show
/// nothing, or, when overwriting, the old pair. A writer that is dropped removes what it wrote; ``leave()`` keeps it for a
/// resumed run.
///
///     var writer = try IndexedDatasetWriter(prefix: "corpus", tokenType: .uint16)
///     try writer.append(tokens: [15496, 995, 50256])
///     try writer.endDocument()
///     try writer.finish()
public struct IndexedDatasetWriter: ~Copyable {
    /// How far a writer has come; enough, with the partial files, to go on from there.
    public struct Position: Equatable, Sendable {
        public var binBytes = 0
        public var sequenceCount = 0
        public var documentCount = 0

        public init(binBytes: Int = 0, sequenceCount: Int = 0, documentCount: Int = 0) {
            self.binBytes = binBytes
            self.sequenceCount = sequenceCount
            self.documentCount = documentCount
        }
    }

    public let prefix: String
    public let tokenType: TokenType
    public private(set) var position: Position
    public var tokenCount: Int { position.binBytes / tokenType.itemSize }

    private let overwrites: Bool
    var data: AtomicFile
    /// Space for the header, then the lengths; the rest of the index follows in `finish`.
    var index: AtomicFile
    /// For each document the number of its sequences, uint32: the document array before it is summed up.
    var documents: AtomicFile
    var sums: AtomicFile
    private var description: AtomicFile?
    var hasher = BlockHasher()
    private var sequencesInDocument: UInt32 = 0

    /// Starts an empty pair. Throws when a file of that name exists, unless it `overwrites`, and for a type that the header of an index cannot name.
    public init(prefix: String, tokenType: TokenType, overwrite overwrites: Bool = false) throws(IndexError) {
        if !overwrites { try Self.checkFree(prefix) }
        try self.init(prefix: prefix, tokenType: tokenType, overwrites: overwrites, position: Position())
    }

    /// Goes on where a writer was at `position` (see ``flush()``), cutting off what the partial files hold beyond it.
    public init(resuming prefix: String, tokenType: TokenType, at position: Position, overwrite overwrites: Bool = false) throws(IndexError)
    {
        try Self.withdraw(prefix)
        try self.init(prefix: prefix, tokenType: tokenType, overwrites: overwrites, position: position)
    }

    private init(prefix: String, tokenType: TokenType, overwrites: Bool, position: Position) throws(IndexError) {
        guard tokenType.megatronCode != nil else { throw .unnamedTokenType(path: IndexedDataset.indexPath(prefix), type: tokenType) }
        let blocks = position.binBytes / BlockHasher.standardBlockSize
        let isFresh = position == Position()
        let data = try Self.open(IndexedDataset.dataPath(prefix), keeping: position.binBytes)
        var index = try Self.open(
            IndexedDataset.indexPath(prefix), keeping: isFresh ? 0 : IndexFile.headerByteCount + 4 * position.sequenceCount)
        let documents = try Self.open(Self.documentsPath(prefix), keeping: 4 * position.documentCount)
        var sums = try Self.open(BlockChecksums.path(prefix), keeping: isFresh ? 0 : BlockChecksums.headerByteCount + 8 * blocks)
        if isFresh {
            try Self.write([UInt8](repeating: 0, count: IndexFile.headerByteCount), to: &index)
            try Self.write([UInt8](repeating: 0, count: BlockChecksums.headerByteCount), to: &sums)
        }
        hasher = try Self.hasher(resuming: prefix, binBytes: position.binBytes)
        self.prefix = prefix
        self.tokenType = tokenType
        self.overwrites = overwrites
        self.position = position
        self.data = data
        self.index = index
        self.documents = documents
        self.sums = sums
    }

    // MARK: writing

    /// Appends one sequence to the current document: tokens as they are stored. Throws for a part of a token.
    public mutating func append(sequence bytes: UnsafeRawBufferPointer) throws(IndexError) {
        try unsafe writeData(bytes)
        try writeLength(bytes.count / tokenType.itemSize)
        sequencesInDocument += 1
    }

    /// Appends one sequence to the current document: tokens as they are stored. Throws for a part of a token.
    public mutating func append(sequence bytes: [UInt8]) throws(IndexError) {
        try unsafe bytes.withUnsafeBytesThrowing { bytes throws(IndexError) in try unsafe append(sequence: bytes) }
    }

    /// Appends one sequence to the current document. Throws for a token that the type cannot store.
    public mutating func append(tokens: some Sequence<Int>) throws(IndexError) {
        var bytes: [UInt8] = []
        for token in tokens {
            guard token <= tokenType.maximum, token >= 0 else {
                throw .tokenDoesNotFit(path: IndexedDataset.dataPath(prefix), token: token, type: tokenType)
            }
            for byte in 0..<tokenType.itemSize { bytes.append(UInt8(truncatingIfNeeded: token >> (8 * byte))) }
        }
        try append(sequence: bytes)
    }

    /// Ends the current document; one without sequences is legal.
    public mutating func endDocument() throws(IndexError) {
        try writeDocument(sequences: Int(sequencesInDocument))
        sequencesInDocument = 0
    }

    /// Appends whole documents of one sequence each, with their tokens back to back. A count of 0 is a document without a sequence.
    /// Throws, before anything is written, when counts do not add up to the bytes.
    public mutating func append(documents bytes: UnsafeRawBufferPointer, tokenCounts: [Int32]) throws(IndexError) {
        try checkNoDocumentIsOpen()
        var lengths: [Int32] = []
        lengths.reserveCapacity(tokenCounts.count)
        var sequences: [UInt32] = []
        sequences.reserveCapacity(tokenCounts.count)
        var total = 0
        for count in tokenCounts {
            guard count >= 0 else { throw misuse("a document of \(count) tokens") }
            total += Int(count)
            sequences.append(count > 0 ? 1 : 0)
            if count > 0 { lengths.append(count) }
        }
        guard total * tokenType.itemSize == bytes.count else {
            throw misuse("\(bytes.count) bytes are not the \(total) tokens of \(tokenType.itemSize) bytes that their documents count")
        }
        try unsafe writeData(bytes)
        try unsafe lengths.withUnsafeBytesThrowing { raw throws(IndexError) in try unsafe Self.write(raw, to: &index) }
        try unsafe sequences.withUnsafeBytesThrowing { raw throws(IndexError) in try unsafe Self.write(raw, to: &documents) }
        position.sequenceCount += lengths.count
        position.documentCount += sequences.count
    }

    /// Hands everything written so far to the kernel and says how far that is. After ``makeDurable(_:)`` a resumed writer may go on
    /// from there. Only between documents.
    public mutating func flush() throws(IndexError) -> Position {
        try checkNoDocumentIsOpen()
        try mapping(IndexError.file) { () throws(FileError) in
            try data.flush()
            try index.flush()
            try documents.flush()
            try sums.flush()
        }
        return position
    }

    /// Returns when all that writers of `prefix` have flushed before is on the device. May run beside a writer that goes on.
    public static func makeDurable(_ prefix: String) throws(IndexError) {
        for path in [IndexedDataset.dataPath(prefix), IndexedDataset.indexPath(prefix), documentsPath(prefix), BlockChecksums.path(prefix)]
        {
            try mapping(IndexError.file, OpenFile(AtomicFile.partialPath(for: path)).sync())
        }
    }

    private func checkNoDocumentIsOpen() throws(IndexError) {
        if sequencesInDocument > 0 { throw misuse("a document is open: end it first") }
    }

    private func misuse(_ reason: String) -> IndexError { .misuse(path: IndexedDataset.dataPath(prefix), reason: reason) }

    mutating func writeData(_ bytes: UnsafeRawBufferPointer) throws(IndexError) {
        guard bytes.count % tokenType.itemSize == 0 else {
            throw misuse("\(bytes.count) bytes are no whole tokens of \(tokenType.itemSize) bytes")
        }
        try mapping(IndexError.file) { () throws(FileError) in
            try unsafe data.write(bytes)
            try unsafe hasher.update(bytes) { hash throws(FileError) in
                var word = hash
                try unsafe withUnsafeBytes(of: &word) { raw throws(FileError) in try unsafe sums.write(raw) }
            }
        }
        position.binBytes += bytes.count
    }

    /// Appends the lengths of sequences, int32 each, as an index holds them.
    mutating func writeLengths(_ lengths: UnsafeRawBufferPointer) throws(IndexError) {
        try unsafe Self.write(lengths, to: &index)
        position.sequenceCount += lengths.count / 4
    }

    /// Appends a document of that many sequences, which are appended apart.
    mutating func writeDocument(sequences: Int) throws(IndexError) {
        try Self.write(UInt32(sequences), to: &documents)
        position.documentCount += 1
    }

    mutating func writeLength(_ tokenCount: Int) throws(IndexError) {
        guard let length = Int32(exactly: tokenCount) else {
            throw .sequenceTooLong(path: IndexedDataset.dataPath(prefix), sequence: position.sequenceCount, tokenCount: tokenCount)
        }
        try Self.write(length, to: &index)
        position.sequenceCount += 1
    }

    // MARK: ending

    /// Completes the pair and gives it its names. Returns what was written. Throws when a document is open.
    @discardableResult
    public consuming func finish(metadata: DatasetMetadata = DatasetMetadata()) throws(IndexError) -> Position {
        let position = position
        try complete(metadata: metadata)
        try publish()
        return position
    }

    /// Writes what is still missing and makes everything durable, so that ``publish(resumable:)`` only has to rename. After an error (a full disk)
    /// the writer may still be left. Throws when a document is open.
    public mutating func complete(metadata: DatasetMetadata = DatasetMetadata()) throws(IndexError) {
        try checkNoDocumentIsOpen()
        try mapping(IndexError.file) { () throws(FileError) in
            try completeIndex()
            try completeSums()
            var description = try AtomicFile(DatasetMetadata.path(prefix))
            try description.write(metadata.fileContent(position: position, tokenType: tokenType, idxBytes: index.byteCount))
            // All on their way before the first is waited for.
            try data.startSync()
            try index.startSync()
            try sums.startSync()
            try description.sync()
            self.description = consume description
            try data.sync()
            try index.sync()
            try sums.sync()
        }
    }

    /// Gives the completed files their names, the index last.
    ///
    /// - Parameter resumable: a file that cannot get its name stays under its partial one, for ``init(resuming:tokenType:at:overwrite:)``.
    public consuming func publish(resumable: Bool = false) throws(IndexError) {
        if resumable {
            data.keep()
            index.keep()
            documents.keep()
            sums.keep()
        }
        do throws(FileError) {
            // The old pair goes out of sight before its halves are replaced one after the other.
            if overwrites, try FileSystem.remove(IndexedDataset.indexPath(prefix)) {
                try FileSystem.syncDirectory(of: IndexedDataset.indexPath(prefix))
            }
            try description?.commit()
            try sums.commit()
            try data.commit()
            try index.commit()
            // Needed by a resumed run until the index has its name.
            documents.discard()
        } catch { throw .file(error) }
    }

    /// Keeps the partial files for ``init(resuming:tokenType:at:overwrite:)``.
    public consuming func leave() throws(IndexError) {
        // Each is kept even when another cannot be made durable (a full disk): the last ``sync()`` counts.
        var failure: FileError?
        do throws(FileError) { try data.leave() } catch { failure = error }
        do throws(FileError) { try index.leave() } catch { failure = error }
        do throws(FileError) { try documents.leave() } catch { failure = error }
        do throws(FileError) { try sums.leave() } catch { failure = error }
        if let failure { throw .file(failure) }
    }
}
