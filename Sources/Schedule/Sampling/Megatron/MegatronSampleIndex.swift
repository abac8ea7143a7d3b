import Hashing

/// The three arrays by which Megatron-Core's `GPTDataset` turns documents into samples, bit for bit.
///
/// Source: `megatron/core/datasets/gpt_dataset.py` (`_build_document_index`, `_build_shuffle_index`) and `helpers.cpp`
/// (`build_sample_idx`). Memory: 4 bytes a document and pass, 12 bytes a sample, unless the arrays are mapped from a cache.
public struct MegatronSampleIndex: Sendable {
    /// Sequence numbers, one pass after the other, shuffled. int32.
    public let documentIndex: NumPyArray
    /// Rows (position in `documentIndex`, token offset), one more than there are samples. int32 or int64.
    public let sampleIndex: NumPyArray
    /// The order in which samples are served. uint32, or int64 from 2³² − 2 samples on.
    public let shuffleIndex: NumPyArray

    /// Samples that can be served.
    public var sampleCount: Int { shuffleIndex.count }

    /// Builds the arrays. O(documents · passes + samples).
    ///
    /// - Parameters:
    ///   - sequences: the split's range of sequences.
    ///   - length: the length of a sequence in tokens.
    public init(
        sequences: Range<Int>, epochs: MegatronEpochs, sequenceLength: Int, extraToken: Int, randomSeed: UInt32,
        length: (Int) -> Int
    ) throws(MegatronOrderError) {
        guard sequences.upperBound <= Int(Int32.max) else {
            throw .tooManySequences(sequences.upperBound)
        }
        try MegatronMemory.check(
            samples: epochs.sampleCount, bytes: 4 * Double(sequences.count) * Double(epochs.count) + 12 * Double(epochs.sampleCount))
        var random = RandomState(seed: randomSeed)

        // Passes that are shuffled together, then the last one by the same generator if it is kept apart.
        let together = epochs.separatesLast ? epochs.count - 1 : epochs.count
        var documents: [Int32] = []
        documents.reserveCapacity(sequences.count * epochs.count)
        for _ in 0..<epochs.count { documents.append(contentsOf: sequences.lazy.map { Int32($0) }) }
        documents.withUnsafeMutableBufferPointer { all in
            let border = together * sequences.count
            random.shuffle(all[..<border])
            if border < all.count { random.shuffle(all[border...]) }
        }

        let longest = sequences.reduce(0) { max($0, length($1)) }
        let walk = MegatronSampleWalk(documentCount: documents.count, sequenceLength: sequenceLength, extraToken: extraToken)
        func lengthAtPosition(_ position: Int) -> Int { length(Int(documents[position])) }
        // Megatron picks the narrow type when both columns fit.
        func rows<Element: NumPyElement>(_ type: Element.Type) -> NumPyArray {
            var rows: [Element] = []
            rows.reserveCapacity(2 * (epochs.sampleCount + 1))
            walk.forEachRow(count: epochs.sampleCount + 1, length: lengthAtPosition) { position, offset in
                rows.append(Element(position))
                rows.append(Element(offset))
            }
            return NumPyArray(pairs: rows)
        }
        sampleIndex = max(documents.count, longest) <= Int(Int32.max) ? rows(Int32.self) : rows(Int64.self)
        documentIndex = NumPyArray(documents)

        let border = epochs.separatesLast ? epochs.samplesWithoutLast ?? epochs.sampleCount : epochs.sampleCount
        if epochs.sampleCount < Int(UInt32.max) - 1 {
            shuffleIndex = NumPyArray(Self.order(UInt32.self, epochs.sampleCount, border: border, &random))
        } else {
            shuffleIndex = NumPyArray(Self.order(Int64.self, epochs.sampleCount, border: border, &random))
        }
    }

    /// Arrays that a cache holds.
    init(documentIndex: NumPyArray, sampleIndex: NumPyArray, shuffleIndex: NumPyArray) {
        self.documentIndex = documentIndex
        self.sampleIndex = sampleIndex
        self.shuffleIndex = shuffleIndex
    }

    /// The parts of sequences that make up the served sample `index`, in order; together `sequenceLength + extraToken` tokens,
    /// fewer only in a padded last validation sample.
    public func forEachPart(
        ofSample index: Int, extraToken: Int, length: (Int) -> Int, _ body: (_ sequence: Int, _ tokens: Range<Int>) -> Void
    ) {
        let row = shuffleIndex[index]
        let first = (position: sampleIndex[2 * row], offset: sampleIndex[2 * row + 1])
        let last = (position: sampleIndex[2 * row + 2], offset: sampleIndex[2 * row + 3])
        for position in first.position...last.position {
            let sequence = documentIndex[position]
            let start = position == first.position ? first.offset : 0
            let end = position == last.position ? last.offset + extraToken : length(sequence)
            if start < end { body(sequence, start..<end) }
        }
    }

    private static func order<Element: FixedWidthInteger>(
        _ type: Element.Type, _ count: Int, border: Int, _ random: inout RandomState
    ) -> [Element] {
        var order = (0..<count).map { Element($0) }
        order.withUnsafeMutableBufferPointer { all in
            random.shuffle(all[..<border])
            if border < count { random.shuffle(all[border...]) }
        }
        return order
    }
}

/// The walk over the documents that cuts them into samples: `build_sample_idx` of `helpers.cpp`.
struct MegatronSampleWalk {
    /// Entries of the document index.
    let documentCount: Int
    let sequenceLength: Int
    let extraToken: Int

    /// Calls `body` with `count` rows (position in the document index, token offset). The next sample starts at the last token of
    /// the one before it when there is an extra token; a document used up exactly stays current.
    ///
    /// - Parameter length: the length of the document at a position of the document index.
    func forEachRow(count: Int, length: (Int) -> Int, _ body: (_ position: Int, _ offset: Int) -> Void) {
        var position = 0
        var offset = 0
        body(0, 0)
        for _ in 1..<max(count, 1) {
            var remaining = sequenceLength + extraToken
            while remaining > 0 {
                let available = length(position) - offset
                remaining -= available
                if remaining <= 0 {
                    offset += remaining + available - extraToken
                    remaining = 0
                } else if position == documentCount - 1 {
                    // Only a padded last validation sample gets here.
                    offset = length(position) - extraToken
                    remaining = 0
                } else {
                    position += 1
                    offset = 0
                }
            }
            body(position, offset)
        }
    }
}
