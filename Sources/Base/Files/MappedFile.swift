#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file mapped for reading: its bytes as memory, fetched by the kernel when they are touched.
///
/// The mapping is private to this object and ends with it. Loads are unaligned and checked against the mapped
/// size; a range outside is the caller's error and traps. A file that another process shortens while it is mapped
/// raises SIGBUS at the touch of the lost part: nothing can be done about that from inside, so do not edit what is mapped.
@safe
public final class MappedFile: Sendable {
    /// What the kernel may expect of the accesses to come.
    public enum Advice: Sendable { case normal, sequential, random, willNeed }

    public let path: String
    /// Size of the file in bytes when it was mapped.
    public let count: Int
    // Written once in init, unmapped in deinit; the memory behind it is read-only. Nil when the file is empty.
    @usableFromInline nonisolated(unsafe) let base: UnsafeRawPointer?

    /// Maps `path`, which must be a regular file; an empty one gives an empty buffer.
    public init(path: String) throws(FileError) {
        let file = try OpenFile(path)
        let status = try file.status()
        switch status.kind {
        case .regular: break
        case .directory: throw FileError(.map, path, code: EISDIR)
        default: throw FileError(.map, path, code: ENODEV, detail: "not a regular file")
        }
        self.path = path
        count = status.size
        guard count > 0 else {
            unsafe base = nil
            return
        }
        let (descriptor, byteCount) = (file.descriptor, count)
        var mapped: UnsafeMutableRawPointer?
        try SystemCall.run(.map, path) {
            unsafe mapped = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
            return unsafe mapped == MAP_FAILED ? Int32(-1) : 0
        }
        withExtendedLifetime(file) {}  // open until it is mapped
        unsafe base = UnsafeRawPointer(mapped!)
    }

    deinit {
        if let base = unsafe base { unsafe munmap(UnsafeMutableRawPointer(mutating: base), count) }
    }

    /// The mapped bytes. Valid as long as this object lives: keep it alive (`withExtendedLifetime`, a stored property) while they are used.
    @unsafe @inlinable
    public var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(start: base, count: count) }

    /// Calls `body` with the mapped bytes, which must not escape it.
    @inlinable
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The value at `byteOffset`, in the machine's byte order. Traps when it is not wholly inside the file.
    @inlinable
    public func load<T: BitwiseCopyable>(at byteOffset: Int, as type: T.Type) -> T {
        precondition(byteOffset >= 0 && count - byteOffset >= MemoryLayout<T>.size, "load outside of the mapped file")
        return unsafe base!.loadUnaligned(fromByteOffset: byteOffset, as: T.self)
    }

    /// Tells the kernel how the bytes in `range` (default: all) will be read. Only a hint: failures are ignored.
    public func advise(_ advice: Advice, _ range: Range<Int>? = nil) {
        guard let base = unsafe base else { return }
        let range = (range ?? 0..<count).clamped(to: 0..<count)
        let page = Int(getpagesize())
        let start = range.lowerBound / page * page
        let flag =
            switch advice {
            case .normal: MADV_NORMAL
            case .sequential: MADV_SEQUENTIAL
            case .random: MADV_RANDOM
            case .willNeed: MADV_WILLNEED
            }
        _ = unsafe madvise(UnsafeMutableRawPointer(mutating: base + start), range.upperBound - start, Int32(flag))
    }
}
