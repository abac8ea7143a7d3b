public import Quantities

/// A format that holds no text as it lies there, told by its first bytes: what it is and how its text is got out.
public enum ForeignFormat: String, Sendable, Equatable, CaseIterable {
    case zip, sevenZip, rar, lzma, lzw, brotli, snappyFrames
    case parquet, arrow, orc, avro, hdf5, numpy, sqlite, pdf, png, jpeg, executable
    case warc, mediaWiki
    /// With a byte order mark, and without one: of either order.
    case utf16, utf32, utf16LE, utf16BE, utf32LE, utf32BE
    /// Bytes that are no text, of no format that we know.
    case binary

    /// How many bytes ``init(start:)`` looks at.
    static let startBytes = 512

    /// The format that the first bytes of a stream tell; nil for what may be text. UTF-16 and UTF-32 also without a byte order mark.
    init?(start: ArraySlice<UInt8>) {
        let start = start.prefix(Self.startBytes)
        func begins(_ magic: String) -> Bool { start.starts(with: magic.unicodeScalars.map { UInt8($0.value) }) }
        for (magic, format) in Self.magics where begins(magic) {
            self = format
            return
        }
        let text = start.drop { $0 == 0x20 || (0x09...0x0D).contains($0) || [0xEF, 0xBB, 0xBF].contains($0) }
        if text.starts(with: "<mediawiki".utf8) {
            self = .mediaWiki
        } else if let format = Self.wideCharacters(Array(start)) {
            self = format
        } else {
            return nil
        }
    }

    /// What a name says that no content does: brotli has no magic number.
    init?(name: String) {
        let name = name.lowercased()
        if name.hasSuffix(".br") { self = .brotli } else if name.hasSuffix(".lzma") { self = .lzma } else { return nil }
    }

    private static let magics: [(String, ForeignFormat)] = [
        ("PK\u{3}\u{4}", .zip), ("PK\u{5}\u{6}", .zip), ("7z\u{BC}\u{AF}\u{27}\u{1C}", .sevenZip), ("Rar!\u{1A}\u{7}", .rar),
        ("\u{5D}\u{0}\u{0}\u{0}\u{1}", .lzma),
        ("\u{5D}\u{0}\u{0}\u{80}\u{0}", .lzma), ("\u{5D}\u{0}\u{0}\u{0}\u{4}", .lzma), ("\u{5D}\u{0}\u{0}\u{10}\u{0}", .lzma),
        ("\u{1F}\u{9D}", .lzw), ("\u{FF}\u{6}\u{0}\u{0}sNaPpY", .snappyFrames),
        ("PAR1", .parquet), ("PARE", .parquet), ("ARROW1", .arrow), ("\u{FF}\u{FF}\u{FF}\u{FF}", .arrow), ("ORC", .orc),
        ("Obj\u{1}", .avro), ("\u{89}HDF\r\n\u{1A}\n", .hdf5), ("\u{93}NUMPY", .numpy), ("SQLite format 3\u{0}", .sqlite),
        ("%PDF-", .pdf), ("\u{89}PNG\r\n\u{1A}\n", .png), ("\u{FF}\u{D8}\u{FF}", .jpeg), ("\u{7F}ELF", .executable), ("WARC/", .warc),
        ("\u{FF}\u{FE}\u{0}\u{0}", .utf32), ("\u{0}\u{0}\u{FE}\u{FF}", .utf32), ("\u{FF}\u{FE}", .utf16), ("\u{FE}\u{FF}", .utf16),
    ]

    /// Text in a script below U+0100 has a zero in every second byte of UTF-16 and in three of four of UTF-32; text in UTF-8 has none at all.
    private static func wideCharacters(_ start: [UInt8]) -> ForeignFormat? {
        guard start.count >= 8, start.contains(0) else { return nil }
        func zeros(_ place: Int, of count: Int) -> Double {
            let places = stride(from: place, to: start.count, by: count)
            return Double(places.count { start[$0] == 0 }) / Double(max(1, places.underestimatedCount))
        }
        let quarters = (0..<4).map { zeros($0, of: 4) }
        if quarters[1] == 1 && quarters[2] == 1 && max(quarters[0], quarters[3]) == 1 && min(quarters[0], quarters[3]) < 0.2 {
            return quarters[0] > quarters[3] ? .utf32BE : .utf32LE
        }
        let (even, odd) = (zeros(0, of: 2), zeros(1, of: 2))
        return min(even, odd) < 0.1 && max(even, odd) > 0.6 ? (even > odd ? .utf16BE : .utf16LE) : nil
    }

