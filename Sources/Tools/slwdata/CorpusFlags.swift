import CommandKit
import Corpus

/// What to read and how: the options of every command that reads text.
enum CorpusFlags {
    static let input = Option.list("--input", "PATH", isRequired: true, "files, directories, quoted patterns, or - for standard input")
    static let source = Option.choice(
        "--source", "NAME", of: CorpusSource.allCases.map(\.rawValue), default: "auto",
        "layout of the input; auto tells it by name and first bytes")
    static let textKey = Option.text(
        "--text-key", "KEY", default: "text", "key of the text in JSON Lines; in Parquet and Arrow the column, meta.text inside groups"
    ).also("--json-keys", "--json-key")
    static let pileSets = Option.list("--pile-set", "NAME", "only documents of these sets of the Pile (meta.pile_set_name)")
    static let badLines = Option.choice(
        "--bad-lines", "POLICY", of: BadLinePolicy.allCases.map(\.rawValue), default: "fail",
        "stop at a line that holds no document, or count it and go on")
    static let unknownFiles = Option.choice(
        "--unknown-files", "POLICY", of: UnknownFilePolicy.allCases.map(\.rawValue), default: "ignore",
        "stop when a file below an input may hold text and is not read, or name such files and go on")
    static let binary = Option.flag("--binary-input", "take bytes that are no text as they are, with --source text and its like")
    static let documentBytes = Option<Int?>.bytes("--max-document-bytes", "a longer text counts as a bad line").defaulting(to: "64MiB")
    static let lineBytes = Option<Int?>.bytes("--max-line-bytes", "a longer line counts as a bad line; bounds the memory of reading")
        .defaulting(to: "64MiB")
    static let zstdWindow = Option<Int?>.bytes("--zstd-window", "the most memory for the window of a zstd frame; zstd --long=31 takes 2GiB")
        .defaulting(to: "128MiB")

    static let group = OptionGroup(
        "Input", [input, source, textKey, pileSets, badLines, unknownFiles, binary, documentBytes, lineBytes, zstdWindow])

    static func options(_ call: Invocation) -> CorpusOptions {
        var options = CorpusOptions(
            source: CorpusSource(rawValue: call[source])!, textKey: call[textKey],
            pileSets: call[pileSets].isEmpty ? nil : Set(call[pileSets]),
            badLines: BadLinePolicy(rawValue: call[badLines])!)
        options.unknownFiles = UnknownFilePolicy(rawValue: call[unknownFiles])!
        options.acceptsBinary = call[binary]
        if let bytes = call[documentBytes] { options.maximumDocumentBytes = bytes }
        if let bytes = call[lineBytes] { options.maximumLineBytes = bytes }
        // Windows are powers of two; libzstd knows those from 2^10 to 2^31.
        if let bytes = call[zstdWindow] { options.maximumWindowLog = (10...31).last { 1 << $0 <= bytes } ?? 10 }
        return options
    }
}
