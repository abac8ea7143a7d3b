import CommandKit
import Concurrency
import Corpus
import Files
import JSON
import Preprocessing
import Quantities
import Tokenization
import TypedErrors

/// `slwdata tokenizer train`
enum TokenizerTrainCommand {
    static let size = Option.count(
        "--vocab-size", default: 32_000, in: 256...16_000_000, "entries of the vocabulary, special tokens included")
    static let directory = Option.required("--output-dir", "DIR", "where the files go; --tokenizer takes this directory").also("--output")
    static let specials = Option.list("--special-tokens", "TEXT", "tokens that stand for no text").defaulting(to: "<|endoftext|>")
    static let pattern = Option.choice(
        "--pattern", "NAME", of: PreTokenPattern.allCases.map(\.rawValue), default: PreTokenPattern.gpt2.rawValue,
        "how texts are cut before merges are counted: the pattern of a published family")
    static let frequency = Option.count("--min-frequency", default: 0, "a pair that occurs less often is not merged")
    static let alphabet = Option<Int?>.count(
        "--limit-alphabet", in: 1...256, "only the N most frequent bytes get tokens, at most those that occur; texts lose the others"
    ).defaulting(to: "all 256 bytes")
    static let formats = Option.list("--format", "FORMAT", "file formats to write: tokenizer.json, vocab.bpe, tiktoken").defaulting(
        to: "tokenizer.json")
    static let workers = Option<Int?>.count("--workers", in: 1...1024, "threads; the result is the same for any number").defaulting(
        to: "one a core")

    static let command = Command(
        "train", "learn a byte-level BPE vocabulary from a corpus",
        discussion: [
            "The same tokens, ids and merges as Hugging Face's BpeTrainer finds in the same documents cut by the same pattern, ties included. Memory grows with the number of distinct words, not with the corpus."
        ],
        examples: ["slwdata tokenizer train --input Fixtures/some.jsonl --vocab-size 1000 --output-dir mine"],
        options: [
            CorpusFlags.group, OptionGroup("Vocabulary", [size, pattern, specials, frequency, alphabet]),
            OptionGroup("Output", [directory, formats, SharedOptions.overwrite, workers]),
        ],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let formats = try TokenizerFormats.parse(call[formats].isEmpty ? ["tokenizer.json"] : call[formats], call)
        // No text in UTF-8 has all 256 bytes: some will have no token.
        if call[alphabet] != nil, let format = formats.first(where: { $0 != .huggingFace }) {
            throw call.misuse(
                "--format: \(format.rawValue) cannot say which bytes have no token, and --limit-alphabet leaves some without",
                hint: "write \(TokenizerFormat.huggingFace.rawValue)")
        }
        let directory = call[directory]
        let name = FileSystem.name(of: directory)
        if !call[SharedOptions.overwrite] { try TokenizerFormats.refuseExisting(formats, of: name, in: directory) }
        let keys = CorpusFlags.keys(call)
        guard keys.count == 1 else { throw call.misuse("--text-key has \(keys.count) keys; a vocabulary is learnt from one") }
        let options = try CorpusFlags.options(call, key: keys[0])
        let inputs = try InputList(call[CorpusFlags.input], source: options.source, unknownFiles: options.unknownFiles)
        if let remark = IgnoredInput.remark(inputs.ignored, count: inputs.ignored.count) { call.console.warn(remark) }
        // Before the work, so that a place that cannot be written to is known at once.
        try FileSystem.createDirectories(directory)
        let clock = ContinuousClock()
        let start = clock.now
        let reader = CorpusReader(inputs, options) { call.console.warn($0) }
        let members = reader.ignored
        let source = SharedCorpus(reader, console: call.console)
        call.console.beginProgress("counting words", unit: .bytes)
        let counter = try PreTokenCounter.counting(
            workers: call[workers] ?? Preprocessor.availableCores, pattern: PreTokenPattern(rawValue: call[pattern])!
        ) { counter throws(CorpusEnd) in
            try source.drain(into: counter)
        }
        let counted = clock.now
        call.console.endProgress()
        let (inArchives, memberCount) = members.before(input: .max)
        if let remark = IgnoredInput.remark(inArchives, count: memberCount) { call.console.warn(remark) }
        call.console.note(
            "counted \(QuantityText.count(counter.distinctCount)) different words in \(QuantityText.bytes(Double(counter.byteCount)))")
        var trainer = BPETrainer(vocabularySize: call[size], minimumFrequency: call[frequency])
        trainer.alphabetLimit = call[alphabet]
        if !call[specials].isEmpty { trainer.specialTokens = call[specials] }
        let tokenizer = try trainer.train(counter, name: name)
        let files = try formats.flatMap { format throws(TokenizerError) in try tokenizer.write(as: format, to: directory) }
        if !tokenizer.droppedBytes.isEmpty {
            call.console.warn("\(tokenizer.droppedBytes.count) bytes have no token: every text loses them")
        }
        let seconds = (clock.now - start) / .seconds(1)
        if call.wantsJSON {
            let json: JSONValue = [
                "vocabulary_size": JSONValue(tokenizer.vocabularySize), "bytes": JSONValue(counter.byteCount),
                "dropped_bytes": .array(tokenizer.droppedBytes.map { JSONValue(Int($0)) }),
                "distinct_words": JSONValue(counter.distinctCount), "seconds": JSONValue(seconds),
                "counting_seconds": JSONValue((counted - start) / .seconds(1)),
                "ignored_files": JSONValue(inputs.ignored.count + memberCount),
                "ignored": .array((inputs.ignored + inArchives).prefix(IgnoredMembers.limit).map { IgnoredFile($0).json }),
                "files": .array(files.map { JSONValue($0) }),
            ]
            return call.console.print(json.serialized())
        }
        if tokenizer.vocabularySize < call[size] {
            call.console.warn("the text has no more pairs: \(tokenizer.vocabularySize) of \(call[size]) tokens were made")
        }
        call.console.print(
            "\(QuantityText.count(tokenizer.vocabularySize)) tokens from \(QuantityText.bytes(Double(counter.byteCount))) in \(QuantityText.duration(seconds)): "
                + files.map(PathName.printable).joined(separator: ", "))
    }
}

