#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Questions to and changes of the file system, by path.
public enum FileSystem {
    /// Whether there is anything at `path` (links are followed).
    public static func exists(_ path: String) -> Bool { ((try? statusIfExists(path)) ?? nil) != nil }

    /// Whether `path` is a directory or a link to one.
    public static func isDirectory(_ path: String) -> Bool { ((try? statusIfExists(path)) ?? nil)?.kind == .directory }

    /// Whether `path` itself is a symbolic link.
    public static func isLink(_ path: String) -> Bool {
        var status = stat()
        guard let result = unsafe PathName.withSystemPath(path, { unsafe lstat($0, &status) }), result == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFLNK
    }

    /// Bytes of the file at `path`.
    public static func size(_ path: String) throws(FileError) -> Int { try status(path).size }

    /// Size, kind, time and identity (links are followed).
    public static func status(_ path: String) throws(FileError) -> FileStatus {
        var status = stat()
        try unsafe SystemCall.run(.inspect, path: path) { unsafe stat($0, &status) }
        return FileStatus(status)
    }

    /// As ``status(_:)``; nil when there is nothing at `path`.
    public static func statusIfExists(_ path: String) throws(FileError) -> FileStatus? {
        do throws(FileError) { return try status(path) } catch {
            if error.code == ENOENT || error.code == ENOTDIR { return nil }
            throw error
        }
    }

    /// The names in a directory, without `.` and `..`, in natural order.
    public static func list(_ path: String) throws(FileError) -> [String] {
        var stream: DirectoryStream?
        try unsafe SystemCall.run(.list, path: path) { name in
            unsafe stream = openDirectory(name)
            return unsafe stream == nil ? Int32(-1) : 0
        }
        let directory = unsafe stream!
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = unsafe readdir(directory) else {
                if errno != 0 { throw FileError(.list, path, code: errno) }
                break
            }
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 1) { unsafe PathName.string(fromSystemTerminated: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return naturallySorted(names)
    }

    /// Creates `path` and every directory above it that is missing.
    public static func createDirectories(_ path: String) throws(FileError) {
        if isDirectory(path) || path.isEmpty { return }
        let parent = directory(of: path)
        if parent != path { try createDirectories(parent) }
        do throws(FileError) {
            try unsafe SystemCall.run(.createDirectory, path: path) { unsafe mkdir($0, 0o777) }
        } catch {
            // Somebody else may have been faster.
            guard error.code == EEXIST && isDirectory(path) else { throw error }
        }
    }

    /// Removes a file or an empty directory. Returns false when there was nothing.
    @discardableResult
    public static func remove(_ path: String) throws(FileError) -> Bool {
        do throws(FileError) {
            try unsafe SystemCall.run(.remove, path: path) { unsafe systemRemove($0) }
            return true
        } catch {
            if error.code == ENOENT { return false }
            throw error
        }
    }

    /// Removes a directory with everything in it. Links inside are removed, not followed.
    public static func removeTree(_ path: String) throws(FileError) {
        var status = stat()
        try unsafe SystemCall.run(.inspect, path: path) { unsafe lstat($0, &status) }
        if FileStatus(status).kind == .directory {
            for name in try list(path) { try removeTree(path + "/" + name) }
        }
        try remove(path)
    }

    /// Gives `path` the name `newPath`, replacing what was there, in one step.
    public static func rename(_ path: String, to newPath: String) throws(FileError) {
        do throws(FileError) {
            try unsafe SystemCall.run(.rename, path: path) { old in
                unsafe PathName.withSystemPath(newPath) { unsafe systemRename(old, $0) } ?? -1
            }
        } catch {
            guard isDirectory(newPath) else { throw error }
            throw FileError(.rename, path, code: error.code, detail: "the directory \(PathName.printable(newPath)) is in the way")
        }
    }

    /// Makes additions, removals and renames in the directory that holds `path` durable.
    public static func syncDirectory(of path: String) throws(FileError) {
        let directory = try OpenFile(directory(of: path))
        do throws(FileError) { try directory.sync() } catch {
            // Some network file systems cannot; they also order renames themselves.
            guard error.code == EINVAL || error.code == ENOTSUP else { throw error }
        }
    }

    /// The whole content of a small file. Throws when it has more than `limit` bytes.
    public static func readAll(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
        let file = try OpenFile(path)
        let status = try file.status()
        if status.kind == .directory { throw FileError(.read, path, code: EISDIR) }
        var bytes: [UInt8] = []
        // A size of 0 may also be a pipe or a file of /proc, so the end is where read says it is.
        var capacity = min(status.size, limit) + 1
        while true {
            let before = bytes
            var failure: FileError?
            bytes = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { raw, count in
                unsafe before.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(raw).copyMemory(from: $0) }
                count = before.count
                do throws(FileError) {
                    while count < capacity {
                        let read = try unsafe file.read(
                            into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(raw)[count...]))
                        if read == 0 { return }
                        count += read
                    }
                } catch { failure = error }
            }
            if let failure { throw failure }
            if bytes.count > limit { throw FileError(.read, path, code: EFBIG, detail: "larger than the limit of \(limit) bytes") }
            if bytes.count < capacity { return bytes }
            capacity = min(max(4096, 2 * capacity), limit + 1)
        }
    }

    /// The first bytes of the file at `path`, so many or all that it has.
    public static func start(of path: String, _ byteCount: Int) throws(FileError) -> [UInt8] {
        let file = try OpenFile(path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: 16)
        defer { unsafe buffer.deallocate() }
        let count = try unsafe file.read(into: buffer, at: 0)
        return unsafe Array(buffer[..<min(count, byteCount)])
    }

    /// Replaces the content of `path` in one durable step (see ``AtomicFile``).
    public static func writeAtomically(_ bytes: [UInt8], to path: String) throws(FileError) {
        var file = try AtomicFile(path)
        try file.write(bytes)
        try file.commit()
    }

    /// The part before the last `/`: "." when there is none, "/" for the root.
    public static func directory(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }

    /// The part after the last `/`.
    public static func name(of path: String) -> String {
        let trimmed = path.count > 1 && path.hasSuffix("/") ? path.dropLast() : path[...]
        return String(trimmed.lastIndex(of: "/").map { trimmed[trimmed.index(after: $0)...] } ?? trimmed)
    }

    /// `path` as it is called from any directory. Links stay: what they lead to may have another name.
    public static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let buffer = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(buffer) }
        let here = unsafe PathName.string(fromSystem: Array(UnsafeRawBufferPointer(start: buffer, count: strlen(buffer))))
        let parts = path.split(separator: "/").filter { $0 != "." }
        return ([here == "/" ? "" : here] + parts.map(String.init)).joined(separator: "/")
    }
}

#if canImport(Darwin)
    private typealias DirectoryStream = UnsafeMutablePointer<DIR>
#else
    private typealias DirectoryStream = OpaquePointer
#endif
private func openDirectory(_ path: UnsafePointer<CChar>) -> DirectoryStream? { unsafe opendir(path) }

// The methods above have the names of the calls they make.
private func systemRename(_ old: UnsafePointer<CChar>, _ new: UnsafePointer<CChar>) -> Int32 { unsafe rename(old, new) }
private func systemRemove(_ path: UnsafePointer<CChar>) -> Int32 { unsafe remove(path) }
