/// The layouts in which training corpora are distributed. Raw values are the command line's spellings.
public enum CorpusSource: String, Sendable, CaseIterable {
    /// Told by each input's name and first bytes; see `docs/corpora.md`.
    case auto
    /// JSON Lines: an object a line, the text under one key.
    case jsonl
    /// Plain text: each file is one document, byte for byte.
    case text
    /// Plain text: each line that is not blank is one document.
    case lines
    /// Plain text: what is between blank lines is one document, its lines as they stand.
    case paragraphs
    /// WikiExtractor's trees: `--json` lines or `<doc>` … `</doc>`.
    case wikipedia
    /// CC-Stories: a sentence a line with empty lines between documents, or a document a line.
    case ccStories = "cc-stories"
    /// Grover's `realnews.jsonl`.
    case realnews
    /// OpenWebText: tars of texts, also tars of compressed tars, or JSON Lines.
    case openwebtext
    /// The Pile: JSON Lines with `meta.pile_set_name`; the text may be an array of paragraphs.
    case pile
}

/// What to do with a line that holds no document.
public enum BadLinePolicy: String, Sendable, CaseIterable {
    /// Stop with an error that names it.
    case fail
    /// Count it, report the first few, go on.
    case skip
}

/// What to do with files below an input that may hold text and are not read.
public enum UnknownFilePolicy: String, Sendable, CaseIterable {
    /// Stop with an error that names the first.
    case fail
    /// Count and name them, go on.
    case ignore
}

/// What to do with a text that is no Unicode: half a surrogate pair in JSON, malformed UTF-8. But for `fail`, `NaN` and `Infinity`, as Python writes
/// them, are passed over in values that are not asked for.
public enum InvalidTextPolicy: String, Sendable, CaseIterable {
    /// It is a bad line.
    case fail
    /// It is a bad line that is counted and passed over, whatever is done with others.
    case skip
    /// Each part that is none becomes U+FFFD.
    case replace
}

/// Something that must hold for a document of JSON Lines to be wanted: the value under a key is one of these.
public struct DocumentCondition: Sendable, Equatable {
    /// With dots inside objects.
    public let key: String
    public let values: Set<String>

    public init(key: String, values: Set<String>) {
        self.key = key
        self.values = values
    }
}

/// How a corpus is read.
public struct CorpusOptions: Sendable {
    public var source: CorpusSource
    /// The key of the text in JSON Lines, in tables the name of the column; with dots inside objects and groups.
    public var textKey: String
    /// Only documents of these sets of the Pile (`meta.pile_set_name`); nil for all.
    public var pileSets: Set<String>?
    /// Only documents for which all of these hold.
    public var conditions: [DocumentCondition] = []
    public var invalidText = InvalidTextPolicy.fail
    public var badLines: BadLinePolicy
    public var unknownFiles = UnknownFilePolicy.ignore
    /// Take bytes that are no text as they are, for the sources that take any bytes.
    public var acceptsBinary = false
    /// A longer line of a line-oriented file counts as a bad line. Bounds the memory of reading: such a line is never held.
    public var maximumLineBytes = 64 << 20
    /// A longer text counts as a bad line.
    public var maximumDocumentBytes = 64 << 20
    /// About how many bytes one chunk has: the unit of work of the parsers.
    public var chunkBytes = 1 << 20
    /// How deep JSON may be nested, at most 1024.
    public var maximumDepth = 1024
    /// zstd frames that need a window above 2 to this power (128 MiB) are refused.
    public var maximumWindowLog = 27

    public init(
        source: CorpusSource = .auto, textKey: String = "text", pileSets: Set<String>? = nil, badLines: BadLinePolicy = .fail
    ) {
        self.source = source
        self.textKey = textKey
        self.pileSets = pileSets
        self.badLines = badLines
    }
}

/// Where a document (or a bad line) is.
public struct DocumentOrigin: Sendable, Equatable, CustomStringConvertible {
    public let path: String
    /// Its first line, counted from 1; in archives and plain text files the number of the document, in tables that of the row.
    public let line: Int
    /// Its first byte, counted from 0 in the decompressed content. In archives the contents of the members follow one another, in tables the texts.
    public let byteOffset: Int
    /// Where in a table its row is: `row group 3` of Parquet, `record batch 3` of Arrow, counted from 0. Nil for everything else.
    public let section: String?
    /// The file in an archive that it is in, by its path there. Nil for everything else, and where several small files are read at once.
    public var member: String?

    public var description: String {
        section.map { "\(path), row \(line) (in \($0))" } ?? "\(path), line \(line), byte \(byteOffset)"
    }
}

/// A place between two records of a corpus, from where reading can start again.
public struct CorpusPosition: Sendable, Equatable {
    /// Index into the input list; its count when everything has been read.
    public var input: Int
    /// Bytes of the input's decompressed content before this place.
    public var byteOffset: Int
    /// Lines (in archives: documents) of the input before this place.
    public var line: Int

    public init(input: Int = 0, byteOffset: Int = 0, line: Int = 0) {
        self.input = input
        self.byteOffset = byteOffset
        self.line = line
    }
}
