import Cleaning
import CommandKit
import Corpus
import Files
import Hashing
import JSON
import Preprocessing
import Quantities
import Tokenization

/// `slwdata preprocess`
enum PreprocessCommand {
    static let appendEndOfText = Option.flag("--append-eod", negatable: true, "end each document with the tokenizer's end-of-text token")
    static let beginning = Option<String?>.text("--bos-token", "TEXT|ID", "begin each document with this token")
    static let outputPrefix = Option<String?>.text("--output-prefix", "P", "write P.bin and P.idx").also("--output").defaulting(
        to: "the input's name without endings, beside it")
    static let megatronNames = Option.flag(
        "--megatron-names", "add Megatron's _text_document, with the key, to the prefix; several keys always have it")
    static let resume = Option.flag("--resume", "go on with an interrupted run; the same bytes come out")
    static let shard = Option<String?>.text(
        "--shard", "I/N", "only the I-th of N parts of the input, equal in bytes; merge puts them together")
    static let workers = Option<Int?>.count("--workers", in: 1...4096, "threads; the output is the same for any number").defaulting(
        to: "one a core")
    static let memory = Option<Int?>.bytes("--memory", "input on its way at a time; memory stays below about four times this").defaulting(
        to: "64MiB, or 16MiB a worker")
    static let durable = Option<Double?>.number(
        "--durable-every", "SECONDS", in: 0...86400, "how much work a kill may cost: what is older is on the device"
    ).defaulting(to: "5")

    static let command = Command(
        "preprocess", "turn text into a token index: Megatron's .bin and .idx",
        discussion: [
            "Output depends on the input and the options alone: not on the number of workers, nor on interruptions. Both files appear under their names only when they are complete. Memory stays below about 300 MB whatever the input, and more only for larger documents."
        ],
        examples: [
            "slwdata preprocess --input some.jsonl",
            "slwdata preprocess --input 'pile/*.jsonl.zst' --pile-set Pile-CC --tokenizer gpt2 --append-eod --output-prefix cc",
            "slwdata preprocess --input fineweb/ --append-eod --output-prefix fineweb",
            "zcat texts.jsonl.gz | slwdata preprocess --input - --source jsonl --output-prefix texts",
        ],
        options: [
            CorpusFlags.group, CleaningFlags.group, OptionGroup("Tokens", TokenizerFlags.all + [appendEndOfText, beginning]),
            OptionGroup("Output", [outputPrefix, megatronNames, SharedOptions.overwrite, resume]),
            OptionGroup("Run", [workers, memory, durable, shard]),
        ], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let keys = CorpusFlags.keys(call)
        guard keys.count > 1 else {
            let prefix = try prefix(call) + (call[megatronNames] ? "_\(keys[0])_document" : "")
            let (summary, tokenizer, ends) = try run(call, key: keys[0], prefix)
            if call.wantsJSON { return call.console.print(json(summary, prefix, tokenizer, ends).serialized()) }
            return print(summary, prefix, tokenizer, ends, to: call)
        }
        // As Megatron: a data set for each key, named after it.
        guard Set(keys).count == keys.count else { throw call.misuse("--text-key: the same key twice in \(keys.joined(separator: " "))") }
        guard !call[CorpusFlags.input].contains("-") else {
            throw call.misuse("--text-key: standard input can be read once, for one key and not for \(keys.count)")
        }
        if call[CleaningFlags.report] != nil { throw call.misuse("--cleaning-report: one file for \(keys.count) keys") }
        var sets: [JSONValue] = []
        for key in keys {
            let prefix = try prefix(call) + "_\(key.replacing("/", with: "-"))_document"
            let (summary, tokenizer, ends) = try run(call, key: key, prefix)
            if call.wantsJSON {
                sets.append(json(summary, prefix, tokenizer, ends))
            } else {
                print(summary, prefix, tokenizer, ends, to: call)
            }
        }
        if call.wantsJSON { call.console.print(JSONValue.object(JSONObject([("data_sets", .array(sets))])).serialized()) }
    }

    private static func run(
        _ call: Invocation, key: String, _ prefix: String
    ) throws -> (PreprocessingSummary, Tokenizer, DocumentEnds) {
        var configuration = Preprocessor.Configuration(
            inputs: call[CorpusFlags.input], outputPrefix: prefix, tokenizer: try TokenizerFlags.load(call))
        configuration.appendEndOfText = call[appendEndOfText]
        let tokenizer = configuration.tokenizer
        configuration.beginningToken = try call[beginning].map { text throws(TokenizerError) in
            try tokenizer.token(text, path: call[SharedOptions.tokenizer])
        }
        // Said when the first chunk is through: until then a mistake is one line and nothing else.
        var notes: [String] = []
        if call[appendEndOfText], let (id, reason) = tokenizer.endOfTextChoice {
            notes.append("documents end with token \(id), \(reason)")
        }
        if !tokenizer.isOnFastRoad {
            notes.append("tokenizer \(PathName.printable(tokenizer.name)) has no scan of its own: exact, and slower")
        }
        configuration.corpus = try CorpusFlags.options(call, key: key)
        configuration.cleaning = try CleaningFlags.rules(call)
        configuration.cleaningReport = call[CleaningFlags.report]
        if let bytes = call[CleaningFlags.memory] { configuration.duplicateMemoryBytes = bytes }
        configuration.overwrite = call[SharedOptions.overwrite]
        configuration.resume = call[resume]
        if let count = call[workers] { configuration.workers = count }
        if let bytes = call[memory] { configuration.budgetBytes = max(1 << 20, bytes) }
        if let seconds = call[durable] { configuration.secondsBetweenDurablePoints = seconds }
        if let text = call[shard] {
            guard let shard = Shard(text) else { throw call.misuse("--shard: \(text) is not a part such as 3/16") }
            configuration.shard = shard
            if configuration.cleaning.duplicates != nil, shard.count > 1 {
                call.console.warn("duplicates are found within shard \(shard) only, not between shards")
            }
            if configuration.cleaning.taskPassages != nil, shard.count > 1 {
                call.console.warn("common phrases are those of shard \(shard) only: a passage that is common in all may be cut in each")
            }
        }
        call.console.beginProgress("tokenizing", unit: .bytes)
        let summary = try Preprocessor(configuration).run(
            progress: { progress in
                for note in notes { call.console.note(note) }
                notes = []
                call.console.updateProgress(
                    progress.bytesDone, total: progress.bytesTotal, remark: "\(QuantityText.compact(Double(progress.counts.tokens))) tokens"
                )
            }, report: { call.console.warn($0) })
        call.console.endProgress()
        let ends = DocumentEnds(
            end: call[appendEndOfText] ? tokenizer.endOfText.map(Int.init) : nil, beginning: configuration.beginningToken.map(Int.init))
        return (summary, tokenizer, ends)
    }

