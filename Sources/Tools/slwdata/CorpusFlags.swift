import CommandKit
import Corpus

/// What to read and how: the options of every command that reads text.
enum CorpusFlags {
    static let input = Option.list("--input", "PATH", isRequired: true, "files, directories, quoted patterns, or - for standard input")
    static let source = Option.choice(
        "--source", "NAME", of: CorpusSource.allCases.map(\.rawValue), default: "auto",
        "layout of the input; auto tells it by name and first bytes")
    static let textKeys = Option.list(
        "--text-key", "KEY", "key of the text in JSON Lines; in Parquet and Arrow the column; meta.text inside objects and groups"
    ).also("--json-keys", "--json-key").defaulting(to: "text")
    static let conditions = Option.list(
        "--where", "KEY=VALUE", "only documents of JSON Lines in which all these keys have one of their values")
    static let invalidText = Option.choice(
        "--invalid-text", "POLICY", of: InvalidTextPolicy.allCases.map(\.rawValue), default: "fail",
        "a text that is no Unicode is a bad line, or passed over, or read with U+FFFD in it; but for fail, NaN is harmless elsewhere")
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
        "Input",
        [input, source, textKeys, conditions, pileSets, badLines, invalidText, unknownFiles, binary, documentBytes, lineBytes, zstdWindow])

    /// The keys of texts, each of which makes a data set of its own.
    static func keys(_ call: Invocation) -> [String] { call[textKeys].isEmpty ? ["text"] : call[textKeys] }

    /// `key`: of the text. Throws for a condition that is none.
    static func options(_ call: Invocation, key: String) throws(UsageError) -> CorpusOptions {
        var options = CorpusOptions(
            source: CorpusSource(rawValue: call[source])!, textKey: key,
            pileSets: call[pileSets].isEmpty ? nil : Set(call[pileSets]),
            badLines: BadLinePolicy(rawValue: call[badLines])!)
        options.unknownFiles = UnknownFilePolicy(rawValue: call[unknownFiles])!
        options.conditions = try conditions(call)
        options.invalidText = InvalidTextPolicy(rawValue: call[invalidText])!
        options.acceptsBinary = call[binary]
        if let bytes = call[documentBytes] { options.maximumDocumentBytes = bytes }
        if let bytes = call[lineBytes] { options.maximumLineBytes = bytes }
        // Windows are powers of two; libzstd knows those from 2^10 to 2^31.
        if let bytes = call[zstdWindow] { options.maximumWindowLog = (10...31).last { 1 << $0 <= bytes } ?? 10 }
        return options
    }

    /// Values of one key are alternatives; several keys must all have theirs.
    private static func conditions(_ call: Invocation) throws(UsageError) -> [DocumentCondition] {
        var (keys, values): ([String], [String: Set<String>]) = ([], [:])
        for word in call[conditions] {
            guard let equals = word.firstIndex(of: "="), equals > word.startIndex else {
                throw call.misuse("--where: \(word) is not KEY=VALUE, such as meta.lang=en")
            }
            let key = String(word[..<equals])
            if values[key] == nil { keys.append(key) }
            values[key, default: []].insert(String(word[word.index(after: equals)...]))
        }
        guard keys.count < 32 else { throw call.misuse("--where has \(keys.count) keys, at most 31") }
        return keys.map { DocumentCondition(key: $0, values: values[$0]!) }
    }
}
