import Files

/// Reads parts of a file in order through one buffer: constant memory whatever the file's size, and an error instead of
/// a signal when the file is shorter than it was.
struct FileChunks: ~Copyable {
    /// Divisible by every size of a token, a length or a pointer, so that none is cut.
    static let byteCount = 1 << 20
    private let file: OpenFile

    init(_ path: String) throws(FileError) { file = try OpenFile(path) }

    /// Calls `body` with the bytes in `range`, a chunk at a time.
    func forEach(in range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(Self.byteCount, max(range.count, 1)), alignment: 16)
        defer { unsafe buffer.deallocate() }
        var place = range.lowerBound
        while place < range.upperBound {
            let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(range.upperBound - place))
            let read = try unsafe file.read(into: part, at: place)
            guard read == part.count else {
                throw FileError(
                    .read, file.path, code: 0, byteOffset: place + read, detail: "the file ends before byte \(range.upperBound)")
            }
            try unsafe body(UnsafeRawBufferPointer(part))
            place += read
        }
    }
}
