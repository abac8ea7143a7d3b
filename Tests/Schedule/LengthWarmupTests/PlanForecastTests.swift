import Sampling
import TestSupport
import Testing

@testable import LengthWarmup

@Suite("Forecast of a plan")
struct PlanForecastTests {
    private func pacing(_ length: Int, _ random: inout SeededGenerator) -> Pacing {
        let (start, steps) = (Int.random(in: 1...length, using: &random), Int.random(in: 0...60, using: &random))
        return [
            .constant, .linear(start: start, steps: steps), .root(start: start, steps: steps, exponent: 0.4),
            .twoStage(start: start, steps: steps), .mixed(first: start, firstSteps: 5, second: length, secondSteps: steps),
            .table(lengths: [start, length, max(1, length / 3), length], bounds: [3, 9, 9 + steps]),
            .deepSpeed(
                DeepSpeedCurriculum(
                    minimum: start, maximum: length, schedule: .root(totalSteps: steps + 1, step: 1, degree: 2), dialect: .v0_19_8)),
            .deepSpeed(
                DeepSpeedCurriculum(
                    minimum: 1, maximum: length, schedule: .discrete(difficulties: [1, start, length], bounds: [4, 4 + steps]),
                    dialect: .v0_19_8)),
        ].randomElement(using: &random)!
    }

    @Test("steps that are taken at once leave what one by one they leave: counts, ledger, epoch, place, length")
    func alike() throws {
        var random = SeededGenerator(TestRun.seed)
        var most = 0
        for number in 0..<TestRun.cases(300) {
            let length = Int.random(in: 1...64, using: &random)
            let samples = Int.random(in: 1...900, using: &random)
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: Int.random(in: 1...7, using: &random),
                trainTokens: Int.random(in: 1...3 * samples * length, using: &random), pacing: pacing(length, &random),
                tails: TailPolicy.allCases.randomElement(using: &random)!, granularity: Int.random(in: 1...9, using: &random))
            var (quick, slow) = (try TrainingPlan(configuration, samples: samples), try TrainingPlan(configuration, samples: samples))
            while !quick.isFinished {
                let count = quick.skipAlikeSteps()
                most = max(most, count)
                if count == 0 { #expect(quick.nextStep() != nil) }
                for _ in 0..<max(count, 1) { _ = slow.nextStep() }
                #expect(quick.counts == slow.counts && quick.ledger == slow.ledger, "case \(number), seed \(TestRun.seed)")
                #expect(quick.epoch == slow.epoch && quick.nextFresh == slow.nextFresh)
                #expect(quick.nextSequenceLength == slow.nextSequenceLength)
            }
            #expect(slow.isFinished)
            let forecast = try PlanForecast.complete(configuration, samples: samples)
            #expect(forecast.steps == slow.counts.steps && forecast.plan.counts == slow.counts && !forecast.isEstimated)
        }
        #expect(most > 50)
    }

    @Test("a plan of a hundred million steps is exact under drop, and says that it is estimated where it is")
    func long() throws {
        func forecast(_ tails: TailPolicy, tokens: Int, steps: Int, batch: Int = 16) throws -> PlanForecast {
            try .complete(
                PlanConfiguration(
                    sequenceLength: 256, globalBatchSize: batch, trainTokens: tokens, pacing: .linear(start: 8, steps: steps), tails: tails),
                samples: tokens / 256)
        }
        let drop = try forecast(.drop, tokens: 3_000_000_000_000, steps: 200_000_000)
        let counts = drop.plan.counts
        #expect(!drop.isEstimated && drop.steps == counts.steps && counts.steps > 800_000_000)
        #expect(counts.trained == 3_000_000_000_000 && counts.fetched == counts.trained + counts.dropped)

        // What is estimated, beside the same schedule in steps of a thousand times the rows.
        let reuse = try forecast(.reuse, tokens: 3_000_000_000_000, steps: 200_000_000)
        let scaled = try forecast(.reuse, tokens: 3_000_000_000, steps: 200_000)
        #expect(reuse.isEstimated && !scaled.isEstimated)
        func close(_ a: Int, _ b: Int) -> Bool { abs(Double(a) - Double(b) * 1000) <= 0.01 * Double(b) * 1000 + 1e9 }
        #expect(close(reuse.steps, scaled.steps) && close(reuse.plan.counts.reused, scaled.plan.counts.reused))
        #expect(close(reuse.plan.counts.fetched, scaled.plan.counts.fetched))
    }
}
