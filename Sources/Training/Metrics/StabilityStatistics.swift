/// The paper's measures of stability over a whole run (section 3 and appendix A).
public struct StabilityStatistics: Sendable, Equatable {
    /// Steps that have a loss ratio (all but the first).
    public private(set) var steps = 0
    /// Steps whose loss is more than 1.2 times the smallest loss before them.
    public private(set) var above12 = 0
    /// Likewise 1.5 times.
    public private(set) var above15 = 0
    /// Largest loss ratio; NaN without one.
    public private(set) var maximumRatio = Double.nan
    /// Step of the largest loss ratio.
    public private(set) var maximumStep = 0
    /// Steps whose gradient was scaled down.
    public private(set) var clippedSteps = 0
    /// Steps for which it is known whether they were clipped.
    public private(set) var stepsWithClipping = 0
    /// Loss ratio against Σ√v (the paper: 0.23 for its 1.5B baseline).
    public private(set) var varianceNormCorrelation: PearsonCorrelation?
    /// Loss ratio against max √v (the paper: 0.26).
    public private(set) var varianceMaxCorrelation: PearsonCorrelation?

    public init(_ records: [StepRecord]) {
        for record in records {
            if !record.clipped.isNaN {
                stepsWithClipping += 1
                if record.clipped > 0 { clippedSteps += 1 }
            }
            guard !record.lossRatio.isNaN else { continue }
            steps += 1
            if record.lossRatio > 1.2 { above12 += 1 }
            if record.lossRatio > 1.5 { above15 += 1 }
            if !(record.lossRatio <= maximumRatio) { (maximumRatio, maximumStep) = (record.lossRatio, record.step) }
        }
        let ratios = records.map(\.lossRatio)
        varianceNormCorrelation = PearsonCorrelation(ratios, records.map(\.varianceNorm))
        varianceMaxCorrelation = PearsonCorrelation(ratios, records.map(\.varianceMax))
    }
}

extension [StepRecord] {
    /// Computes each record's loss ratio from the losses, for logs that do not hold it.
    package mutating func fillLossRatios() {
        var smallest = Double.infinity
        for index in indices where !self[index].loss.isNaN {
            if smallest < .infinity { self[index].lossRatio = self[index].loss / smallest }
            smallest = Swift.min(smallest, self[index].loss)
        }
    }
}
