package import Batches
import IndexedDatasets
package import Sampling

extension Batch {
    /// Fills a row with slices laid end to end, each given as its runs of tokens: `range` of `runs`. Returns its numbers of targets with loss and without.
    ///
    /// - Parameters:
    ///   - marks: of the same runs.
    ///   - memories: the data sets' tokens.
    ///   - weights: the weights of their loss.
    func fill(
        row: Int, runs: [TokenRun], _ range: Range<Int>, _ marks: RowMarks, from memories: UnsafeBufferPointer<TokenMemory>,
        weights memoriesOfWeights: [LossWeightMemory?]
    ) -> (trained: Int, masked: Int) {
        let begin = row * length
        let end = begin + length
        let isMarked = !marks.isIdle
        var column = begin
        var layout = SliceLayout(self, marks.rules, begin)
        var (targetCount, maskedCount) = (0, 0)
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
            if let weights { copyWeights(run, memoriesOfWeights[run.dataset], into: weights + (run.beginsSlice ? column : column - 1)) }
            if isMarked {
                for border in marks.borders(ofRun: index) where border - run.token < run.inputCount {
                    layout.breakRow(at: column + border - run.token)
                }
                for masked in marks.masked(ofRun: index) {
                    let first = column + masked.lowerBound - run.token - 1
                    (targets + first).update(repeating: -1, count: masked.count)
                    weights.map { ($0 + first).update(repeating: 0, count: masked.count) }
                    maskedCount += masked.count
                }
            }
            column += run.inputCount
            targetCount += run.targetCount
            if run.endsSlice { layout.endSlice(at: column, row: row) }
        }
        if column < end {
            (inputs + column).update(repeating: 0, count: end - column)
            (targets + column).update(repeating: -1, count: end - column)
            (segments + column).update(repeating: -1, count: end - column)
            (positions + column).update(repeating: 0, count: end - column)
            weights.map { ($0 + column).update(repeating: 0, count: end - column) }
            plainLength[row] = 0
        }
        return (targetCount - maskedCount, maskedCount)
    }

    private func copyWeights(_ run: TokenRun, _ memory: LossWeightMemory?, into target: UnsafeMutablePointer<Float>) {
        if let memory {
            memory.copy(at: run.firstTarget, count: run.targetCount, into: target)
        } else {
            target.update(repeating: 1, count: run.targetCount)
        }
    }

    /// Numbers the segments of a row and its positions, from left to right.
    private struct SliceLayout {
        private let batch: Batch
        private let rules: RowRules
        private var segment: Int32 = 0
        /// Where the slice, its present segment's unwritten part and its present positions begin.
        private var sliceBegin, unwritten, zero: Int

        init(_ batch: Batch, _ rules: RowRules, _ begin: Int) {
            self.batch = batch
            self.rules = rules
            (sliceBegin, unwritten, zero) = (begin, begin, begin)
        }

        /// A document begins inside of a slice.
        mutating func breakRow(at column: Int) {
            write(upTo: column)
            if rules.context == .document { segment += 1 }
            if rules.positions == .restart { zero = column }
        }

        mutating func endSlice(at column: Int, row: Int) {
            let length = batch.length
            let isPlain = unwritten == sliceBegin && column - sliceBegin == length
            // The usual case: the row looked the same last time.
            if !isPlain || batch.plainLength[row] != length { write(upTo: column) }
            batch.plainLength[row] = isPlain ? length : 0
            segment += 1
            (sliceBegin, unwritten, zero) = (column, column, column)
        }

        private mutating func write(upTo column: Int) {
            (batch.segments + unwritten).update(repeating: segment, count: column - unwritten)
            (batch.positions + unwritten).update(from: batch.iota + (unwritten - zero), count: column - unwritten)
            unwritten = column
        }
    }
}

extension Batch {
    /// Whole samples of an epoch as rows, as a loader would serve them in a step of full length.
    package convenience init(_ source: DataSource, epoch: Int = 0, positions: Range<Int>, rules: RowRules) {
        let length = source.sequenceLength
        self.init(rows: positions.count, length: length, hasWeights: source.hasLossWeights)
        reshape(rows: positions.count, length: length)
        var (runs, entries) = ([TokenRun](), [SampleOrder.Entry]())
        source.appendRuns(epoch: epoch, positions: positions, start: 0, targets: length, to: &runs, using: &entries)
        var marks = RowMarks(rules, source)
        marks.mark(runs, source)
        source.memories.withUnsafeBufferPointer { memories in
            var first = 0
            for row in 0..<positions.count {
                var end = first
                repeat { end += 1 } while !runs[end - 1].endsSlice
                let counts = fill(row: row, runs: runs, first..<end, marks, from: memories, weights: source.weightMemories)
                targetCount += counts.trained
                maskedCount += counts.masked
                first = end
            }
        }
        (globalTargetCount, globalMaskedCount) = (targetCount, maskedCount)
    }
}
