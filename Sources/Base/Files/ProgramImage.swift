#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The executable of this process: where it is, and how it begins again.
public enum ProgramImage {
    /// Whether ``path`` and ``restart(setting:)`` work on this system.
    public static var isKnown: Bool {
        #if os(Linux)
            true
        #else
            false
        #endif
    }

    /// The executable's file. When it was replaced or removed meanwhile, the kernel's own name for what is running.
    public static var path: String {
        let link = "/proc/self/exe"
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe readlink(link, $0.baseAddress!, $0.count) }
        guard count > 0 && count < bytes.count else { return link }
        let path = PathName.string(fromSystem: bytes[..<count])
        return FileSystem.exists(path) ? path : link
    }

    /// Begins the program anew with the same arguments, open standard streams and process id, and with `variables` in its environment: for what
    /// libraries read before `main`. Nothing of this process is left, neither memory nor threads nor files. Returns only to throw.
    public static func restart(setting variables: [String: String]) throws(FileError) -> Never {
        let path = path
        for (name, value) in variables { unsafe setenv(name, value, 1) }
        let code: Int32
        #if os(Linux)
            _ = unsafe PathName.withSystemPath(path) { unsafe execv($0, CommandLine.unsafeArgv) }
            code = errno
        #else
            code = ENOTSUP
        #endif
        for name in variables.keys { unsafe unsetenv(name) }
        throw FileError(.restart, path, code: code)
    }

    /// The value of an environment variable, which is gone from the environment afterwards.
    public static func takeVariable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        defer { unsafe unsetenv(name) }
        return unsafe String(cString: value)
    }
}
