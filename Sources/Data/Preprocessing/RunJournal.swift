import Cleaning
import Corpus
import Files
import Hashing
import IndexedDatasets
import JSON

/// What lies beside the partial files of a run so that another can go on: `P.partial/run.json` says what is being made of what,
/// `P.partial/progress.json` how far it is for certain (and a ``SketchRecord`` what was seen so far). The two are replaced in one step, so that a run may be killed at any time.
struct RunJournal: Sendable {
    /// A place up to which everything is on the device.
    struct Progress: Sendable, Equatable {
        /// Why documents were left out in this session, to say it when none is left; not written down.
        var unwantedValues: Set<String> = []
        var firstBadReason: String?
        var counts = PreprocessingCounts()
        var corpus = CorpusPosition()
        var writer = IndexedDatasetWriter.Position()
        /// Of the documents so far; nil when that was not noted from the start.
        var origins: DocumentOrigins? = DocumentOrigins()
        /// Everything is written and only names are missing.
        var isComplete = false
        /// The run stopped because of what it read: the input is expected to be another when it goes on.
        var isStoppedByInput = false
        /// Members of archives that were not read, of the inputs before that of `corpus`: the first ones, and how many.
        var ignored: [IgnoredFile] = []
        var ignoredCount = 0
        /// Of the cleaning report, bytes.
        var reportBytes = 0
        /// The place at which the input of `corpus` began; nil in a journal of an earlier build.
        var inputStart: InputStart?

        /// Where the first record of an input was still to be read.
        struct InputStart: Sendable, Equatable {
            var input: Int
            var counts: PreprocessingCounts
            var writer: IndexedDatasetWriter.Position
            var reportBytes: Int
        }

        /// The place before anything of the input was read, where it is known.
        var beforeInput: Self? {
            if corpus.byteOffset == 0 && corpus.line == 0 { return self }
            guard let inputStart, inputStart.input == corpus.input else { return nil }
            var place = self
            place.corpus = CorpusPosition(input: inputStart.input)
            place.counts = inputStart.counts
            place.writer = inputStart.writer
            place.reportBytes = inputStart.reportBytes
            place.isStoppedByInput = false
            place.origins?.remove(fromInput: inputStart.input)
            return place
        }
    }

    let directory: String
    /// The cleaning report, when one is written.
    var reportPath: String?
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

    /// Replaces what run it is by one that has read the same so far.
    func replace(_ identity: RunIdentity) throws(FileError) {
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

    /// How far it came; nil when it has no durable point yet, or one that cannot be trusted: then the run begins again.
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
            ("trimmed_documents", \.cleaning.trimmed), ("split_documents", \.cleaning.split),
            ("removed_documents", \.cleaning.removed), ("over_split_documents", \.cleaning.overSplit),
        ]
    }

    var json: JSONValue {
        [
            "version": 1,
            "counts": Self.json(counts),
            "corpus": ["input": JSONValue(corpus.input), "byte": JSONValue(corpus.byteOffset), "line": JSONValue(corpus.line)],
            "writer": Self.json(writer), "origins": origins?.json ?? .null, "complete": JSONValue(isComplete),
            "stopped_by_input": JSONValue(isStoppedByInput), "ignored": .array(ignored.map(\.json)),
            "ignored_files": JSONValue(ignoredCount), "report_bytes": JSONValue(reportBytes),
            "input_start": inputStart.map {
                [
                    "input": JSONValue($0.input), "counts": Self.json($0.counts), "writer": Self.json($0.writer),
                    "report_bytes": JSONValue($0.reportBytes),
                ]
            } ?? .null,
        ]
    }

    private static func json(_ counts: PreprocessingCounts) -> JSONValue {
        .object(JSONObject(countKeys.map { ($0.0, JSONValue(counts[keyPath: $0.1])) }))
    }

    private static func json(_ writer: IndexedDatasetWriter.Position) -> JSONValue {
        [
            "bin_bytes": JSONValue(writer.binBytes), "sequences": JSONValue(writer.sequenceCount),
            "documents": JSONValue(writer.documentCount),
        ]
    }

    /// A count that did not exist when this was written is one of something that did not happen. Nil for a negative one.
    private static func counts(_ json: JSONValue?) -> PreprocessingCounts? {
        var counts = PreprocessingCounts()
        for (key, path) in countKeys {
            counts[keyPath: path] = json?[key]?.int ?? 0
            guard counts[keyPath: path] >= 0 else { return nil }
        }
        return counts
    }

    private static func position(_ json: JSONValue?) -> IndexedDatasetWriter.Position? {
        guard let bytes = json?["bin_bytes"]?.int, let sequences = json?["sequences"]?.int, let documents = json?["documents"]?.int,
            min(bytes, sequences, documents) >= 0
        else { return nil }
        return IndexedDatasetWriter.Position(binBytes: bytes, sequenceCount: sequences, documentCount: documents)
    }

    init?(_ json: JSONValue) {
        func number(_ key: String) -> Int { json["corpus"]?[key]?.int ?? -1 }
        guard json["version"]?.int == 1, let isComplete = json["complete"]?.bool, let counts = Self.counts(json["counts"]),
            let writer = Self.position(json["writer"])
        else { return nil }
        self.counts = counts
        self.writer = writer
        self.isComplete = isComplete
        ignored = json["ignored"]?.array?.compactMap { IgnoredFile($0) } ?? []
        ignoredCount = max(0, json["ignored_files"]?.int ?? 0)
        reportBytes = max(0, json["report_bytes"]?.int ?? 0)
        isStoppedByInput = json["stopped_by_input"]?.bool ?? false
        corpus = CorpusPosition(input: number("input"), byteOffset: number("byte"), line: number("line"))
        guard min(corpus.input, corpus.byteOffset, corpus.line) >= 0 else { return nil }
        origins = json["origins"].flatMap { DocumentOrigins($0) }
        if let start = json["input_start"], !start.isNull {
            guard let input = start["input"]?.int, let counts = Self.counts(start["counts"]), let writer = Self.position(start["writer"])
            else { return nil }
            inputStart = InputStart(
                input: input, counts: counts, writer: writer, reportBytes: max(0, start["report_bytes"]?.int ?? 0))
        }
    }
}
