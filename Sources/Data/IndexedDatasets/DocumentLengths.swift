#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How many tokens documents have: exact, and from the indexes alone.
///
/// Lengths below 65,536 are counted one by one; the longer ones are listed. That is half a megabyte, and at most eight bytes for each
/// 65,536 tokens of the data.
public struct DocumentLengths: Sendable {
    /// The documents of about the same length.
    public struct Bin: Sendable, Equatable {
        public var lengths: ClosedRange<Int>
        public var documents: Int
        /// What these documents hold together.
        public var tokens: Int
    }

    private static let tableSize = 1 << 16

    public private(set) var documentCount = 0
    public private(set) var tokenCount = 0
    private var counts = [Int](repeating: 0, count: tableSize)
    /// The lengths that the table has no place for, in rising order.
    private var long: [Int] = []

    public init() {}

    /// Adds the documents of a data set. Complexity: one pass over its index.
    public mutating func add(_ dataset: IndexedDataset) {
        var end = 0
        for document in 0..<dataset.documentCount {
            let start = end
            end = dataset.tokenOffset(ofSequence: dataset.documentRange(document).upperBound)
            let length = end - start
            if length < Self.tableSize { counts[length] += 1 } else { long.append(length) }
        }
        documentCount += dataset.documentCount
        tokenCount += dataset.tokenCount
        long.sort()
    }

    public var emptyDocuments: Int { counts[0] }
    /// Nil without documents, as ``longest`` and ``quantile(_:)``.
    public var shortest: Int? { counts.firstIndex { $0 > 0 } ?? long.first }
    public var longest: Int? { long.last ?? counts.lastIndex { $0 > 0 } }
    /// Tokens of a document on average; 0 without documents.
    public var mean: Double { documentCount == 0 ? 0 : Double(tokenCount) / Double(documentCount) }

    /// The smallest length that at least this share of the documents (0 … 1) does not exceed: of 0.5 the median.
    public func quantile(_ share: Double) -> Int? {
        guard documentCount > 0 else { return nil }
        let rank = max(1, min(documentCount, Int((share * Double(documentCount)).rounded(.up))))
        var seen = 0
        for (length, count) in counts.enumerated() {
            seen += count
            if seen >= rank { return length }
        }
        return long[rank - seen - 1]
    }

    /// From the bin of the shortest document to that of the longest, without gaps: bins that double in width, each cut into `parts`.
    /// Empty documents have a bin of their own.
    public func bins(perDoubling parts: Int = 1) -> [Bin] {
        guard let shortest, let longest else { return [] }
        // The lengths at which bins begin: 1, 2, 4, … and `parts - 1` of about equal ratio between two of them, where there is room.
        var starts = [0, 1]
        for octave in 0..<Int.bitWidth - 2 where starts.last! <= longest {
            for part in 1...parts {
                let start = part == parts ? 2 << octave : Int((Double(1 << octave) * exp2(Double(part) / Double(parts))).rounded())
                if start > starts.last! { starts.append(start) }
            }
        }
        var bins: [Bin] = zip(starts, starts.dropFirst()).map { Bin(lengths: $0...$1 - 1, documents: 0, tokens: 0) }
        var bin = 0
        func add(_ length: Int, _ count: Int) {
            while length > bins[bin].lengths.upperBound { bin += 1 }
            bins[bin].documents += count
            bins[bin].tokens += count * length
        }
        for (length, count) in counts.enumerated() where count > 0 { add(length, count) }
        for length in long { add(length, 1) }
        return bins.filter { $0.lengths.upperBound >= shortest && $0.lengths.lowerBound <= longest }
    }
}
