#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Synchronization

/// How the kernel is called for files: one function for the `-1` ritual, one for paths, and the seam where a debug build may be told
/// to fail. Clocks, terminals, the environment and child processes are asked for where they are needed.
enum SystemCall {
    /// Runs `call` until it is not interrupted by a signal; a negative result throws the errno that belongs to it.
    @discardableResult
    static func run<I: FixedWidthInteger & SignedInteger>(
        _ operation: FileOperation, _ path: String, at byteOffset: Int? = nil, _ call: () -> I
    ) throws(FileError) -> I {
        #if DEBUG
            if let code = ForcedFailure.take(operation, path) { throw FileError(operation, path, code: code, byteOffset: byteOffset) }
        #endif
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw FileError(operation, path, code: code, byteOffset: byteOffset) }
        }
    }

    /// As ``run(_:_:at:_:)`` for calls that take the path itself.
    @discardableResult
    static func run<I: FixedWidthInteger & SignedInteger>(
        _ operation: FileOperation, path: String, _ call: (UnsafePointer<CChar>) -> I
    ) throws(FileError) -> I {
        try run(operation, path) {
            if let result = unsafe PathName.withSystemPath(path, call) { return result }
            errno = EINVAL  // a NUL inside
            return -1
        }
    }
}

#if DEBUG
    /// Makes a system call fail on purpose, in debug builds only: the tests of "disk full" and "I/O error".
    ///
    /// A failure is bound to paths that contain a given string, so that tests which run at the same time in other folders do not feel it.
    public struct ForcedFailure: Sendable {
        let operation: FileOperation
        let pathPart: String
        let code: Int32
        var skipped: Int
        var repeats: Int

        private static let active = Mutex<[ForcedFailure]>([])

        /// From now on `operation` on a path that contains `pathPart` fails with `code`, after `skipping` calls that still
        /// succeed and for at most `times` calls.
        public static func add(
            _ operation: FileOperation, pathContaining pathPart: String, code: Int32, skipping: Int = 0, times: Int = .max
        ) {
            active.withLock {
                $0.append(ForcedFailure(operation: operation, pathPart: pathPart, code: code, skipped: skipping, repeats: times))
            }
        }

        /// Forgets every failure that was set for `pathPart`.
        public static func remove(pathContaining pathPart: String) {
            active.withLock { $0.removeAll { $0.pathPart == pathPart } }
        }

        static func take(_ operation: FileOperation, _ path: String) -> Int32? {
            active.withLock { failures in
                for index in failures.indices
                where failures[index].operation == operation && failures[index].repeats > 0 && path.contains(failures[index].pathPart) {
                    if failures[index].skipped > 0 {
                        failures[index].skipped -= 1
                        continue
                    }
                    failures[index].repeats -= 1
                    return failures[index].code
                }
                return nil
            }
        }
    }
#endif
