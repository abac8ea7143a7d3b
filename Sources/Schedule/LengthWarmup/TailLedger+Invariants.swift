extension TailLedger {
    /// What is wrong with the structure, or nil: for tests and for states that come from outside. O(runs log runs).
    func firstViolation(samples: Int) -> String? {
        let runs = self.runs
        var targets = 0
        for run in runs {
            if run.positions.isEmpty || run.positions.lowerBound < 0 || run.positions.upperBound > samples {
                return "a run covers positions \(run.positions) of \(samples)"
            }
            targets += run.positions.count * tailLength(start: run.start)
        }
        if targets != targetCount { return "the runs hold \(targets) targets, the count says \(targetCount)" }
        if runs.count != runCount { return "there are \(runs.count) runs, the count says \(runCount)" }
        let sorted = runs.map(\.positions).sorted { $0.lowerBound < $1.lowerBound }
        for (a, b) in zip(sorted, sorted.dropFirst()) where a.upperBound > b.lowerBound {
            return "positions \(b.lowerBound) stand in two runs"
        }
        return nil
    }
}
