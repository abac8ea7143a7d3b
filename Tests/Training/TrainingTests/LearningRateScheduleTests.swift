import Foundation
import Metrics
import TestSupport
import Testing

@testable import Training

@Suite("LearningRateSchedule") struct LearningRateScheduleTests {
    @Test("warmup is linear in what was consumed before the step, decay ends at the minimum and stays")
    func shape() {
        var schedule = LearningRateSchedule(peak: 1, minimum: 0.1, warmup: .tokens(100), decayEnd: .tokens(1100))
        let rates = [0, 50, 100, 600, 1100, 1200, 9999].map { schedule.rate(consumed: TrainingProgress(tokens: $0)) }
        #expect(rates[0] == 0 && rates[1] == 0.5 && rates[2] == 1)
        #expect(abs(rates[3] - 0.55) < 1e-12)
        #expect(rates[4...].allSatisfy { abs($0 - 0.1) < 1e-12 })
    }

    @Test("a warmup by steps hands over to a decay by tokens where it ends, also after a resume")
    func mixedUnits() {
        var whole = LearningRateSchedule(peak: 2, warmup: .steps(3), decayEnd: .tokens(1000), decay: .linear)
        let walk = (0..<20).map { TrainingProgress(steps: $0, samples: 4 * $0, tokens: 50 * $0) }
        let expected = walk.map { whole.rate(consumed: $0) }
        #expect(whole.state.decayStart == 150)
        for cut in walk.indices {
            var first = LearningRateSchedule(peak: 2, warmup: .steps(3), decayEnd: .tokens(1000), decay: .linear)
            var rates = walk[..<cut].map { first.rate(consumed: $0) }
            var second = LearningRateSchedule(peak: 2, warmup: .steps(3), decayEnd: .tokens(1000), decay: .linear)
            second.state = first.state
            rates += walk[cut...].map { second.rate(consumed: $0) }
            #expect(rates == expected)
        }
    }

    @Test("no warmup starts at the peak; inverse square root falls from the warmup's end", arguments: LearningRateSchedule.Decay.allCases)
    func noWarmup(decay: LearningRateSchedule.Decay) {
        var schedule = LearningRateSchedule(peak: 3, warmup: .steps(0), decayEnd: .steps(100), decay: decay)
        #expect(schedule.rate(consumed: TrainingProgress()) == 3)
        var root = LearningRateSchedule(peak: 3, warmup: .steps(25), decayEnd: .steps(1000), decay: .inverseSquareRoot)
        #expect(root.rate(consumed: TrainingProgress(steps: 100)) == 1.5)
    }
}