    private static func prefix(_ call: Invocation) throws -> String {
        let inputs = call[CorpusFlags.input]
        let prefix: String
        if let given = call[outputPrefix] {
            prefix = PrefixName.prefix(given)
        } else {
            guard inputs.count == 1, inputs[0] != "-", FileSystem.exists(inputs[0]) || !inputs[0].contains(where: { "*?[".contains($0) })
            else {
                throw call.misuse(
                    "--output-prefix is missing", hint: "say where the tokens of \(inputs.count == 1 ? inputs[0] : "several inputs") go")
            }
            prefix = PrefixName.standard(for: inputs[0])
        }
        return prefix
    }

    private static func json(_ summary: PreprocessingSummary, _ prefix: String, _ tokenizer: Tokenizer, _ ends: DocumentEnds) -> JSONValue {
        let counts = summary.counts
        return [
            "output_prefix": JSONValue(prefix), "documents": JSONValue(counts.documents), "tokens": JSONValue(counts.tokens),
            "bytes_in": JSONValue(counts.inputBytes), "text_bytes": JSONValue(counts.textBytes), "bad_lines": JSONValue(counts.badLines),
            "empty_documents": JSONValue(counts.emptyDocuments), "filtered_documents": JSONValue(counts.filteredDocuments),
            "too_short_documents": JSONValue(counts.cleaning.tooShort), "too_long_documents": JSONValue(counts.cleaning.tooLong),
            "normalized_documents": JSONValue(counts.cleaning.normalized), "duplicate_documents": JSONValue(counts.cleaning.duplicates),
            "trimmed_documents": JSONValue(counts.cleaning.trimmed), "split_documents": JSONValue(counts.cleaning.split),
            "removed_documents": JSONValue(counts.cleaning.removed), "over_split_documents": JSONValue(counts.cleaning.overSplit),
            "blank_lines": JSONValue(counts.blankLines), "tokenizer": JSONValue(tokenizer.name),
            "tokenizer_digest": JSONValue(Hexadecimal.text(tokenizer.digest)), "documents_end_with": JSONValue(ends.end),
            "documents_begin_with": JSONValue(ends.beginning), "seconds": JSONValue(summary.seconds),
            "ignored_files": JSONValue(summary.ignoredCount), "ignored": .array(summary.ignored.map(\.json)),
            "resumed_at_byte": JSONValue(summary.resumedAtByte), "files": .array(summary.files.map { JSONValue($0) }),
        ]
    }

    private static func print(
        _ summary: PreprocessingSummary, _ prefix: String, _ tokenizer: Tokenizer, _ ends: DocumentEnds, to call: Invocation
    ) {
        let counts = summary.counts
        var left: [String] = []
        if counts.badLines > 0 { left.append("\(QuantityText.count(counts.badLines)) bad lines skipped") }
        if counts.emptyDocuments > 0 { left.append("\(QuantityText.count(counts.emptyDocuments)) empty documents") }
        if counts.filteredDocuments > 0 { left.append("\(QuantityText.count(counts.filteredDocuments)) documents of other sets") }
        left += CleaningFlags.remarks(counts.cleaning)
        let seconds = max(summary.seconds, 1e-9)
        let rows = [
            ("documents", QuantityText.count(counts.documents) + (left.isEmpty ? "" : "  (\(left.joined(separator: ", ")))")),
            (
                "tokens",
                "\(QuantityText.count(counts.tokens))  (\(QuantityText.fixed(Double(counts.textBytes) / Double(max(1, counts.tokens)), 2)) bytes each)"
            ),
            (
                "read",
                "\(QuantityText.bytes(Double(counts.inputBytes))) in \(QuantityText.duration(summary.seconds)), "
                    + "\(QuantityText.bytes(Double(counts.inputBytes) / seconds))/s, \(QuantityText.compact(Double(counts.tokens) / seconds)) tokens/s"
            ),
            (
                "tokenizer",
                "\(PathName.printable(tokenizer.name)), \(QuantityText.count(tokenizer.vocabularySize)) tokens, digest \(Hexadecimal.text(tokenizer.digest)); \(ends.sentence)"
            ),
            ("wrote", summary.files.map(PathName.printable).joined(separator: ", ")),
        ]
        call.console.print(TextTable.pairs(rows).text)
    }
}

/// The tokens that were put at the ends of documents.
private struct DocumentEnds {
    let end: Int?
    let beginning: Int?

    var sentence: String {
        let begins = beginning.map { "begin with token \($0) and " } ?? ""
        return "documents \(begins)end with \(end.map { "token \($0)" } ?? "no token of their own")"
    }
}
