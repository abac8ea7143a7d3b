import Files
import Hashing
import TypedErrors

/// The files behind a writer.
extension IndexedDatasetWriter {
    static func documentsPath(_ prefix: String) -> String { prefix + ".documents" }

    /// Every file that a pair has under its final name.
    static func paths(_ prefix: String) -> [String] {
        [IndexedDataset.dataPath(prefix), IndexedDataset.indexPath(prefix), BlockChecksums.path(prefix), DatasetMetadata.path(prefix)]
    }

    /// Throws when a file is in the way of a new pair at `prefix`.
    public static func checkFree(_ prefix: String) throws(IndexError) {
        for path in paths(prefix) where FileSystem.exists(path) { throw .outputExists(path: path) }
    }

    /// Whether partial files of an interrupted writer are at `prefix`.
    public static func isStarted(_ prefix: String) -> Bool {
        FileSystem.exists(AtomicFile.partialPath(for: IndexedDataset.indexPath(prefix)))
    }

    /// Removes partial files of an interrupted writer, which nobody may hold.
    public static func discard(_ prefix: String) throws(IndexError) {
        for path in paths(prefix) + [documentsPath(prefix)] {
            _ = try mapping(IndexError.file, FileSystem.remove(AtomicFile.partialPath(for: path)))
        }
    }

    /// Takes back the names that a writer had given when it was killed in the middle of ``publish(resumable:)``.
    public static func withdraw(_ prefix: String) throws(IndexError) {
        // Where there is an index the names belong to an older pair, whole until ``publish()`` takes its index away.
        guard isStarted(prefix) && !FileSystem.exists(IndexedDataset.indexPath(prefix)) else { return }
        // The description is written anew in any case.
        for path in [IndexedDataset.dataPath(prefix), BlockChecksums.path(prefix), DatasetMetadata.path(prefix)] {
            let partial = AtomicFile.partialPath(for: path)
            // What is no file was put there by somebody else.
            guard !FileSystem.exists(partial) && FileSystem.exists(path) && !FileSystem.isDirectory(path) else { continue }
            try mapping(IndexError.file, FileSystem.rename(path, to: partial))
        }
    }

    static func open(_ path: String, keeping byteCount: Int) throws(IndexError) -> AtomicFile {
        try mapping(IndexError.file, byteCount > 0 ? AtomicFile(path, keeping: byteCount) : AtomicFile(path))
    }

    static func write(_ bytes: UnsafeRawBufferPointer, to file: inout AtomicFile) throws(IndexError) {
        try mapping(IndexError.file, unsafe file.write(bytes))
    }

    static func write(_ bytes: [UInt8], to file: inout AtomicFile) throws(IndexError) {
        try mapping(IndexError.file, file.write(bytes))
    }

    static func write<Integer: FixedWidthInteger & BitwiseCopyable>(_ value: Integer, to file: inout AtomicFile) throws(IndexError) {
        var word = value.littleEndian
        try unsafe withUnsafeBytes(of: &word) { bytes throws(IndexError) in try unsafe write(bytes, to: &file) }
    }

    /// A hasher that has seen the part of the first `binBytes` of the data that fills no whole block.
    static func hasher(resuming prefix: String, binBytes: Int) throws(IndexError) -> BlockHasher {
        var hasher = BlockHasher()
        let start = binBytes / hasher.blockSize * hasher.blockSize
        let path = AtomicFile.partialPath(for: IndexedDataset.dataPath(prefix))
        try mapping(IndexError.file) { () throws(FileError) in
            try unsafe FileChunks(path).forEach(in: start..<binBytes) { bytes throws(FileError) in
                unsafe hasher.update(bytes) { _ in preconditionFailure("the rest is less than a block") }
            }
        }
        return hasher
    }

    /// Header, pointers and document array around the lengths that are already there.
    mutating func completeIndex() throws(FileError) {
        // What an earlier attempt appended is written again.
        let (sequenceCount, itemSize) = (position.sequenceCount, tokenType.itemSize)
        let lengthsEnd = IndexFile.headerByteCount + 4 * sequenceCount
        precondition(index.byteCount == lengthsEnd, "completed once")
        try index.flush()
        try documents.flush()

        var pointer = 0
        var words: [Int] = []
        try unsafe FileChunks(AtomicFile.partialPath(for: index.path)).forEach(in: IndexFile.headerByteCount..<lengthsEnd) {
            bytes throws(FileError) in
            words.removeAll(keepingCapacity: true)
            for place in stride(from: 0, to: bytes.count, by: 4) {
                words.append(pointer)
                pointer += Int(unsafe bytes.loadUnaligned(fromByteOffset: place, as: Int32.self)) * itemSize
            }
            try index.write(words: words)
        }
        var sequence = 0
        try index.write(words: [0])
        try unsafe FileChunks(AtomicFile.partialPath(for: documents.path)).forEach(in: 0..<4 * position.documentCount) {
            bytes throws(FileError) in
            words.removeAll(keepingCapacity: true)
            for place in stride(from: 0, to: bytes.count, by: 4) {
                sequence += Int(unsafe bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self))
                words.append(sequence)
            }
            try index.write(words: words)
        }
        precondition(pointer == position.binBytes && sequence == sequenceCount)
        try index.overwrite(
            IndexFile.header(typeCode: tokenType.megatronCode!, sequences: sequenceCount, documents: position.documentCount + 1), at: 0)
    }

    /// The last block of the data, the blocks of the index, and the list's own header and hash.
    mutating func completeSums() throws(FileError) {
        if let hash = hasher.take() { try sums.write(words: [Int(bitPattern: UInt(hash))]) }
        try index.flush()
        var blocks = BlockHasher()
        try unsafe FileChunks(AtomicFile.partialPath(for: index.path)).forEach(in: 0..<index.byteCount) { bytes throws(FileError) in
            try unsafe blocks.update(bytes) { hash throws(FileError) in try sums.write(words: [Int(bitPattern: UInt(hash))]) }
        }
        if let hash = blocks.take() { try sums.write(words: [Int(bitPattern: UInt(hash))]) }
        try sums.overwrite(
            BlockChecksums.header(blockSize: blocks.blockSize, binBytes: position.binBytes, idxBytes: index.byteCount), at: 0)
        try sums.flush()
        var whole = XXHash64()
        try unsafe FileChunks(AtomicFile.partialPath(for: sums.path)).forEach(in: 0..<sums.byteCount) { unsafe whole.update($0) }
        try sums.write(words: [Int(bitPattern: UInt(whole.finish()))])
    }
}

extension IndexFile {
    /// The 34 bytes before the arrays.
    static func header(typeCode: UInt8, sequences: Int, documents: Int) -> [UInt8] {
        var bytes = magic
        bytes.append(littleEndian: UInt64(1))
        bytes.append(typeCode)
        bytes.append(littleEndian: UInt64(sequences))
        bytes.append(littleEndian: UInt64(documents))
        return bytes
    }
}

extension AtomicFile {
    /// Appends 64-bit numbers.
    mutating func write(words: [Int]) throws(FileError) {
        try unsafe words.withUnsafeBytesThrowing { bytes throws(FileError) in try unsafe write(bytes) }
    }

    /// Overwrites bytes that were written before.
    mutating func overwrite(_ bytes: [UInt8], at byteOffset: Int) throws(FileError) {
        try unsafe bytes.withUnsafeBytesThrowing { bytes throws(FileError) in try unsafe overwrite(bytes, at: byteOffset) }
    }
}
