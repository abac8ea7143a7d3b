extension FileSystem {
    /// Whether name `a` comes before `b` as a person sorts them: runs of digits compare as numbers (`shard-9` before
    /// `shard-10`), everything else byte by byte. A total order: names that differ only in leading zeros
    /// (`7`, `07`) are told apart by their bytes.
    public static func naturalOrder(_ a: String, _ b: String) -> Bool {
        naturalOrder(PathName.systemBytes(a), PathName.systemBytes(b))
    }

    /// The names in natural order. Converts each name once: directories may hold millions.
    static func naturallySorted(_ names: [String]) -> [String] {
        names.map { (name: $0, bytes: PathName.systemBytes($0)) }.sorted { naturalOrder($0.bytes, $1.bytes) }.map(\.name)
    }

    private static func naturalOrder(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        var (i, j) = (0, 0)
        while i < a.count && j < b.count {
            if isDigit(a[i]) && isDigit(b[j]) {
                let (first, second) = (digits(a, &i), digits(b, &j))
                if first.count != second.count { return first.count < second.count }
                if first != second { return first.lexicographicallyPrecedes(second) }
            } else {
                if a[i] != b[j] { return a[i] < b[j] }
                i += 1
                j += 1
            }
        }
        let (restA, restB) = (a.count - i, b.count - j)
        return restA != restB ? restA < restB : a.lexicographicallyPrecedes(b)
    }

    /// The run of digits at `index` without leading zeros; moves `index` behind it.
    private static func digits(_ bytes: [UInt8], _ index: inout Int) -> ArraySlice<UInt8> {
        while index < bytes.count && bytes[index] == 0x30 { index += 1 }
        let start = index
        while index < bytes.count && isDigit(bytes[index]) { index += 1 }
        return bytes[start..<index]
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
