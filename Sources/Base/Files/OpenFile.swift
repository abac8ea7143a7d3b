#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file descriptor and its owner: closed when the value goes away, never inherited by child processes.
///
/// Each method throws ``FileError`` for what the kernel refuses; interrupted calls are repeated and short writes
/// continued, so callers see whole results.
public struct OpenFile: ~Copyable, Sendable {
    /// How a file is opened.
    public enum Mode: Sendable {
        /// Existing, for reading.
        case read
        /// Existing, for writing at any place.
        case write
        /// Created when missing, emptied when not.
        case create
        /// Created; an existing file is an error.
        case createNew
        /// Created when missing, kept when not; for reading and writing.
        case update

        var flags: Int32 {
            switch self {
            case .read: O_RDONLY
            case .write: O_WRONLY
            case .create: O_WRONLY | O_CREAT | O_TRUNC
            case .createNew: O_WRONLY | O_CREAT | O_EXCL
            case .update: O_RDWR | O_CREAT
            }
        }
    }

    public let path: String
    /// For calls that this type does not offer. It stays ours: do not close it.
    public let descriptor: Int32
    private let isOwned: Bool

    /// Opens `path`; new files get permissions 0666 less the umask.
    public init(_ path: String, _ mode: Mode = .read) throws(FileError) {
        let flags = mode.flags | O_CLOEXEC
        let descriptor = try unsafe SystemCall.run(.open, path: path) { unsafe open($0, flags, 0o666) }
        self.init(descriptor: descriptor, path: path, isOwned: true)
    }

    /// Takes over a descriptor that somebody else opened; `path` is its name in messages.
    public init(takingOver descriptor: Int32, path: String) {
        self.init(descriptor: descriptor, path: path, isOwned: true)
    }

    /// Standard input; not closed with the value.
    public static func standardInput() -> OpenFile { OpenFile(descriptor: 0, path: "<stdin>", isOwned: false) }

    private init(descriptor: Int32, path: String, isOwned: Bool) {
        self.descriptor = descriptor
        self.path = path
        self.isOwned = isOwned
    }

    deinit { if isOwned { _ = close(descriptor) } }

    /// Reads at the current position up to the buffer's size. Returns 0 at the end of the file only.
    public func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        guard buffer.count > 0 else { return 0 }
        let (descriptor, address, count) = (self.descriptor, buffer.baseAddress!, min(buffer.count, Self.largestTransfer))
        return try SystemCall.run(.read, path) { unsafe systemRead(descriptor, address, count) }
    }

    /// Reads at `byteOffset` until the buffer is full or the file ends; returns the number of bytes read.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(FileError) -> Int {
        let descriptor = self.descriptor
        var done = 0
        while done < buffer.count {
            let address = unsafe buffer.baseAddress! + done
            let count = min(buffer.count - done, Self.largestTransfer)
            let place = byteOffset + done
            let read = try SystemCall.run(.read, path, at: place) { unsafe pread(descriptor, address, count, off_t(place)) }
            if read == 0 { break }
            done += read
        }
        return done
    }

    /// Writes all bytes at the current position.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        let descriptor = self.descriptor
        try unsafe writeAll(bytes) { address, count, _ throws(FileError) in
            try SystemCall.run(.write, path) { unsafe systemWrite(descriptor, address, count) }
        }
    }

    /// Writes all bytes at `byteOffset`; the current position stays.
    public func write(_ bytes: UnsafeRawBufferPointer, at byteOffset: Int) throws(FileError) {
        let descriptor = self.descriptor
        try unsafe writeAll(bytes) { address, count, done throws(FileError) in
            let place = byteOffset + done
            return try SystemCall.run(.write, path, at: place) { unsafe pwrite(descriptor, address, count, off_t(place)) }
        }
    }

    /// Calls `write` with an address, a count, and how many bytes were written before, until all are; it returns how many it wrote.
    private func writeAll(
        _ bytes: UnsafeRawBufferPointer, _ write: (UnsafeRawPointer, Int, Int) throws(FileError) -> Int
    ) throws(FileError) {
        var done = 0
        while done < bytes.count {
            done += try unsafe write(bytes.baseAddress! + done, min(bytes.count - done, Self.largestTransfer), done)
        }
    }

    /// Asks the system to begin to write what was written from `byteOffset` on to the device, and does not wait. Only advice: a later
    /// ``sync()`` has less left to do.
    public func startSync(from byteOffset: Int) {
        #if os(Linux)
            // SYNC_FILE_RANGE_WRITE
            _ = Self.syncFileRange?(descriptor, off_t(byteOffset), 0, 2)
        #endif
    }

    #if os(Linux)
        /// Looked up by name: the C library's headers show it only with _GNU_SOURCE, without which Swift reads them.
        private static let syncFileRange = unsafe dlsym(nil, "sync_file_range").map {
            unsafe unsafeBitCast($0, to: (@convention(c) (Int32, off_t, off_t, UInt32) -> Int32).self)
        }
    #endif

    /// Returns when everything written so far is on the device.
    public func sync() throws(FileError) {
        let descriptor = self.descriptor
        try SystemCall.run(.sync, path) {
            #if canImport(Darwin)
                // Darwin's fsync stops at the drive's cache; not every file system knows the stronger call.
                if fcntl(descriptor, F_FULLFSYNC) == 0 { return Int32(0) }
            #endif
            return fsync(descriptor)
        }
    }

    /// Cuts or extends (with zeros) to `byteCount`.
    public func truncate(to byteCount: Int) throws(FileError) {
        let descriptor = self.descriptor
        try SystemCall.run(.truncate, path, at: byteCount) { ftruncate(descriptor, off_t(byteCount)) }
    }

    /// Moves the current position to `byteOffset` from the start.
    public func seek(to byteOffset: Int) throws(FileError) {
        let descriptor = self.descriptor
        try SystemCall.run(.seek, path, at: byteOffset) { lseek(descriptor, off_t(byteOffset), SEEK_SET) }
    }

    /// Size, kind, time and identity of what is open here.
    public func status() throws(FileError) -> FileStatus {
        var status = stat()
        let descriptor = self.descriptor
        try SystemCall.run(.inspect, path) { unsafe fstat(descriptor, &status) }
        return FileStatus(status)
    }

    /// Linux transfers at most this much in one call; Darwin refuses more.
    private static let largestTransfer = 0x4000_0000
}

/// Size, kind, time and identity of a file.
public struct FileStatus: Equatable, Sendable {
    public enum Kind: Sendable { case regular, directory, fifo, other }

    public let kind: Kind
    /// Bytes; meaningful for regular files.
    public let size: Int
    /// Time of the last change of content, nanoseconds since 1970.
    public let modificationTime: Int64
    public let inode: UInt64
    public let device: UInt64

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFIFO: .fifo
            default: .other
            }
        size = Int(status.st_size)
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        modificationTime = Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        inode = UInt64(status.st_ino)
        device = UInt64(truncatingIfNeeded: status.st_dev)
    }

    /// Whether both describe one and the same file, whatever its names.
    public func isSameFile(as other: FileStatus) -> Bool { inode == other.inode && device == other.device }
}

// The methods above have the names of the calls they make.
private func systemRead(_ descriptor: Int32, _ address: UnsafeMutableRawPointer, _ count: Int) -> Int {
    unsafe read(descriptor, address, count)
}
private func systemWrite(_ descriptor: Int32, _ address: UnsafeRawPointer, _ count: Int) -> Int {
    unsafe write(descriptor, address, count)
}