/// The words of `--format`.
enum TokenizerFormats {
    /// Throws if a file that would be written is there.
    static func refuseExisting(_ formats: [TokenizerFormat], of name: String, in directory: String) throws(TokenizerError) {
        for path in formats.flatMap({ $0.fileNames(of: name) }).map({ directory + "/" + $0 }) where FileSystem.exists(path) {
            throw .outputExists(path: path)
        }
    }

    static func parse(_ words: [String], _ call: Invocation, option: String = "--format") throws(UsageError) -> [TokenizerFormat] {
        let names = TokenizerFormat.allCases.map(\.rawValue)
        return try words.map { word throws(UsageError) in
            if let format = TokenizerFormat(rawValue: word) { return format }
            let hint = Spelling.nearest(to: word, among: names).map { "did you mean \($0)?" }
            throw call.misuse("\(option): \(word) is not one of \(names.joined(separator: ", "))", hint: hint)
        }
    }
}

/// Why no more documents come, other than by their end.
enum CorpusEnd: Error, OptionNaming {
    case corpus(CorpusError)
    case interrupted

    var optionText: OptionText {
        switch self {
        case .corpus(let error): "\(error)"
        case .interrupted: "interrupted; nothing was written"
        }
    }
}

/// A corpus from which several threads take documents in turn. Reading is many times faster than counting, so one reader behind a lock will do.
private final class SharedCorpus: Sendable {
    private let reader: Monitor<CorpusReader>
    private let console: Console

    init(_ reader: sending CorpusReader, console: Console) {
        self.reader = Monitor(reader)
        self.console = console
    }

    /// Counts batches until there are none.
    func drain(into counter: PreTokenCounter) throws(CorpusEnd) {
        while let (text, ends) = try next() {
            unsafe text.withUnsafeBytes { text in
                unsafe ends.withUnsafeBufferPointer { ends in unsafe counter.count(text, documentEnds: ends) }
            }
        }
    }

    private func next() throws(CorpusEnd) -> (text: [UInt8], ends: [Int])? {
        if StopSignal.isRequested { throw .interrupted }
        return try mapping(CorpusEnd.corpus) { () throws(CorpusError) in
            try reader.withLock { reader throws(CorpusError) in
                guard let batch = try reader.next() else { return nil }
                console.updateProgress(reader.tally.textBytes)
                return unsafe (Array(batch.textBytes), batch.documentEnds)
            }
        }
    }
}
