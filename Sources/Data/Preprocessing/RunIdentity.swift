import Cleaning
import Corpus
import Files
import Hashing
import JSON
import Tokenization
import Quantities

/// Everything that the bytes of an output depend on: two runs with equal identities write the same.
struct RunIdentity: Sendable, Equatable {
    struct Input: Sendable, Equatable {
        var path: String
        var byteCount: Int
        var modificationTime: Int64
        /// Of the first 64 KiB.
        var start: UInt64
    }

    /// Option and value, as a person reads them. Options that were added later are only here when they were given.
    var options: [(name: String, value: String)]
    var inputs: [Input]
    /// Whether files of the output's name are to be replaced at the end.
    var overwrites: Bool

    /// Opens each input once.
    init(_ configuration: Preprocessor.Configuration, _ inputs: InputList) throws(FileError) {
        let corpus = configuration.corpus
        options = [
            ("tokenizer", "\(configuration.tokenizer.name) \(String(configuration.tokenizer.digest, radix: 16))"),
            ("--append-eod", "\(configuration.appendEndOfText)"), ("--source", corpus.source.rawValue), ("--text-key", corpus.textKey),
            ("--pile-sets", corpus.pileSets.map { $0.sorted().joined(separator: ", ") } ?? "all"),
            ("--bad-lines", corpus.badLines.rawValue), ("--max-document-bytes", "\(corpus.maximumDocumentBytes)"),
            ("--max-line-bytes", "\(corpus.maximumLineBytes)"), ("JSON depth", "\(corpus.maximumDepth)"),
            ("zstd window", "\(corpus.maximumWindowLog)"), ("--shard", configuration.shard?.description ?? "none"),
        ]
        if corpus.acceptsBinary { options.append(("--binary-input", "true")) }
        if corpus.invalidText != .fail { options.append(("--invalid-text", corpus.invalidText.rawValue)) }
        if !corpus.conditions.isEmpty {
            let words = corpus.conditions.map { "\($0.key)=\($0.values.sorted().joined(separator: "|"))" }
            options.append(("--where", words.joined(separator: ", ")))
        }
        if configuration.tokenizer.hasChosenEndOfText, let id = configuration.tokenizer.endOfText {
            options.append(("--eod-token", "\(id)"))
        }
        if let id = configuration.beginningToken { options.append(("--bos-token", "\(id)")) }
        options += configuration.cleaning.options
        if let path = configuration.cleaningReport { options.append(("--cleaning-report", path)) }
        overwrites = configuration.overwrite
        self.inputs = []
        for input in inputs.inputs where input.isRegularFile {
            self.inputs.append(
                Input(
                    path: input.path, byteCount: input.byteCount, modificationTime: input.modificationTime,
                    start: try Self.hashOfStart(input.path)))
        }
    }

