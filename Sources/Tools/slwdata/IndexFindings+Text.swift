import CommandKit
import Files
import IndexedDatasets
import Quantities

extension IndexFindings {
    /// Everything but the beginnings of documents, in paragraphs.
    var paragraphs: [String] {
        [overview, sourceTable, lengthPicture, vocabularyUse, duplicates.map { "Duplicates: " + $0 }].compactMap { $0 }
    }

    /// Names and values that hold for all of the indexes.
    var facts: [(String, String)] {
        let datasets = sources.map(\.dataset)
        let metadata = datasets[0].metadata
        let empty = lengths.emptyDocuments
        let types = Set(datasets.map(\.tokenType.rawValue)).sorted().joined(separator: ", ")
        let (data, index) = (datasets.reduce(0) { $0 + $1.binBytes }, datasets.reduce(0) { $0 + $1.idxBytes })
        return [
            sources.count == 1 ? ("data set", PathName.printable(datasets[0].prefix)) : ("data sets", QuantityText.count(sources.count)),
            ("documents", QuantityText.count(lengths.documentCount) + (empty > 0 ? "  (\(QuantityText.count(empty)) empty)" : "")),
            ("sequences", QuantityText.count(datasets.reduce(0) { $0 + $1.sequenceCount })),
            ("tokens", "\(QuantityText.count(lengths.tokenCount))  (\(types))"),
            ("files", "\(QuantityText.bytes(Double(data))) data, \(QuantityText.bytes(Double(index))) index"),
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
    }

    private var overview: String { TextTable.pairs(facts).text }

    /// Where the tokens come from, when there is more than one answer.
    var sourceRows: (heading: [String], rows: [[String]]) {
        let hasWeights = sources.contains { $0.weight != nil }
        let rows = sources.enumerated().map { number, source -> [String] in
            let (documents, tokens) = (source.dataset.documentCount, source.dataset.tokenCount)
            let shares = shares(number)
            var row = [
                PathName.printable(source.dataset.prefix), QuantityText.count(documents), QuantityText.count(tokens),
                documents == 0 ? "-" : QuantityText.fixed(Double(tokens) / Double(documents), 1), QuantityText.percent(shares.tokens),
            ]
            if let training = shares.training {
                row += [QuantityText.percent(training), shares.tokens > 0 ? QuantityText.fixed(training / shares.tokens, 2) : "-"]
            }
            return row
        }
        return (
            ["data set", "documents", "tokens", "mean length", "share"] + (hasWeights ? ["in training", "passes per epoch"] : []), rows
        )
    }

    private var sourceTable: String? {
        guard sources.count > 1 else { return nil }
        let (heading, rows) = sourceRows
        var table = TextTable(heading.enumerated().map { ($1, $0 == 0 ? .left : .right) } + [("", .left)])
        for (number, row) in rows.enumerated() { table.add(row + [Chart.bar(shares(number).tokens, width: 20)]) }
        return table.text
    }

    /// "Tokens in a document: …"
    var lengthSentence: String? {
        guard let shortest = lengths.shortest, let longest = lengths.longest, let median = lengths.quantile(0.5),
            let most = lengths.quantile(0.9), let nearlyAll = lengths.quantile(0.99)
        else { return nil }
        return "Tokens in a document: \(QuantityText.count(shortest)) to \(QuantityText.count(longest)), mean "
            + "\(QuantityText.fixed(lengths.mean, 1)), half up to \(QuantityText.count(median)), 90% up to \(QuantityText.count(most)), "
            + "99% up to \(QuantityText.count(nearlyAll))"
    }

    private var lengthPicture: String? {
        guard let lengthSentence else { return "There are no documents." }
        var table = TextTable([("tokens", .right), ("documents", .right), ("of all tokens", .right), ("", .left)])
        let bins = pictureBins
        let most = Double(bins.map(\.documents).max() ?? 1)
        for bin in bins {
            table.add([
                Self.range(bin.lengths), QuantityText.count(bin.documents),
                QuantityText.percent(lengths.tokenCount == 0 ? 0 : Double(bin.tokens) / Double(lengths.tokenCount)),
                Chart.bar(Double(bin.documents) / most, width: 40),
            ])
        }
        return lengthSentence + "\n\n" + table.text
    }

    static func range(_ lengths: ClosedRange<Int>) -> String {
        lengths.count == 1
            ? QuantityText.count(lengths.lowerBound)
            : "\(QuantityText.count(lengths.lowerBound)) - \(QuantityText.count(lengths.upperBound))"
    }

    /// What the pass over the tokens says in a sentence or two; nil without it.
    var vocabularySentences: [String]? {
        guard let vocabulary else { return nil }
        let use = vocabulary.use
        var sentences: [String] = []
        if let size = vocabulary.size {
            let unused = use.unusedCount(below: size)
            sentences.append(
                "Vocabulary: \(QuantityText.count(size - unused)) of \(QuantityText.count(size)) tokens occur (\(QuantityText.percent(Double(size - unused) / Double(max(1, size))))), "
                    + "\(QuantityText.count(unused)) never, \(QuantityText.count(use.onceCount)) once")
            let beyond = use.counts.dropFirst(size).reduce(use.outside, +)
            if beyond > 0 {
                sentences.append("\(QuantityText.count(beyond)) tokens are outside of the vocabulary: was another tokenizer used?")
            }
        } else {
            sentences.append(
                "Vocabulary: \(QuantityText.count(use.usedCount)) different tokens occur, \(QuantityText.count(use.onceCount)) of them once"
            )
        }
        if let perToken = vocabulary.bytesPerToken, let bytes = vocabulary.textBytes {
            sentences.append("Text: \(QuantityText.bytes(Double(bytes))), \(QuantityText.fixed(perToken, 3)) bytes a token")
        }
        return sentences
    }

    /// The most frequent tokens: id, text, count, share.
    var topRows: (heading: [String], rows: [[String]]) {
        let rows = (vocabulary?.use.mostFrequent(shownTokens) ?? []).map { id, count in
            ["\(id)", quoted(id), QuantityText.count(count), QuantityText.percent(Double(count) / Double(max(1, lengths.tokenCount)))]
        }
        return (["token", "text", "count", "share"], rows)
    }

    private var vocabularyUse: String? {
        guard let vocabularySentences else { return nil }
        let (heading, rows) = topRows
        if rows.isEmpty { return vocabularySentences.joined(separator: "\n") }
        var table = TextTable(heading.map { ($0, $0 == "text" ? .left : .right) } + [("", .left)])
        let most = Double(vocabulary?.use.mostFrequent(1).first?.count ?? 1)
        for (row, (_, count)) in zip(rows, vocabulary?.use.mostFrequent(shownTokens) ?? []) {
            table.add(row + [Chart.bar(Double(count) / most, width: 30)])
        }
        return vocabularySentences.joined(separator: "\n") + "\n\n" + table.text
    }

    /// How many documents repeat others; nil without a pass over the tokens.
    var duplicates: String? {
        guard let scan else { return nil }
        guard scan.duplicateDocuments > 0, let first = scan.firstDuplicate else { return "No document repeats another one." }
        let place =
            "document \(QuantityText.count(first.document))"
            + (sources.count > 1 ? " of \(PathName.printable(sources[first.dataset].dataset.prefix))" : "")
        return
            "\(QuantityText.count(scan.duplicateDocuments)) documents (\(QuantityText.percent(Double(scan.duplicateDocuments) / Double(lengths.documentCount)))) "
            + "with \(QuantityText.count(scan.duplicateTokens)) tokens (\(QuantityText.percent(Double(scan.duplicateTokens) / Double(lengths.tokenCount)))) "
            + "repeat earlier ones token for token; the first is \(place)"
    }
}
