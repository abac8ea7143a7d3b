import IndexedDatasets
import JSON
import Tokenization

extension IndexFindings {
    /// One object; the counts are those of all indexes together.
    var json: JSONValue {
        let datasets = sources.map(\.dataset)
        let metadata = datasets[0].metadata
        var json: JSONObject = [
            "prefix": sources.count == 1 ? JSONValue(datasets[0].prefix) : .null,
            "sequences": JSONValue(datasets.reduce(0) { $0 + $1.sequenceCount }),
            "documents": JSONValue(lengths.documentCount), "tokens": JSONValue(lengths.tokenCount),
            "dtype": Set(datasets.map(\.tokenType)).count == 1 ? JSONValue(datasets[0].tokenType.rawValue) : .null,
            "bin_bytes": JSONValue(datasets.reduce(0) { $0 + $1.binBytes }),
            "idx_bytes": JSONValue(datasets.reduce(0) { $0 + $1.idxBytes }),
            "shortest": JSONValue(lengths.shortest), "longest": JSONValue(lengths.longest), "mean": JSONValue(lengths.mean),
            "median": JSONValue(lengths.quantile(0.5)), "percentile_90": JSONValue(lengths.quantile(0.9)),
            "percentile_99": JSONValue(lengths.quantile(0.99)), "empty_documents": JSONValue(lengths.emptyDocuments),
            "tokenizer": JSONValue(metadata?.tokenizer?.name), "append_eod": metadata?.appendsEndOfText.map { .bool($0) } ?? .null,
            "lengths": .array(
                lengths.bins().map {
                    [
                        "from": JSONValue($0.lengths.lowerBound), "to": JSONValue($0.lengths.upperBound),
                        "documents": JSONValue($0.documents),
                        "tokens": JSONValue($0.tokens),
                    ]
                }),
            "sources": .array(
                sources.map {
                    [
                        "prefix": JSONValue($0.dataset.prefix), "weight": JSONValue($0.weight),
                        "documents": JSONValue($0.dataset.documentCount), "tokens": JSONValue($0.dataset.tokenCount),
                    ]
                }),
        ]
        if let vocabulary { json["vocabulary"] = self.json(vocabulary) }
        if let scan {
            json["duplicates"] = [
                "documents": JSONValue(scan.duplicateDocuments), "tokens": JSONValue(scan.duplicateTokens),
                "passes": JSONValue(scan.passes),
            ]
        }
        return .object(json)
    }

    private func json(_ vocabulary: Vocabulary) -> JSONValue {
        [
            "size": JSONValue(vocabulary.size), "used": JSONValue(vocabulary.use.usedCount),
            "unused": JSONValue(vocabulary.size.map { vocabulary.use.unusedCount(below: $0) }), "once": JSONValue(vocabulary.use.onceCount),
            "text_tokens": JSONValue(vocabulary.textTokens), "text_bytes": JSONValue(vocabulary.textBytes),
            "bytes_per_token": JSONValue(vocabulary.bytesPerToken),
            "top": .array(
                vocabulary.use.mostFrequent(shownTokens).map { id, count in
                    [
                        "id": JSONValue(id), "count": JSONValue(count),
                        "text": JSONValue(text.tokenizer?.bytes(of: TokenID(id)).map { String(decoding: $0, as: UTF8.self) }),
                    ]
                }),
        ]
    }
}