    private static func hashOfStart(_ path: String) throws(FileError) -> UInt64 {
        let file = try OpenFile(path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { unsafe buffer.deallocate() }
        let count = try unsafe file.read(into: buffer, at: 0)
        return unsafe XXHash64.hash(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    /// A hash of everything but the times of change: a finished data set remembers it (`source.run` in `P.meta`).
    var digest: UInt64 {
        var hash = XXHash64()
        for option in options {
            hash.update(option.name)
            hash.update(option.value)
        }
        for input in inputs {
            hash.update(FileSystem.name(of: input.path))
            hash.update(input.byteCount)
            hash.update(input.start)
        }
        return hash.finish()
    }

    /// What keeps a run of identity `other`, which has read `inputCount` inputs, from being continued as this one, in words; nil when nothing does.
    func difference(from other: RunIdentity, inInputs inputCount: Int = .max) -> OptionText? {
        optionDifference(from: other) ?? inputDifference(from: other, inInputs: inputCount)
    }

    private func optionDifference(from other: RunIdentity) -> OptionText? {
        for (name, mine) in options {
            let theirs = other.value(of: name)
            // Skipping from here on is what skipping from the start would have done: so far there was nothing to skip.
            if mine == theirs || (name == "--bad-lines" && mine == BadLinePolicy.skip.rawValue) { continue }
            return "\(Self.printable(option: name)) was \(theirs) and is \(mine)"
        }
        for (name, theirs) in other.options where !options.contains(where: { $0.name == name }) {
            return "\(Self.printable(option: name)) was \(theirs) and is none"
        }
        return nil
    }

    private func inputDifference(from other: RunIdentity, inInputs inputCount: Int) -> OptionText? {
        for (mine, theirs) in zip(inputs, other.inputs).prefix(inputCount) where mine != theirs {
            if mine.path != theirs.path { return "input \(printable(theirs)) has become \(printable(mine))" }
            if mine.byteCount != theirs.byteCount {
                return "input \(printable(mine)) had \(theirs.byteCount) bytes and has \(mine.byteCount)"
            }
            return mine.start != theirs.start ? "input \(printable(mine)) begins otherwise" : "input \(printable(mine)) was changed since"
        }
        if min(inputs.count, inputCount) == min(other.inputs.count, inputCount) { return nil }
        return "there were \(other.inputs.count) inputs and are \(inputs.count)"
    }

    private func value(of name: String) -> String { options.first { $0.name == name }?.value ?? "none" }

    /// The name of an option as journals have it, which is with its dashes where it is one of the command line.
    private static func printable(option name: String) -> OptionText {
        name.hasPrefix("--") ? "\(option: String(name.dropFirst(2)))" : "\(name)"
    }

    private func printable(_ input: Input) -> String { PathName.printable(input.path) }

    /// Whether the shares of the inputs would be others if an input were another.
    private var isShard: Bool { value(of: "--shard") != "none" }

    /// Where a run of identity `other` that came to `progress` can be continued as this one: there, when all that it has read is as it was; where the input that
    /// it was in began, when only that one has changed and was what stopped the run; else why not. Inputs that it had not come to may have changed, come or gone.
    func place(_ progress: RunJournal.Progress, of other: RunIdentity) -> (place: RunJournal.Progress?, difference: OptionText?) {
        if progress.isComplete || isShard { return difference(from: other).map { (nil, $0) } ?? (progress, nil) }
        guard let difference = difference(from: other, inInputs: progress.corpus.input + 1) else { return (progress, nil) }
        let isMended = progress.isStoppedByInput && self.difference(from: other, inInputs: progress.corpus.input) == nil
        return (isMended ? progress.beforeInput : nil, difference)
    }

    static func == (a: RunIdentity, b: RunIdentity) -> Bool { a.difference(from: b) == nil }

    // MARK: as a file

    var json: JSONValue {
        [
            "format": "slwdata preprocess journal", "version": 1, "overwrite": JSONValue(overwrites),
            "options": .object(JSONObject(options.map { ($0.name, JSONValue($0.value)) })),
            "inputs": .array(
                inputs.map {
                    [
                        "path": JSONValue($0.path), "bytes": JSONValue($0.byteCount), "modified": .integer($0.modificationTime),
                        "start": JSONValue(String($0.start, radix: 16)),
                    ]
                }),
        ]
    }

    init?(_ json: JSONValue) {
        guard json["format"]?.string == "slwdata preprocess journal", json["version"]?.int == 1, let overwrites = json["overwrite"]?.bool,
            let options = json["options"]?.object, let inputs = json["inputs"]?.array
        else { return nil }
        self.overwrites = overwrites
        self.options = options.members.map { ($0.key, $0.value.string ?? "") }
        self.inputs = inputs.compactMap {
            guard let path = $0["path"]?.string, let bytes = $0["bytes"]?.int, let time = $0["modified"]?.int,
                let start = $0["start"]?.string.flatMap({ UInt64($0, radix: 16) })
            else { return nil }
            return Input(path: path, byteCount: bytes, modificationTime: Int64(time), start: start)
        }
    }
}
