import IndexedDatasets
public import Sampling

/// Which share of the targets of a source's passes has no loss under some rules: for plans, which touch no data themselves.
public enum MaskedShare {
    /// The share, 0 to 1, with each data set counted as often as an epoch draws from it.
    ///
    /// Complexity: O(documents), with weights of the loss O(tokens).
    public static func of(_ source: DataSource, rules: RowRules) -> Double {
        var (masked, served) = (0.0, 0.0)
        for (index, stream) in source.streams.enumerated() {
            let targets = stream.sampleCount * stream.sequenceLength
            let quota = Double(source.samplesPerEpoch(index)) * Double(stream.sequenceLength)
            masked += quota * Double(count(source, index, targets, rules)) / Double(targets)
            served += quota
        }
        return served > 0 ? masked / served : 0
    }

    /// The masked ones among the targets of one pass over a data set.
    private static func count(_ source: DataSource, _ index: Int, _ targets: Int, _ rules: RowRules) -> Int {
        let (starts, weights) = (source.documentStarts[index], source.weightMemories[index])
        guard rules.masksEnds || weights != nil else { return 0 }
        let first = source.streams[index].tokens.lowerBound + 1
        var (count, documents, zeros) = (0, [Int](), [Range<Int>]())
        for begin in stride(from: first, to: first + targets, by: 1 << 20) {
            let block = begin..<min(begin + (1 << 20), first + targets)
            documents.removeAll(keepingCapacity: true)
            zeros.removeAll(keepingCapacity: true)
            weights?.appendZeros(in: block, to: &zeros)
            if rules.masksEnds { starts.append(in: block, to: &documents) }
            for range in zeros { count += range.count }
            for document in documents where weights?.weight(at: document) != 0 { count += 1 }
        }
        return count
    }
}
