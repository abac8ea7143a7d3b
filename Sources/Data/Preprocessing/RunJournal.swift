import Cleaning
import Corpus
import Files
import IndexedDatasets
import JSON

/// What lies beside the partial files of a run so that another can go on: `P.partial/run.json` says what is being made of what,
/// `P.partial/progress.json` how far it is for certain (and a ``SketchRecord`` what was seen so far). The two are replaced in one step, so that a run may be killed at any time.
struct RunJournal: Sendable {
    /// A place up to which everything is on the device.
    struct Progress: Sendable, Equatable {
        var counts = PreprocessingCounts()
        var corpus = CorpusPosition()
        var writer = IndexedDatasetWriter.Position()
        /// Of the documents so far; nil when that was not noted from the start.
        var origins: DocumentOrigins? = DocumentOrigins()
        /// Everything is written and only names are missing.
        var isComplete = false
    }

    let directory: String
    private var runPath: String { directory + "/run.json" }
    private var progressPath: String { directory + "/progress.json" }

    /// What a ``SketchRecord`` calls its file.
    var sketchesPath: String { directory + "/sketches" }

    init(prefix: String) { directory = prefix + ".partial" }

    var exists: Bool { FileSystem.exists(runPath) }

    /// Starts a journal for a run.
    func begin(_ identity: RunIdentity) throws(FileError) {
        try FileSystem.createDirectories(directory)
        try FileSystem.remove(progressPath)
        try FileSystem.writeAtomically(identity.json.serializedBytes(pretty: true) + [0x0A], to: runPath)
    }

    /// Notes a place. Its hash stands in a second line: a number that changed on the device would make another output, silently.
    func write(_ progress: Progress) throws(FileError) {
        let line = progress.json.serializedBytes() + [0x0A]
        try FileSystem.writeAtomically(line + Array("\(XXHash64.hash(line))\n".utf8), to: progressPath)
    }

    /// Which run it is; nil when that cannot be read.
    func readIdentity() throws(FileError) -> RunIdentity? {
        guard FileSystem.exists(runPath) else { return nil }
        let bytes = try FileSystem.readAll(runPath, limit: 1 << 30)
        return (try? JSONValue.parse(bytes)).flatMap { RunIdentity($0) }
    }

    /// How far it came; nil when it has no durable point yet, or one that cannot be believed: then the run begins again.
    func readProgress() throws(FileError) -> Progress? {
        guard FileSystem.exists(progressPath) else { return nil }
        let bytes = try FileSystem.readAll(progressPath, limit: 1 << 30)
        guard let end = bytes.firstIndex(of: 0x0A), bytes[(end + 1)...].elementsEqual("\(XXHash64.hash(Array(bytes[...end])))\n".utf8)
        else {
            return nil
        }
        return (try? JSONValue.parse(Array(bytes[..<end]))).flatMap { Progress($0) }
    }

    /// Removes it with all that is in it. What makes it a journal goes first: one that says what run it was but not how far it came would
    /// be taken for a run that has just begun, and its finished output for somebody else's.
    func remove() throws(FileError) {
        guard FileSystem.exists(directory) else { return }
        try FileSystem.remove(runPath)
        try FileSystem.removeTree(directory)
    }
}

extension RunJournal.Progress {
    static var countKeys: [(String, WritableKeyPath<PreprocessingCounts, Int>)] {
        [
            ("documents", \.documents), ("empty_documents", \.emptyDocuments), ("tokens", \.tokens), ("input_bytes", \.inputBytes),
            ("text_bytes", \.textBytes), ("bad_lines", \.badLines), ("blank_lines", \.blankLines),
            ("filtered_documents", \.filteredDocuments), ("normalized_documents", \.cleaning.normalized),
            ("duplicate_documents", \.cleaning.duplicates),
            ("too_short_documents", \.cleaning.tooShort),
            ("too_long_documents", \.cleaning.tooLong),
        ]
    }

    var json: JSONValue {
        [
            "version": 1,
            "counts": .object(JSONObject(Self.countKeys.map { ($0.0, JSONValue(counts[keyPath: $0.1])) })),
            "corpus": ["input": JSONValue(corpus.input), "byte": JSONValue(corpus.byteOffset), "line": JSONValue(corpus.line)],
            "writer": [
                "bin_bytes": JSONValue(writer.binBytes), "sequences": JSONValue(writer.sequenceCount),
                "documents": JSONValue(writer.documentCount),
            ],
            "origins": origins?.json ?? .null, "complete": JSONValue(isComplete),
        ]
    }

    init?(_ json: JSONValue) {
        func number(_ group: String, _ key: String) -> Int { json[group]?[key]?.int ?? -1 }
        guard json["version"]?.int == 1, let isComplete = json["complete"]?.bool else { return nil }
        // A count that did not exist when this was written is one of something that did not happen.
        for (key, path) in Self.countKeys { counts[keyPath: path] = json["counts"]?[key]?.int ?? 0 }
        corpus = CorpusPosition(input: number("corpus", "input"), byteOffset: number("corpus", "byte"), line: number("corpus", "line"))
        writer = IndexedDatasetWriter.Position(
            binBytes: number("writer", "bin_bytes"), sequenceCount: number("writer", "sequences"),
            documentCount: number("writer", "documents"))
        origins = json["origins"].flatMap { DocumentOrigins($0) }
        self.isComplete = isComplete
        let all = Self.countKeys.map { counts[keyPath: $0.1] } + [corpus.input, corpus.byteOffset, corpus.line]
        guard (all + [writer.binBytes, writer.sequenceCount, writer.documentCount]).allSatisfy({ $0 >= 0 }) else { return nil }
    }
}
