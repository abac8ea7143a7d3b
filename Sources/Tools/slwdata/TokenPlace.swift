import CommandKit
import Files
import IndexedDatasets
import JSON
import Quantities

/// A token of a data set with its surroundings.
struct TokenPlace {
    let dataset: IndexedDataset
    let text: DatasetText
    /// Place in the stream.
    let token: Int
    let sequence: Int
    let document: Int
    /// The document's tokens in the stream.
    let range: Range<Int>

    init(_ token: Int, of dataset: IndexedDataset, text: DatasetText) {
        self.dataset = dataset
        self.text = text
        self.token = token
        sequence = dataset.sequence(containingToken: token)
        document = dataset.document(containingSequence: sequence)
        let sequences = dataset.documentRange(document)
        range = dataset.tokenOffset(ofSequence: sequences.lowerBound)..<dataset.tokenOffset(ofSequence: sequences.upperBound)
    }

    private func tokens(_ range: Range<Int>) -> [Int32] { DatasetText.tokens(dataset, at: range.lowerBound, count: range.count) }

    /// So many tokens on both sides at most, inside of the document.
    private func sides(_ count: Int) -> (before: [Int32], after: [Int32]) {
        (tokens(max(range.lowerBound, token - count)..<token), tokens(token + 1..<min(range.upperBound, token + 1 + count)))
    }

    /// Where it is, and the text around it cut to the width.
    func lines(width: Int) -> String {
        let byte = token * dataset.tokenType.itemSize
        let here = tokens(token..<token + 1)
        let room = max(20, width - 18)
        let (before, after) = sides(room)
        var rows = [
            (
                "token",
                "\(QuantityText.count(token)) of \(QuantityText.count(dataset.tokenCount)), byte \(QuantityText.count(byte)) of \(PathName.printable(IndexedDataset.dataPath(dataset.prefix)))"
            ),
            (
                "document",
                "\(QuantityText.count(document)), its token \(QuantityText.count(token - range.lowerBound)) of \(QuantityText.count(range.count))"
            ),
            ("origin", OriginText(of: dataset)?.longText(document) ?? "not known: not noted when the data set was made"),
            ("sequence", QuantityText.count(sequence)), ("id", "\(here[0])"),
        ]
        if let shown = text.shown(here, limit: room), let left = text.shown(before, limit: .max), let right = text.shown(after, limit: room)
        {
            rows.append(("text before", (left.count > room ? "…" : "") + left.suffix(room - 1)))
            rows.append(("text", shown))
            rows.append(("text after", right))
        }
        rows.append(("ids before", before.suffix(8).map { "\($0)" }.joined(separator: " ")))
        rows.append(("ids after", after.prefix(8).map { "\($0)" }.joined(separator: " ")))
        return TextTable.pairs(rows).text
    }

    var json: JSONValue {
        let (before, after) = sides(64)
        func text(_ tokens: [Int32]) -> JSONValue { JSONValue(self.text.plain(tokens)) }
        let here = tokens(token..<token + 1)
        return [
            "prefix": JSONValue(dataset.prefix), "token_offset": JSONValue(token),
            "byte_offset": JSONValue(token * dataset.tokenType.itemSize),
            "document": JSONValue(document), "sequence": JSONValue(sequence), "offset_in_document": JSONValue(token - range.lowerBound),
            "document_tokens": JSONValue(range.count), "origin": OriginText(of: dataset)?.json(document) ?? .null,
            "id": JSONValue(Int(here[0])),
            "ids_before": .array(before.map { JSONValue(Int($0)) }), "ids_after": .array(after.map { JSONValue(Int($0)) }),
            "text": text(here), "text_before": text(before), "text_after": text(after),
        ]
    }
}
