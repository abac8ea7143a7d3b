#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What was asked of the kernel; its raw value is the verb of an error message.
public enum FileOperation: String, Sendable {
    case open, read, write, sync, truncate, seek, map, lock, list, inspect, remove, rename, close, spawn, restart
    case createDirectory = "create directory"
}

/// A request that the kernel refused: operation, path, errno, and the byte where there is one.
public struct FileError: Error, CustomStringConvertible, Equatable, Sendable {
    public let operation: FileOperation
    /// As it was given; ``description`` prints it with control characters and foreign bytes escaped.
    public let path: String
    /// The `errno` of the failed call.
    public let code: Int32
    /// Where in the file, when the operation has a place.
    public let byteOffset: Int?
    /// Replaces the system's own words for `code` where we know better.
    public let detail: String?

    public init(_ operation: FileOperation, _ path: String, code: Int32, byteOffset: Int? = nil, detail: String? = nil) {
        self.operation = operation
        self.path = path
        self.code = code
        self.byteOffset = byteOffset
        self.detail = detail
    }

    /// Whether the reason is that there is nothing of this name.
    public var isMissing: Bool { code == ENOENT }

    /// One line: "cannot open shard.jsonl: No such file or directory".
    public var description: String {
        let place = byteOffset.map { " at byte \($0)" } ?? ""
        return "cannot \(operation.rawValue) \(PathName.printable(path))\(place): \(detail ?? Self.words(for: code))"
    }

    /// The system's words for an errno, with a hint where one helps.
    static func words(for code: Int32) -> String {
        let words = unsafe String(cString: strerror(code))
        return code == ENOSPC || code == EDQUOT ? words + " (free some space or choose another place)" : words
    }
}
