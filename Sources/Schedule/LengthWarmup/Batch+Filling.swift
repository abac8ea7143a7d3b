import Batches
import IndexedDatasets
import Sampling

extension Batch {
    /// Fills a row with slices laid end to end, each given as its runs of tokens: `range` of `runs`. Returns its number of targets.
    ///
    /// - Parameter memories: the data sets' tokens.
    func fill(
        row: Int, length: Int, runs: [TokenRun], _ range: Range<Int>, from memories: UnsafeBufferPointer<TokenMemory>
    ) -> Int {
        var targetCount = 0
        var column = row * length
        let end = column + length
        var sliceBegin = column
        var segment: Int32 = 0
        for index in range {
            let run = runs[index]
            if run.beginsSlice && run.endsSlice {
                memories[run.dataset].copyPairs(
                    at: run.token, count: run.count - 1, inputs: inputs + column, targets: targets + column)
            } else {
                // A run that goes on begins with the target of the token before it.
                memories[run.dataset].copyTokens(at: run.token, count: run.inputCount, into: inputs + column)
                memories[run.dataset].copyTokens(
                    at: run.firstTarget, count: run.targetCount, into: targets + (run.beginsSlice ? column : column - 1))
            }
            column += run.inputCount
            targetCount += run.targetCount
            guard run.endsSlice else { continue }
            let count = column - sliceBegin
            if count == length, plainLength[row] == length {
                // The usual case: the row looked the same last time.
            } else {
                (segments + sliceBegin).update(repeating: segment, count: count)
                (positions + sliceBegin).update(from: iota, count: count)
                plainLength[row] = count == length ? length : 0
            }
            sliceBegin = column
            segment += 1
        }
        if column < end {
            (inputs + column).update(repeating: 0, count: end - column)
            (targets + column).update(repeating: -1, count: end - column)
            (segments + column).update(repeating: -1, count: end - column)
            (positions + column).update(repeating: 0, count: end - column)
            plainLength[row] = 0
        }
        return targetCount
    }
}
