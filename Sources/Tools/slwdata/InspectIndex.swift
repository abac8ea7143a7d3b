import CommandKit
import Files
import IndexedDatasets
import JSON
import Quantities
import Sampling

/// `slwdata inspect index P…`
enum InspectIndexCommand {
    static let documents = Option.count("--documents", default: 3, "documents whose beginnings are shown")
    static let first = Option.count("--from", default: 0, "the first of them")
    static let position = Option<Int?>.count("--at", "TOKEN", "show only the text around this token of the data (the first is 0)")
    static let isFull = Option.flag("--full", "read all tokens: use of the vocabulary, bytes a token, duplicates")
    static let top = Option.count("--top", default: 20, "with --full: the most frequent tokens to show")
    static let memory = Option<Int?>.bytes(
        "--memory", "with --full: for finding duplicates, 22 bytes a document; more documents take more passes"
    )
    .defaulting(to: "1G")

    static let page = Option<String?>.text("--html", "FILE", "write the same as a page that needs nothing but a browser")

    static let command = Command(
        "index", "counts, lengths, beginnings, vocabulary and duplicates of token indexes",
        discussion: [
            "Reads only the .idx files, unless --full is given: that reads every token at the speed of memory or disk, in constant memory but for one hash a document (--memory)."
        ],
        examples: [
            "slwdata inspect index some", "slwdata inspect index some --full --html some.html", "slwdata inspect index some --at 12345",
            "slwdata inspect index web=0.7 books=0.3 --json",
        ],
        operands: [.many("P[=WEIGHT]", "prefixes of .bin/.idx pairs, with their weights in training")],
        options: [
            OptionGroup("Shown", [documents, first, position, DatasetText.tokenizer, page]),
            OptionGroup("All tokens", [isFull, top, memory]),
        ], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let sources = try call.operands.map(source)
        if sources.contains(where: { $0.weight != nil }), let bare = sources.first(where: { $0.weight == nil }) {
            throw call.misuse("\(PathName.printable(bare.dataset.prefix)) has no weight", hint: "all data sets have one, or none has")
        }
        let text = try text(of: sources.map(\.dataset), call)
        if let token = call[position] { return try show(token, of: sources, text, call) }
        // Opened first: a page that cannot be written should not cost a pass over the tokens.
        var file: AtomicFile?
        if let path = call[page] { file = try AtomicFile(path) }
        var scan: DatasetScan.Findings?
        if call[isFull] {
            let work = DatasetScan(sources.map(\.dataset), memoryLimit: call[memory] ?? 1_000_000_000)
            call.console.beginProgress(work.passes == 1 ? "reading tokens" : "reading tokens, \(work.passes) passes", unit: .bytes)
            scan = try work.run { call.console.updateProgress($0, total: $1) }
            call.console.endProgress()
        }
        let findings = IndexFindings(sources, text: text, scan: scan, shownTokens: call[top])
        if var page = file.take() {
            try page.write(
                Array(findings.html(samples: sources.flatMap { samples(of: $0.dataset, text, isNamed: sources.count > 1, call) }).utf8))
            try page.commit()
        }
        if call.wantsJSON { return call.console.print(findings.json.serialized()) }
        call.console.print(findings.paragraphs.joined(separator: "\n\n"))
        for source in sources { printBeginnings(of: source.dataset, text, isNamed: sources.count > 1, call) }
        if let path = call[page] { call.console.print("\n\(PathName.printable(path))") }
        if let remark = text.remark { call.console.note(remark) }
    }

    /// An operand.
    private static func source(_ word: String) throws -> IndexFindings.Source {
        let name = try DataSetName(word)
        return .init(dataset: try IndexedDataset(prefix: name.prefix), weight: name.weight)
    }

    /// The text of the first, if all were made by the same tokenizer.
    private static func text(of datasets: [IndexedDataset], _ call: Invocation) throws -> DatasetText {
        let digests = Set(datasets.map { $0.metadata?.tokenizer?.digest })
        if digests.count > 1 && call[DatasetText.tokenizer] == nil {
            return DatasetText(without: "no text: the data sets name different tokenizers; choose one with --tokenizer")
        }
        return try DatasetText(of: datasets[0], asked: call[DatasetText.tokenizer])
    }

    private static func show(_ token: Int, of sources: [IndexFindings.Source], _ text: DatasetText, _ call: Invocation) throws {
        guard sources.count == 1 else { throw call.misuse("--at needs exactly one data set") }
        let dataset = sources[0].dataset
        guard token < dataset.tokenCount else {
            throw CommandEnd.failed(
                "--at \(token): \(PathName.printable(dataset.prefix)) has \(QuantityText.count(dataset.tokenCount)) tokens: choose a smaller one"
            )
        }
        let place = TokenPlace(token, of: dataset, text: text)
        call.console.print(call.wantsJSON ? place.json.serialized() : place.lines(width: Terminal.output.width))
        if let remark = text.remark { call.console.note(remark) }
    }

    /// The documents whose beginnings are shown, with their tokens.
    private static func beginnings(of dataset: IndexedDataset, _ call: Invocation) -> [(document: Int, tokens: Range<Int>)] {
        let start = min(call[first], dataset.documentCount)
        return (start..<start + min(call[documents], dataset.documentCount - start)).map { document in
            let sequences = dataset.documentRange(document)
            return (document, dataset.tokenOffset(ofSequence: sequences.lowerBound)..<dataset.tokenOffset(ofSequence: sequences.upperBound))
        }
    }

    private static func printBeginnings(of dataset: IndexedDataset, _ text: DatasetText, isNamed: Bool, _ call: Invocation) {
        let shown = beginnings(of: dataset, call)
        if shown.isEmpty { return }
        let width = Terminal.output.width
        call.console.print(isNamed ? "\n\(PathName.printable(dataset.prefix))" : "")
        for (document, range) in shown {
            let head = "document \(document), \(QuantityText.count(range.count)) tokens: "
            let tokens = DatasetText.tokens(dataset, at: range.lowerBound, count: min(range.count, width))
            let ids = tokens.map { "\($0)" }.joined(separator: " ")
            call.console.print(
                head + (text.shown(tokens, limit: max(20, width - head.count)) ?? String(ids.prefix(max(20, width - head.count)))))
        }
    }

    /// Beginnings for the page, where there is room for some lines.
    private static func samples(of dataset: IndexedDataset, _ text: DatasetText, isNamed: Bool, _ call: Invocation) -> [(String, String)] {
        beginnings(of: dataset, call).map { document, range in
            let tokens = DatasetText.tokens(dataset, at: range.lowerBound, count: min(range.count, 200))
            let rest = range.count > tokens.count ? " …" : ""
            return (
                (isNamed ? PathName.printable(dataset.prefix) + ", " : "")
                    + "document \(QuantityText.count(document)), \(QuantityText.count(range.count)) tokens",
                (text.plain(tokens) ?? tokens.map { "\($0)" }.joined(separator: " ")) + rest
            )
        }
    }
}
