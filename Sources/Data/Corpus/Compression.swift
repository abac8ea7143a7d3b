/// How a stream is compressed, told by its first bytes and by nothing else.
public enum Compression: String, Sendable {
    case zstd, gzip, lz4, xz, bzip2

    /// How many bytes ``init(magic:)`` looks at.
    static let magicBytes = 10

    /// The compression whose magic number `bytes` begins with.
    init?(magic bytes: ArraySlice<UInt8>) {
        func begins(_ magic: [UInt8]) -> Bool { bytes.starts(with: magic) }
        if begins([0x28, 0xB5, 0x2F, 0xFD]) {
            self = .zstd
        } else if bytes.count >= 4, bytes.dropFirst(1).starts(with: [0x2A, 0x4D, 0x18]), bytes.first! & 0xF0 == 0x50 {
            self = .zstd  // a skippable frame
        } else if begins([0x1F, 0x8B]) {
            self = .gzip
        } else if begins([0x04, 0x22, 0x4D, 0x18]) || begins([0x02, 0x21, 0x4C, 0x18]) {
            self = .lz4
        } else if begins([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]) {
            self = .xz
        } else if begins([0x42, 0x5A, 0x68]), let level = bytes.dropFirst(3).first, (0x31...0x39).contains(level),
            bytes.dropFirst(4).starts(with: [0x31, 0x41, 0x59, 0x26, 0x53, 0x59])
                || bytes.dropFirst(4).starts(with: [0x17, 0x72, 0x45, 0x38, 0x50, 0x90])
        {
            self = .bzip2
        } else {
            return nil
        }
    }

    /// The compression that a file's name promises.
    public init?(name: String) {
        guard let (compression, _) = Self.endings.first(where: { name.lowercased().hasSuffix($0.1) }) else { return nil }
        self = compression
    }

    /// `name` without the ending that tells its compression.
    static func stripped(_ name: String) -> String {
        guard let (_, ending) = endings.first(where: { name.lowercased().hasSuffix($0.1) }) else { return name }
        let rest = String(name.dropLast(ending.count))
        return ending.hasPrefix(".t") ? rest + ".tar" : rest
    }

    private static let endings: [(Compression, String)] = [
        (.zstd, ".zst"), (.zstd, ".zstd"), (.gzip, ".gz"), (.lz4, ".lz4"), (.xz, ".xz"), (.bzip2, ".bz2"),
        (.gzip, ".tgz"), (.xz, ".txz"), (.bzip2, ".tbz2"), (.zstd, ".tzst"),
    ]

    /// The program and its arguments that decompress standard input to standard output; nil for what we do ourselves.
    var command: (program: String, arguments: [String])? {
        switch self {
        case .zstd, .gzip, .lz4: nil
        // A hostile header may ask for gigabytes; xz's own presets need 65 MiB at most.
        case .xz: ("xz", ["-dc", "--memlimit-decompress=256MiB"])
        case .bzip2: ("bzip2", ["-dc"])
        }
    }
}
