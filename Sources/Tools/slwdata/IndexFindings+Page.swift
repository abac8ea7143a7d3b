import Drawing
import IndexedDatasets
import Quantities

// Not CommandLine, whose Chart is another one: numbers are written by Drawing here.
extension IndexFindings {
    /// The page: one file that needs nothing but a browser.
    ///
    /// - Parameter samples: headings and texts of the documents to show.
    func html(samples: [(heading: String, text: String)]) -> String {
        let title = sources.count == 1 ? name(0) : "\(QuantityText.count(sources.count)) data sets"
        let lead = "\(QuantityText.count(lengths.tokenCount)) tokens in \(QuantityText.count(lengths.documentCount)) documents"
        var body = Page.tiles(tiles)
        if sources.count > 1 {
            let (heading, rows) = sourceRows
            body += "<h2>Sources</h2><div class=\"panel\">\(Page.table(heading, rows))</div>"
        }
        let figures = [lengthFigure, tokenFigure].compactMap { $0 }
        if !figures.isEmpty { body += "<h2>Documents</h2><div class=\"figures\">\(figures.joined(separator: "\n"))</div>" }
        body += vocabularySection ?? ""
        if let duplicates { body += "<h2>Duplicates</h2><div class=\"panel\"><p class=\"text\">\(Page.escaped(duplicates))</p></div>" }
        if !samples.isEmpty {
            body += "<h2>Text</h2><div class=\"split\">"
            for (heading, text) in samples {
                body +=
                    "<div class=\"panel\"><p class=\"note\">\(Page.escaped(heading))</p><p class=\"text\">\(Page.escaped(Self.visible(text)))</p></div>"
            }
            body += "</div>"
        }
        body += "<h2>Files</h2><div class=\"panel config\">\(Page.table(["", ""], facts.map { [$0.0, $0.1] }))</div>"
        return Page.html(
            title: title, header: "<h1>\(Page.escaped(title))</h1><p class=\"lead\">\(Page.escaped(lead))</p>", body: body,
            footer: scan == nil
                ? "Made by slwdata from the index alone; --full adds vocabulary and duplicates." : "Made by slwdata from every token.",
            hasAxes: false)
    }

    private var tiles: [(value: String, name: String, note: String)] {
        var tiles = [
            (QuantityText.compact(Double(lengths.tokenCount)), "tokens", "\(QuantityText.count(lengths.tokenCount)) exactly"),
            (
                QuantityText.compact(Double(lengths.documentCount)), "documents",
                lengths.emptyDocuments == 0 ? "none empty" : "\(QuantityText.count(lengths.emptyDocuments)) empty"
            ), (QuantityText.fixed(lengths.mean, 1), "tokens a document", "longest \(QuantityText.count(lengths.longest ?? 0))"),
        ]
        if let vocabulary {
            if let perToken = vocabulary.bytesPerToken, let bytes = vocabulary.textBytes {
                tiles.append((QuantityText.fixed(perToken, 3), "bytes a token", "\(QuantityText.compact(Double(bytes)))B of text"))
            }
            if let size = vocabulary.size, size > 0 {
                let unused = vocabulary.use.unusedCount(below: size)
                tiles.append(
                    (
                        Self.percent(size - unused, size), "of the vocabulary occurs",
                        "\(QuantityText.count(unused)) of \(QuantityText.count(size)) never"
                    ))
            }
        }
        if let scan {
            tiles.append(
                (
                    Self.percent(scan.duplicateDocuments, lengths.documentCount), "duplicate documents",
                    "\(QuantityText.compact(Double(scan.duplicateTokens))) tokens in them"
                ))
        }
        return tiles
    }

    /// The bins that a logarithmic axis has a place for, and where the last one ends.
    private func bars(_ height: (DocumentLengths.Bin) -> Double) -> Chart.Series {
        let bins = pictureBins.filter { $0.lengths.lowerBound > 0 }
        var points = bins.map { (x: Double($0.lengths.lowerBound), y: height($0)) }
        if let last = bins.last { points.append((x: Double(last.lengths.upperBound) + 1, y: .nan)) }
        return Chart.Series(label: "", color: 0, style: .bars, points: points)
    }

    private func binTable(_ name: String, _ cell: (DocumentLengths.Bin) -> String) -> String {
        Page.table(["tokens", name], pictureBins.map { [Self.range($0.lengths), cell($0)] })
    }

    private var lengthFigure: String? {
        guard let lengthSentence, (lengths.longest ?? 0) > 0 else { return nil }
        let chart = Chart(series: [bars { Double($0.documents) }], xScale: .logarithmic, yFromZero: true, xLabel: "tokens in the document")
        return Page.figure(
            "Lengths of documents", lengthSentence + ".", chart, numbers: binTable("documents") { QuantityText.count($0.documents) })
    }

    private var tokenFigure: String? {
        guard lengths.tokenCount > 0 else { return nil }
        func share(_ bin: DocumentLengths.Bin) -> Double { 100 * Double(bin.tokens) / Double(lengths.tokenCount) }
        let chart = Chart(series: [bars(share)], xScale: .logarithmic, yFromZero: true, xLabel: "tokens in the document")
        return Page.figure(
            "Where the tokens are", "Percent of all tokens that lie in documents of a length.", chart,
            numbers: binTable("tokens") { QuantityText.count($0.tokens) })
    }

    private var vocabularySection: String? {
        guard let vocabulary, let vocabularySentences else { return nil }
        let counts = vocabulary.use.rankedCounts
        var parts: [String] = []
        if counts.count > 1 {
            let points = counts.enumerated().map { (x: Double($0 + 1), y: Double($1)) }
            let chart = Chart(
                series: [Chart.Series(label: "", color: 0, style: .line, points: points)], xScale: .logarithmic, yScale: .logarithmic,
                xLabel: "rank of the token")
            let marks = Set((0...12).map { Int((Double(counts.count - 1) * Double($0 * $0) / 144).rounded()) }).sorted()
            parts.append(
                Page.figure(
                    "Use of the vocabulary",
                    "How often each token occurs, from the most frequent on. " + vocabularySentences.joined(separator: ". ") + ".",
                    chart,
                    numbers: Page.table(["rank", "count"], marks.map { [QuantityText.count($0 + 1), QuantityText.count(counts[$0])] })))
        }
        let (heading, rows) = topRows
        if !rows.isEmpty { parts.append("<div class=\"panel\">\(Page.table(heading, rows))</div>") }
        return "<h2>Vocabulary</h2><div class=\"split\">\(parts.joined())</div>"
    }

    private static func percent(_ part: Int, _ whole: Int) -> String {
        whole == 0 ? "–" : QuantityText.significant(100 * Double(part) / Double(whole), 3) + " %"
    }

    /// Control characters, which a page cannot hold, replaced.
    private static func visible(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(scalar.value < 0x20 && scalar != "\n" && scalar != "\t" || scalar.value == 0x7F ? "\u{FFFD}" : scalar)
        }
        return String(result)
    }
}
