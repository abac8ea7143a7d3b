import CommandKit
import Files
import IndexedDatasets
import JSON
import Quantities

/// The inputs that documents came from, by what `preprocess` noted in `P.meta`.
struct OriginText {
    private let origins: DocumentOrigins
    private let paths: [String]

    /// Nil for data sets that were made otherwise, or before this was noted.
    init?(of dataset: IndexedDataset) {
        guard let source = dataset.metadata?.source, let origins = source["origins"].flatMap({ DocumentOrigins($0) }) else { return nil }
        self.origins = origins
        paths = source["inputs"]?.array?.compactMap(\.string) ?? []
    }

    private func path(_ input: Int) -> String { input < paths.count ? paths[input] : "input \(QuantityText.count(input + 1))" }

    private static func lines(_ origin: DocumentOrigins.Origin) -> String {
        origin.line.map { "\($0 + 1)" } ?? "\(origin.lines.lowerBound + 1)-\(origin.lines.upperBound)"
    }

    /// `some.jsonl:94`, for a column.
    func shortText(_ document: Int) -> String? {
        guard let origin = origins.origin(ofDocument: document) else { return nil }
        let place = origin.firstByte == 0 ? Self.lines(origin) : "\(origin.firstByte)+\(Self.lines(origin))"
        return FileSystem.name(of: path(origin.input)) + ":" + place
    }

    /// "line 94 of corpora/some.jsonl"
    func longText(_ document: Int) -> String? {
        guard let origin = origins.origin(ofDocument: document) else { return nil }
        let part = origin.firstByte == 0 ? "" : " behind byte \(QuantityText.count(origin.firstByte))"
        if let line = origin.line { return "line \(QuantityText.count(line + 1))\(part) of \(path(origin.input))" }
        return "among lines \(QuantityText.count(origin.lines.lowerBound + 1)) to \(QuantityText.count(origin.lines.upperBound))\(part) of "
            + "\(path(origin.input)), bytes \(QuantityText.count(origin.bytes.lowerBound)) to \(QuantityText.count(origin.bytes.upperBound))"
    }

    /// Lines count from 1, `bytes` is a half-open range.
    func json(_ document: Int) -> JSONValue? {
        guard let origin = origins.origin(ofDocument: document) else { return nil }
        return [
            "path": JSONValue(path(origin.input)), "line": JSONValue(origin.line.map { $0 + 1 }),
            "lines": [JSONValue(origin.lines.lowerBound + 1), JSONValue(origin.lines.upperBound)],
            "bytes": [JSONValue(origin.bytes.lowerBound), JSONValue(origin.bytes.upperBound)],
            "lines_from_byte": JSONValue(origin.firstByte),
        ]
    }
}
