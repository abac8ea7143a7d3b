import Files

/// Patterns of paths, matched byte by byte against what is there: `*` and `?` within a name, `[a-z]` and `[!a-z]`, `**` for any depth. Hidden
/// names match only a pattern that begins with a dot.
enum PathPattern {
    static func isPattern(_ path: String) -> Bool { path.utf8.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B } }

    /// The existing paths that match, in natural order.
    static func expand(_ pattern: String) throws(FileError) -> [String] {
        let parts = pattern.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
        var results: Set<String> = []
        try expand(parts[...], under: pattern.hasPrefix("/") ? "/" : "", into: &results)
        return results.sorted(by: FileSystem.naturalOrder)
    }

    private static func expand(_ parts: ArraySlice<String>, under base: String, into results: inout Set<String>) throws(FileError) {
        guard let part = parts.first else {
            results.insert(base)
            return
        }
        func join(_ name: String) -> String { base.isEmpty || base.hasSuffix("/") ? base + name : base + "/" + name }
        let rest = parts.dropFirst()
        if !isPattern(part) {
            if try FileSystem.statusIfExists(join(part)) != nil { try expand(rest, under: join(part), into: &results) }
            return
        }
        let directory = base.isEmpty ? "." : base
        guard FileSystem.isDirectory(directory) else { return }
        if part == "**" { try expand(rest, under: base, into: &results) }
        for name in try FileSystem.list(directory) {
            if part == "**" {
                // Links are not followed down: a cycle of them would never end.
                if !name.hasPrefix("."), FileSystem.isDirectory(join(name)), !FileSystem.isLink(join(name)) {
                    try expand(parts, under: join(name), into: &results)
                }
                if rest.isEmpty, !name.hasPrefix("."), !FileSystem.isDirectory(join(name)) { results.insert(join(name)) }
            } else if matches(PathName.systemBytes(name)[...], PathName.systemBytes(part)[...]), part.hasPrefix(".") || !name.hasPrefix(".")
            {
                if rest.isEmpty || FileSystem.isDirectory(join(name)) { try expand(rest, under: join(name), into: &results) }
            }
        }
    }

    /// Whether `name` matches `pattern`. Linear but for one star, to which the search goes back: never exponential.
    static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
        var (name, pattern) = (name, pattern)
        var retry: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
        while true {
            if let first = pattern.first, first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (name, pattern)
                continue
            }
            if let byte = name.first, let rest = matchOne(byte, pattern) {
                (name, pattern) = (name.dropFirst(), rest)
                continue
            }
            if name.isEmpty && pattern.isEmpty { return true }
            guard let star = retry, !star.name.isEmpty else { return false }
            retry!.name = star.name.dropFirst()
            (name, pattern) = (retry!.name, star.pattern)
        }
    }

    /// What is left of `pattern` when its first element matches `byte`.
    private static func matchOne(_ byte: UInt8, _ pattern: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let first = pattern.first else { return nil }
        if first == UInt8(ascii: "?") { return pattern.dropFirst() }
        guard first == UInt8(ascii: "["), let close = pattern.dropFirst(2).firstIndex(of: UInt8(ascii: "]")) else {
            return first == byte ? pattern.dropFirst() : nil
        }
        var set = pattern[(pattern.startIndex + 1)..<close]
        let isNegated = set.first == UInt8(ascii: "!") || set.first == UInt8(ascii: "^")
        if isNegated { set = set.dropFirst() }
        var isIn = false
        while let low = set.first {
            let dashed = set.dropFirst().first == UInt8(ascii: "-") && set.count > 2
            let high = dashed ? set[set.startIndex + 2] : low
            if low <= byte && byte <= high { isIn = true }
            set = set.dropFirst(dashed ? 3 : 1)
        }
        return isIn != isNegated ? pattern[(close + 1)...] : nil
    }
}
