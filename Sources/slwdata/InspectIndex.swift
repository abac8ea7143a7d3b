import CommandLine
import Files
import IndexedDataset
import JSON

/// `slwdata inspect index P`
enum InspectIndexCommand {
    static let documents = Option.count("--documents", default: 3, "documents whose beginnings are shown")
    static let first = Option.count("--from", default: 0, "the first of them")

    static let command = Command(
        "index", "counts, lengths and beginnings of the documents of a token index",
        examples: ["slwdata inspect index some", "slwdata inspect index some --json"],
        operands: [.one("P", "prefix of a .bin/.idx pair")],
        options: [OptionGroup("Shown", [documents, first, DatasetText.tokenizer])], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let dataset = try IndexedDataset(prefix: PrefixName.prefix(call.operands[0]))
        let lengths = LengthStatistics(of: dataset)
        let metadata = dataset.metadata
        if call.wantsJSON {
            let json: JSONValue = [
                "prefix": JSONValue(dataset.prefix), "sequences": JSONValue(dataset.sequenceCount),
                "documents": JSONValue(dataset.documentCount),
                "tokens": JSONValue(dataset.tokenCount), "dtype": JSONValue(dataset.tokenType.rawValue),
                "bin_bytes": JSONValue(dataset.binBytes),
                "idx_bytes": JSONValue(dataset.idxBytes), "shortest": JSONValue(lengths.shortest), "longest": JSONValue(lengths.longest),
                "empty_documents": JSONValue(lengths.emptyDocuments), "tokenizer": JSONValue(metadata?.tokenizer?.name),
                "append_eod": metadata?.appendsEndOfText.map { .bool($0) } ?? .null,
            ]
            return call.console.print(json.serialized())
        }
        let rows = [
            ("data set", PathName.printable(dataset.prefix)),
            (
                "documents",
                QuantityText.count(dataset.documentCount)
                    + (lengths.emptyDocuments > 0 ? "  (\(QuantityText.count(lengths.emptyDocuments)) empty)" : "")
            ),
            ("sequences", QuantityText.count(dataset.sequenceCount)),
            ("tokens", "\(QuantityText.count(dataset.tokenCount))  (\(dataset.tokenType.rawValue))"),
            ("files", "\(QuantityText.bytes(Double(dataset.binBytes))) data, \(QuantityText.bytes(Double(dataset.idxBytes))) index"),
            (
                "tokenizer",
                metadata?.tokenizer.map { "\(PathName.printable($0.name)), \(QuantityText.count($0.vocabularySize)) tokens" }
                    ?? "not known (no .meta file)"
            ),
            (
                "documents end in",
                metadata?.appendsEndOfText.map { $0 ? "an end-of-text token" : "their last token of text" } ?? "not known"
            ),
        ]
        call.console.print(TextTable.pairs(rows).text)
        guard let shortest = lengths.shortest, let longest = lengths.longest else { return call.console.print("\nThere are no sequences.") }
        call.console.print(
            "\nTokens in a sequence: \(QuantityText.count(shortest)) to \(QuantityText.count(longest)), mean \(QuantityText.fixed(lengths.mean, 1))\n"
        )
        call.console.print(lengths.histogram.text)
        try printBeginnings(of: dataset, call)
    }

    private static func printBeginnings(of dataset: IndexedDataset, _ call: Invocation) throws {
        let shown =
            min(call[first], dataset.documentCount)..<min(call[first] + min(call[documents], dataset.documentCount), dataset.documentCount)
        if shown.isEmpty { return }
        let text = try DatasetText(of: dataset, asked: call[DatasetText.tokenizer])
        let width = Terminal.output.width
        call.console.print("")
        for document in shown {
            let sequences = dataset.documentRange(document)
            let start = dataset.tokenOffset(ofSequence: sequences.lowerBound)
            let count = dataset.tokenOffset(ofSequence: sequences.upperBound) - start
            let head = "document \(document), \(QuantityText.count(count)) tokens: "
            let tokens = DatasetText.tokens(dataset, at: start, count: min(count, width))
            let ids = tokens.map { "\($0)" }.joined(separator: " ")
            call.console.print(
                head + (text.shown(tokens, limit: max(20, width - head.count)) ?? String(ids.prefix(max(20, width - head.count)))))
        }
        if let remark = text.remark { call.console.note(remark) }
    }
}

/// One pass over the lengths of a data set.
struct LengthStatistics {
    private(set) var shortest: Int?
    private(set) var longest: Int?
    private(set) var mean = 0.0
    private(set) var emptyDocuments = 0
    /// Sequences whose length has so many binary digits.
    private var bins = [Int](repeating: 0, count: 33)

    init(of dataset: IndexedDataset) {
        for sequence in 0..<dataset.sequenceCount {
            let length = dataset.length(ofSequence: sequence)
            shortest = min(shortest ?? length, length)
            longest = max(longest ?? length, length)
            bins[Int.bitWidth - length.leadingZeroBitCount] += 1
        }
        if dataset.sequenceCount > 0 { mean = Double(dataset.tokenCount) / Double(dataset.sequenceCount) }
        for document in 0..<dataset.documentCount {
            let range = dataset.documentRange(document)
            if range.allSatisfy({ dataset.length(ofSequence: $0) == 0 }) { emptyDocuments += 1 }
        }
    }

    /// Powers of two, counts and bars.
    var histogram: TextTable {
        var table = TextTable([("tokens", .right), ("sequences", .right), ("", .left)])
        let most = Double(bins.max() ?? 1)
        guard let first = bins.firstIndex(where: { $0 > 0 }), let last = bins.lastIndex(where: { $0 > 0 }) else { return table }
        for bin in first...last {
            let low = bin == 0 ? 0 : 1 << (bin - 1)
            let high = (1 << bin) - 1
            let range = low >= high ? "\(low)" : "\(QuantityText.count(low)) - \(QuantityText.count(high))"
            table.add([range, QuantityText.count(bins[bin]), Chart.bar(Double(bins[bin]) / most, width: 40)])
        }
        return table
    }
}