    /// A table, of which a column of texts is read.
    var isTable: Bool { self == .parquet || self == .arrow }

    /// Text, though not in UTF-8.
    var isWideText: Bool { encoding != nil }

    /// The name of its encoding, as iconv has it.
    private var encoding: String? {
        switch self {
        case .utf16: "UTF-16"
        case .utf16LE: "UTF-16LE"
        case .utf16BE: "UTF-16BE"
        case .utf32: "UTF-32"
        case .utf32LE: "UTF-32LE"
        case .utf32BE: "UTF-32BE"
        default: nil
        }
    }

    /// What it is called.
    public var title: String {
        switch self {
        case .zip: "a ZIP archive"
        case .sevenZip: "a 7z archive"
        case .rar: "a RAR archive"
        case .lzma: "an .lzma file"
        case .lzw: "compressed by `compress`"
        case .brotli: "compressed by brotli"
        case .snappyFrames: "compressed by snappy"
        case .parquet: "a Parquet file"
        case .arrow: "an Arrow file"
        case .orc: "an ORC file"
        case .avro: "an Avro file"
        case .hdf5: "an HDF5 file"
        case .numpy: "a NumPy array"
        case .sqlite: "an SQLite database"
        case .pdf: "a PDF"
        case .png: "a PNG image"
        case .jpeg: "a JPEG image"
        case .executable: "an executable"
        case .warc: "a WARC file of web pages"
        case .mediaWiki: "a MediaWiki XML dump"
        case .utf16, .utf16LE, .utf16BE: "text in UTF-16"
        case .utf32, .utf32LE, .utf32BE: "text in UTF-32"
        case .binary: "no text (it holds NUL bytes)"
        }
    }

    /// What gets the text out of a file that lies in an archive or is compressed.
    var memberAdvice: OptionText {
        switch self {
        case .pdf, .png, .jpeg, .executable, .binary: advice("FILE")
        default: "unpack what it lies in, and give it by itself"
        }
    }

    /// What gets the text of the file `name` out, as words behind "this is a …; ".
    public func advice(_ name: String) -> OptionText {
        let file = name.contains { !($0.isLetter || $0.isNumber || "._-/+=".contains($0)) } ? "FILE" : name
        func pipe(_ command: String) -> OptionText {
            "read it through a pipe: \(command) | slwdata preprocess \(option: "input") - \(option: "source") jsonl …"
        }
        return switch self {
        case .zip: "unpack it, or \(pipe("unzip -p \(file)"))"
        case .sevenZip: "unpack it, or \(pipe("7z x -so \(file)"))"
        case .rar: "unpack it first"
        case .lzma: pipe("xz --format=lzma -dc \(file)")
        case .lzw: pipe("gzip -dc \(file)")
        case .brotli: pipe("brotli -dc \(file)")
        case .snappyFrames: pipe("snzip -dc \(file)")
        case .parquet, .arrow: "leave out \(option: "source") to have its column of texts read"
        case .orc, .avro, .hdf5, .sqlite: "write its text column as JSON Lines first"
        case .numpy: "if it is an array of token ids: slwdata convert \(file) \(option: "output") P"
        case .pdf, .png, .jpeg, .executable: "leave it out"
        case .warc: "extract the texts first (trafilatura or resiliparse), as JSON Lines"
        case .mediaWiki: "extract it first: python -m wikiextractor.WikiExtractor --json \(file)"
        case .utf16, .utf16LE, .utf16BE, .utf32, .utf32LE, .utf32BE: "convert it to UTF-8: iconv -f \(encoding ?? "") -t UTF-8 \(file)"
        case .binary: "leave it out, or say \(option: "binary-input") to take its bytes as they are"
        }
    }
}
