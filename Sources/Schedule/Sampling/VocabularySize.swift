public import IndexedDatasets

/// How many token ids data sets use.
public enum VocabularySize {
    /// The highest token id of the data sets + 1: as their side files name the tokenizer, otherwise by reading every token (about a second for
    /// 10⁹).
    public static func of(_ datasets: [IndexedDataset]) -> Int {
        let known = datasets.compactMap { $0.metadata?.tokenizer?.vocabularySize }
        if known.count == datasets.count { return known.max() ?? 1 }
        return (datasets.map(highestToken).max() ?? 0) + 1
    }

    private static func highestToken(_ dataset: IndexedDataset) -> Int {
        var highest: Int32 = 0
        for start in stride(from: 0, to: dataset.tokenCount, by: 1 << 16) {
            let count = min(1 << 16, dataset.tokenCount - start)
            let tokens = unsafe [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
                unsafe dataset.copyTokens(at: start, count: count, into: buffer.baseAddress!)
                initialized = count
            }
            for token in tokens { highest = max(highest, token) }
        }
        return Int(highest)
    }
}
