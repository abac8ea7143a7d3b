#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the other end of a stream can show.
public struct Terminal: Sendable {
    /// Whether a person looks at it.
    public let isTerminal: Bool
    /// Columns, at least 40; 100 when nobody looks.
    public let width: Int

    /// Standard output.
    public static var output: Terminal { Terminal(descriptor: STDOUT_FILENO) }
    /// Standard error.
    public static var errors: Terminal { Terminal(descriptor: STDERR_FILENO) }

    /// Whether block characters can be shown: a locale with UTF-8, by the order that POSIX gives its variables.
    public static var usesUnicode: Bool {
        for name in ["LC_ALL", "LC_CTYPE", "LANG"] {
            guard let value = environment(name), !value.isEmpty else { continue }
            let folded = value.lowercased()
            return folded.hasSuffix("utf-8") || folded.hasSuffix("utf8") || folded.contains("utf-8@") || folded.contains("utf8@")
        }
        return false
    }

    /// Whether colours are welcome on this stream: a terminal that is not dumb, and no `NO_COLOR`.
    public var usesColour: Bool {
        isTerminal && (Self.environment("NO_COLOR") ?? "").isEmpty && Self.environment("TERM") != "dumb"
    }

    init(descriptor: Int32) {
        isTerminal = isatty(descriptor) != 0
        var size = winsize()
        if isTerminal, unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
            width = max(40, Int(size.ws_col))
        } else {
            width = max(40, Self.environment("COLUMNS").flatMap { Int($0) } ?? 100)
        }
    }

    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}
