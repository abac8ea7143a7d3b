import Files
import TypedErrors

/// Reads parts of a file in order through one buffer: constant memory whatever the file's size, and an error instead of
/// a signal when the file is shorter than it was.
struct FileChunks: ~Copyable {
    /// Divisible by every size of a token, a length or a pointer, so that none is cut.
    static let byteCount = 1 << 20
    private let file: OpenFile

    init(_ path: String) throws(FileError) { file = try OpenFile(path) }

    /// Calls `body` with the bytes in `range`, a chunk at a time.
    func forEach(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) {
        try unsafe forEach(in: range, { $0 }, body)
    }

    /// The same for a `body` with errors of its own; those of the file go on as `transform` makes them.
    func forEach<Failure: Error>(
        in range: Range<Int>, _ transform: (FileError) -> Failure, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(Self.byteCount, max(range.count, 1)), alignment: 16)
        defer { unsafe buffer.deallocate() }
        var place = range.lowerBound
        while place < range.upperBound {
            let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(range.upperBound - place))
            let read = try mapping(transform, unsafe file.read(into: part, at: place))
            guard read == part.count else {
                throw transform(
                    FileError(.read, file.path, code: 0, byteOffset: place + read, detail: "the file ends before byte \(range.upperBound)"))
            }
            try unsafe body(UnsafeRawBufferPointer(part))
            place += read
        }
    }
}
