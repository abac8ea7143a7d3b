import Metrics
import Testing

@Suite("Statistics of a run") struct StatisticsTests {
    @Test("Pearson's r and its p-value are exact")
    func pearson() throws {
        // Six degrees of freedom have a closed form: p = 1 − r(1 + c/2 + 3c²/8), c = 1 − r² (computed here with 50 digits).
        let x: [Double] = [1, 2, 3, 4, 5, 6, 7, 8]
        let y: [Double] = [2.1, 1.9, 3.5, 3.2, 5.8, 4.1, 6.9, 7.7]
        let result = try #require(PearsonCorrelation(x, y))
        #expect(abs(result.r - 0.9216035716723234) < 1e-12 && abs(result.p / 0.0011348466342394911 - 1) < 1e-9)
        #expect(PearsonCorrelation([1, 1, 1], [1, 2, 3]) == nil && PearsonCorrelation([1, 2], [1, 2]) == nil)
        let perfect = try #require(PearsonCorrelation(x, x))
        #expect(abs(perfect.r - 1) < 1e-12 && perfect.p < 1e-30)
        let gaps = try #require(PearsonCorrelation(x + [.nan, 9], y + [3, .nan]))
        #expect(gaps == result)
    }

    @Test("counts above 1.2 and 1.5, the maximum and the clipped steps")
    func statistics() {
        var records = [10.0, 8, 9.7, 8.1, 13, .nan, 7].enumerated().map { index, loss in
            var record = StepRecord()
            record.step = index + 1
            record.loss = loss
            record.clipped = index % 2 == 0 ? 1 : 0
            return record
        }
        records.fillLossRatios()
        let statistics = StabilityStatistics(records)
        #expect(statistics.above12 == 2 && statistics.above15 == 1 && statistics.maximumRatio == 13 / 8 && statistics.maximumStep == 5)
        #expect(statistics.clippedSteps == 4 && statistics.stepsWithClipping == 7)
    }
}
