#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension FileSystem {
    /// Bytes that this user may still write to the file system that holds `path`, which must exist.
    public static func availableBytes(at path: String) throws(FileError) -> Int {
        var status = statvfs()
        try unsafe SystemCall.run(.inspect, path: path) { unsafe statvfs($0, &status) }
        let (bytes, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return overflow ? Int.max : bytes
    }
}
