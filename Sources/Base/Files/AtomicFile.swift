import TypedErrors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that appears under its name only when it is complete.
///
/// Bytes go to `<path>.partial`, which is locked against a second writer. ``commit()`` makes them durable and renames:
/// flush, fsync, rename, fsync of the directory. A value dropped before that removes its partial file; a killed process
/// leaves one, which the next writer takes over. The final name never shows half a file.
///
///     var file = try AtomicFile("runs/a/config.json")
///     try file.write(bytes)
///     try file.commit()
@safe
public struct AtomicFile: ~Copyable {
    /// The final name.
    public let path: String
    /// Bytes written so far, buffered ones included.
    public private(set) var byteCount: Int
    private let file: OpenFile
    private let buffer: UnsafeMutableRawBufferPointer
    private var buffered = 0
    /// From here on the device was not asked yet to take what was written.
    private var unstarted: Int
    /// After so many bytes it is: a large file's ``sync()`` would else wait for all of it at the end.
    private static let bytesPerStart = 4 << 20
    private var isKept = false

    /// Where the bytes of `path` are until ``commit()``.
    public static func partialPath(for path: String) -> String { path + ".partial" }

    /// Starts an empty file.
    public init(_ path: String) throws(FileError) { try self.init(path, keeping: 0) }

    /// Goes on with what an earlier run left in the partial file (see ``leave()``): its first `byteCount` bytes
    /// are kept, the rest is cut off. Throws when there are fewer.
    public init(_ path: String, keeping byteCount: Int) throws(FileError) {
        let file = try FileLock.openLocked(Self.partialPath(for: path))
        let found = try file.status().size
        guard found >= byteCount else {
            throw FileError(.open, file.path, code: EINVAL, byteOffset: found, detail: "\(byteCount) bytes were expected to be here")
        }
        try file.truncate(to: byteCount)
        try file.seek(to: byteCount)
        self.path = path
        self.byteCount = byteCount
        unstarted = byteCount
        self.file = file
        unsafe buffer = .allocate(byteCount: 1 << 18, alignment: 16)
    }

    deinit {
        unsafe buffer.deallocate()
        // Removed under the lock: a next writer notices that its file has lost its name.
        if !isKept { _ = try? FileSystem.remove(file.path) }
    }

    /// Appends bytes.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        if unsafe buffered + bytes.count > buffer.count { try flush() }
        if unsafe bytes.count >= buffer.count {
            try unsafe file.write(bytes)
            startSync(of: byteCount + bytes.count)
        } else if bytes.count > 0 {
            unsafe (buffer.baseAddress! + buffered).copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
            buffered += bytes.count
        }
        byteCount += bytes.count
    }

    /// Appends bytes.
    public mutating func write(_ bytes: [UInt8]) throws(FileError) {
        try unsafe bytes.withUnsafeBytesThrowing { raw throws(FileError) in try unsafe write(raw) }
    }

    /// Hands buffered bytes to the kernel.
    public mutating func flush() throws(FileError) {
        guard buffered > 0 else { return }
        try unsafe file.write(UnsafeRawBufferPointer(rebasing: buffer[..<buffered]))
        buffered = 0
        startSync(of: byteCount)
    }

    private mutating func startSync(of written: Int) {
        guard written - unstarted >= Self.bytesPerStart else { return }
        file.startSync(from: unstarted)
        unstarted = written
    }

    /// Hands everything to the device without waiting for it, so that several files can be on their way before the first ``sync()``.
    public mutating func startSync() throws(FileError) {
        try flush()
        file.startSync(from: unstarted)
        unstarted = byteCount
    }

    /// Returns when everything written so far is on the device, still under the partial name.
    public mutating func sync() throws(FileError) {
        try flush()
        try file.sync()
    }

    /// Overwrites bytes that were written before (a header whose counts are known last).
    public mutating func overwrite(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(FileError) {
        precondition(byteOffset >= 0 && byteOffset + bytes.count <= byteCount, "only written bytes can be overwritten")
        try flush()
        try unsafe file.write(bytes, at: byteOffset)
    }

    /// Makes the content durable and gives it its name, replacing a file of that name in one step.
    public consuming func commit() throws(FileError) {
        try sync()
        try FileSystem.rename(file.path, to: path)
        isKept = true
        try FileSystem.syncDirectory(of: path)
    }

    /// From here on the partial file stays where it is, whatever happens, ``commit()`` failing included.
    public mutating func keep() { isKept = true }

    /// Removes the partial file, a kept one too.
    public consuming func discard() { isKept = false }

    /// Makes the content durable and leaves it under the partial name, for ``init(_:keeping:)``.
    public consuming func leave() throws(FileError) {
        isKept = true
        try sync()
        try FileSystem.syncDirectory(of: path)
    }
}
