import TypedErrors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An advisory lock on a path: held until the value goes away or the process dies, however it dies.
///
/// The lock file holds the owner's process id and is removed on release. A second holder, in this process or another, gets an error that names it.
public struct FileLock: ~Copyable, Sendable {
    public var path: String { file.path }
    private let file: OpenFile

    /// Takes the lock at once or throws.
    public init(_ path: String) throws(FileError) {
        let file = try Self.openLocked(path)
        try file.truncate(to: 0)
        let identity = Array("\(getpid())\n".utf8)
        try unsafe identity.withUnsafeBytesThrowing { bytes throws(FileError) in try unsafe file.write(bytes, at: 0) }
        self.file = file
    }

    // Removed while still locked: whoever waits for this file finds that its name is gone and starts over.
    deinit { _ = try? FileSystem.remove(path) }

    /// Opens (or creates) `path` and locks it. The content of an existing file is kept.
    static func openLocked(_ path: String) throws(FileError) -> OpenFile {
        while true {
            let file = try OpenFile(path, .update)
            let descriptor = file.descriptor
            do throws(FileError) {
                try SystemCall.run(.lock, path) { flock(descriptor, LOCK_EX | LOCK_NB) }
            } catch {
                guard error.code == EWOULDBLOCK else { throw error }
                throw FileError(.lock, path, code: error.code, detail: "another process is writing here\(owner(of: file))")
            }
            // The former owner may have removed or renamed the file between our open and our lock.
            let ours = try file.status()
            if let named = try FileSystem.statusIfExists(path), named.isSameFile(as: ours) { return file }
        }
    }

    private static func owner(of file: borrowing OpenFile) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = unsafe bytes.withUnsafeMutableBytes { (try? unsafe file.read(into: $0, at: 0)) ?? 0 }
        let digits = bytes.prefix(count).prefix { (0x30...0x39).contains($0) }
        return digits.isEmpty ? "" : " (process \(String(decoding: digits, as: UTF8.self)))"
    }
}
