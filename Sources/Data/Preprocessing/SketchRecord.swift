import Cleaning
import Files
import TypedErrors

/// The sketches of all documents of an unfinished output, in their order, in a file beside its journal: what a resumed run knows
/// the earlier documents by. One sketch follows the other, words little-endian.
struct SketchRecord: ~Copyable {
    private var file: AtomicFile

    /// Goes on behind the sketches of `documents` documents.
    init(_ journal: RunJournal, _ rule: DuplicateRule, documents: Int) throws(FileError) {
        try FileSystem.createDirectories(journal.directory)
        let byteCount = 8 * rule.sketchWords * documents
        file = byteCount > 0 ? try AtomicFile(journal.sketchesPath, keeping: byteCount) : try AtomicFile(journal.sketchesPath)
    }

    mutating func append(_ words: [UInt64]) throws(FileError) {
        let result = unsafe words.withUnsafeBytes { bytes in Result { () throws(FileError) in try unsafe file.write(bytes) } }
        try result.get()
    }

    /// Hands everything written so far to the kernel.
    mutating func flush() throws(FileError) { try file.flush() }

    /// Keeps the file for a later run.
    consuming func leave() throws(FileError) { try file.leave() }

    /// Returns when everything that was flushed is on the device.
    static func makeDurable(_ journal: RunJournal) throws(FileError) {
        let path = AtomicFile.partialPath(for: journal.sketchesPath)
        if FileSystem.exists(path) { try OpenFile(path).sync() }
    }

    /// Tells `filter` of the first `documents` documents; false when the file does not hold them.
    static func replay(_ journal: RunJournal, documents: Int, into filter: DuplicateFilter) throws(PreprocessingError) -> Bool {
        let words = filter.rule.sketchWords
        let buffer = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: words * 4096)
        defer { unsafe buffer.deallocate() }
        let path = AtomicFile.partialPath(for: journal.sketchesPath)
        guard FileSystem.exists(path) else { return documents == 0 }
        let file = try mapping(PreprocessingError.file, OpenFile(path))
        var done = 0
        while done < documents {
            let count = min(4096, documents - done)
            let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<(8 * words * count)])
            let place = 8 * words * done
            let found = try mapping(PreprocessingError.file, unsafe file.read(into: bytes, at: place))
            guard found == bytes.count else { return false }
            for index in 0..<count {
                let sketch = unsafe UnsafeBufferPointer(rebasing: buffer[index * words..<(index + 1) * words])
                guard try mapping(PreprocessingError.cleaning, unsafe filter.remember(sketch)) else { return false }
            }
            done += count
        }
        return true
    }
}
