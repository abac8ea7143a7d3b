import IndexedDatasets
import Sampling

/// Where documents begin in the runs of a step's rows, and which of their targets have no loss: for all ranks' rows, since each rank counts those of all.
///
/// A list over all runs in memory that is used again. Cost of a run: two searches in the index and what begins in it; with weights also a look at each
/// weight. Without rules and weights nothing is looked up.
struct RowMarks {
    let rules: RowRules
    private let hasWeights: Bool
    /// Tokens, as offsets in the `.bin`, with which something begins in a row; those of run r end at `borderEnds[r]`.
    private var borders: [Int] = []
    private var borderEnds: [Int] = []
    /// Targets without loss, disjoint; those of run r end at `maskedEnds[r]`.
    private var masked: [Range<Int>] = []
    private var maskedEnds: [Int] = []
    /// All targets without loss.
    private(set) var maskedCount = 0
    private var starts: [Int] = []

    init(_ rules: RowRules, _ source: DataSource) {
        self.rules = rules
        hasWeights = source.hasLossWeights
    }

    /// Whether there is nothing to mark, whatever the rows are.
    var isIdle: Bool { rules == .plain && !hasWeights }

    /// Marks the runs of a step.
    mutating func mark(_ runs: [TokenRun], _ source: DataSource) {
        maskedCount = 0
        if isIdle { return }
        borders.removeAll(keepingCapacity: true)
        borderEnds.removeAll(keepingCapacity: true)
        masked.removeAll(keepingCapacity: true)
        maskedEnds.removeAll(keepingCapacity: true)
        for index in 0..<runs.count {
            let first = masked.count
            let weights = source.weightMemories[runs[index].dataset]
            if let weights { weights.appendZeros(in: runs[index].targets, to: &masked) }
            if rules != .plain { markDocuments(runs, index, source, weights) }
            for range in masked[first...] { maskedCount += range.count }
            borderEnds.append(borders.count)
            maskedEnds.append(masked.count)
        }
    }

    private mutating func markDocuments(_ runs: [TokenRun], _ index: Int, _ source: DataSource, _ weights: LossWeightMemory?) {
        let run = runs[index]
        let documents = source.documentStarts[run.dataset]
        starts.removeAll(keepingCapacity: true)
        // A document that begins with its slice is no border: the slice is one.
        documents.append(in: run.token + (run.beginsSlice ? 1 : 0)..<run.token + run.count, to: &starts)
        var isAfterEnd = true
        if !run.beginsSlice {
            // A piece of another place of the stream, as in Megatron's order.
            let before = runs[index - 1].token + runs[index - 1].count
            isAfterEnd = before == run.token || documents.isBorder(before)
            if starts.first != run.token, before != run.token {
                if isAfterEnd { starts.insert(run.token, at: 0) } else if rules.breaksRows { borders.append(run.token) }
            }
        }
        for start in starts {
            if rules.breaksRows { borders.append(start) }
            let endsDocument = start != run.token || isAfterEnd
            if rules.masksEnds, endsDocument, weights?.weight(at: start) != 0 { masked.append(start..<start + 1) }
        }
    }

    /// The tokens of a run with which something begins in its row, in rising order.
    func borders(ofRun run: Int) -> ArraySlice<Int> {
        borderEnds.isEmpty ? [] : borders[(run == 0 ? 0 : borderEnds[run - 1])..<borderEnds[run]]
    }

    /// The targets of a run that have no loss.
    func masked(ofRun run: Int) -> ArraySlice<Range<Int>> {
        maskedEnds.isEmpty ? [] : masked[(run == 0 ? 0 : maskedEnds[run - 1])..<maskedEnds[run]]
    }
}
