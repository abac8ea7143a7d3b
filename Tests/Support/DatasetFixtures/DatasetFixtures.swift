public import IndexedDatasets
public import TestSupport

/// Data sets for tests, written by the writer that everybody uses.
extension TemporaryDirectory {
    /// Writes the pair `name` with these documents of one sequence each, the empty ones without a sequence; its prefix.
    @discardableResult
    public func dataset(
        _ name: String, _ documents: some Sequence<some Collection<Int>>, type: TokenType = .uint16,
        metadata: DatasetMetadata = DatasetMetadata()
    ) throws -> String {
        try dataset(name, sequences: documents.map { $0.isEmpty ? [] : [$0] }, type: type, metadata: metadata)
    }

    /// Writes the pair `name` with documents of any number of sequences, also of empty ones. An earlier pair of that name goes away.
    @discardableResult
    public func dataset(
        _ name: String, sequences documents: some Sequence<[some Collection<Int>]>, type: TokenType = .uint16,
        metadata: DatasetMetadata = DatasetMetadata()
    ) throws -> String {
        var writer = try IndexedDatasetWriter(prefix: file(name), tokenType: type, overwrite: true)
        for document in documents {
            for sequence in document { try writer.append(tokens: sequence) }
            try writer.endDocument()
        }
        try writer.finish(metadata: metadata)
        return file(name)
    }
}

extension Range<Int> {
    /// These tokens, one after the other, in documents of 1 to `longest`.
    public func documents(ofUpTo longest: Int = 40, _ random: inout SeededGenerator) -> [Range<Int>] {
        var documents: [Range<Int>] = []
        var start = lowerBound
        while start < upperBound {
            let count = Swift.min(Int.random(in: 1...longest, using: &random), upperBound - start)
            documents.append(start..<start + count)
            start += count
        }
        return documents
    }
}
