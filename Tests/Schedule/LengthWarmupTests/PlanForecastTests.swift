import Sampling
import TestSupport
import Testing

@testable import LengthWarmup

@Suite("Forecast of a plan")
struct PlanForecastTests {
    private func pacing(_ length: Int, most: Int, _ random: inout SeededGenerator) -> Pacing {
        let (start, steps) = (Int.random(in: 1...length, using: &random), Int.random(in: 0...most, using: &random))
        let (first, second) = (Int.random(in: 1...9, using: &random), Int.random(in: 0...most, using: &random))
        return [
            .constant, .linear(start: start, steps: steps), .root(start: start, steps: steps, exponent: 0.4),
            .twoStage(start: start, steps: steps), .mixed(first: start, firstSteps: first, second: length, secondSteps: second),
            .table(lengths: [start, length, max(1, length / 3), length], bounds: [3, 9, 9 + steps]),
            .adaptive(AdaptivePacing(start: start, increment: first, interval: 1 + second / 8)),
            .deepSpeed(
                DeepSpeedCurriculum(
                    minimum: start, maximum: length, schedule: .root(totalSteps: steps + 1, step: 1, degree: 2), dialect: .v0_19_8)),
            .deepSpeed(
                DeepSpeedCurriculum(
                    minimum: 1, maximum: length, schedule: .discrete(difficulties: [1, start, length], bounds: [4, 4 + steps]),
                    dialect: .v0_19_8)),
        ].randomElement(using: &random)!
    }

    /// The plan, every step of it by itself.
    private func walk(_ configuration: PlanConfiguration, samples: Int) throws -> (plan: TrainingPlan, lengths: [Int]) {
        var plan = try TrainingPlan(configuration, samples: samples)
        var lengths: [Int] = []
        while let step = plan.nextStep() {
            lengths.append(step.sequenceLength)
            plan.observe(loss: 1)
        }
        return (plan, lengths)
    }

    @Test("a forecast that says it is exact has the counts of the plan that is walked step by step, whatever was taken at once")
    func exact() throws {
        var random = SeededGenerator(TestRun.seed)
        var fewest = Int.max
        for number in 0..<TestRun.cases(400) {
            let length = Int.random(in: 1...64, using: &random)
            let samples = Int.random(in: 1...900, using: &random)
            let rows = Int.random(in: 1...9, using: &random)
            let tokens = Int.random(in: 1...3 * samples * length, using: &random)
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: rows, trainTokens: tokens, pacing: pacing(length, most: 60, &random),
                tails: TailPolicy.allCases.randomElement(using: &random)!,
                batchWarmup: Bool.random(using: &random)
                    ? BatchWarmup(
                        start: Int.random(in: 1...rows, using: &random), increment: Int.random(in: 1...3, using: &random),
                        tokens: Int.random(in: 1...tokens, using: &random)) : nil,
                granularity: Int.random(in: 1...9, using: &random))
            let (plan, lengths) = try walk(configuration, samples: samples)
            let forecast = try PlanForecast(configuration, samples: samples)
            let comment: Comment = "case \(number), seed \(TestRun.seed)"
            #expect(!forecast.isEstimated && forecast.counts == plan.counts && forecast.epoch == plan.epoch, comment)
            for point in forecast.points { #expect(lengths[point.steps - 1] == point.length, comment) }
            #expect(forecast.points.last?.steps == plan.counts.steps && forecast.points.last?.outstanding == plan.counts.outstanding)
            if plan.counts.steps > 100 { fewest = min(fewest, forecast.points.count) }
        }
        #expect(fewest < 12, "steps are taken at once")
    }

    @Test("steps that are taken at once leave what one by one they leave: counts, ledger, epoch, place, length")
    func alike() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(200) {
            let length = Int.random(in: 1...64, using: &random)
            let samples = Int.random(in: 1...300, using: &random)
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: Int.random(in: 1...7, using: &random),
                trainTokens: Int.random(in: 1...3 * samples * length, using: &random), pacing: pacing(length, most: 60, &random),
                tails: TailPolicy.allCases.randomElement(using: &random)!, granularity: Int.random(in: 1...9, using: &random))
            var (quick, slow) = (try TrainingPlan(configuration, samples: samples), try TrainingPlan(configuration, samples: samples))
            while !quick.isFinished {
                let count = quick.skipAlikeSteps()
                if count == 0 {
                    let step = quick.nextStep()
                    #expect(step != nil)
                    quick.observe(loss: 1)
                }
                for _ in 0..<max(count, 1) {
                    _ = slow.nextStep()
                    slow.observe(loss: 1)
                }
                #expect(quick.counts == slow.counts && quick.ledger == slow.ledger, "case \(number), seed \(TestRun.seed)")
                #expect(quick.epoch == slow.epoch && quick.nextFresh == slow.nextFresh)
                #expect(quick.nextSequenceLength == slow.nextSequenceLength)
            }
            #expect(slow.isFinished)
        }
    }

    @Test("an estimate is within 2 % of the budget of the plan that is walked step by step, and says that it is one")
    func estimates() throws {
        var random = SeededGenerator(TestRun.seed)
        var estimates = 0
        for number in 0..<TestRun.cases(20) {
            let length = 8 * Int.random(in: 2...32, using: &random)
            let rows = Int.random(in: 1...40, using: &random)
            let steps = 20_000
            let tokens = rows * length * steps
            let samples = rows * Int.random(in: 100...2 * steps, using: &random)
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: rows, trainTokens: tokens, pacing: pacing(length, most: steps, &random),
                tails: TailPolicy.allCases.randomElement(using: &random)!)
            let (plan, _) = try walk(configuration, samples: samples)
            let forecast = try PlanForecast(configuration, samples: samples, effort: 10_000)
            let comment: Comment =
                "case \(number), seed \(TestRun.seed): \(configuration), \(samples): \(forecast.counts), is \(plan.counts)"
            guard forecast.isEstimated else {
                #expect(forecast.counts == plan.counts, comment)
                continue
            }
            estimates += 1
            func isClose(_ path: KeyPath<PlanCounts, Int>, _ whole: Int) -> Bool {
                abs(Double(forecast.counts[keyPath: path] - plan.counts[keyPath: path])) <= 0.02 * Double(whole)
            }
            #expect(isClose(\.steps, plan.counts.steps) && isClose(\.trained, tokens) && isClose(\.reused, tokens), comment)
            #expect(isClose(\.fetched, plan.counts.fetched) && isClose(\.outstanding, tokens), comment)
            #expect(isClose(\.dropped, plan.counts.fetched), comment)
            #expect(abs(forecast.epoch - plan.epoch) <= 1, comment)
        }
        #expect(estimates > 5)
    }

    @Test(
        "a plan of hundreds of millions of steps is exact without warmup, under drop and under defer, else estimated",
        arguments: TailPolicy.allCases)
    func long(tails: TailPolicy) throws {
        let tokens = 3_000_000_000_000
        func forecast(_ pacing: Pacing) throws -> PlanForecast {
            try PlanForecast(
                PlanConfiguration(sequenceLength: 256, globalBatchSize: 16, trainTokens: tokens, pacing: pacing, tails: tails),
                samples: tails == .defer ? tokens / 8 : tokens / 256)
        }
        let plain = try forecast(.constant)
        #expect(!plain.isEstimated && plain.counts.steps == (tokens + 4095) / 4096)
        let warm = try forecast(.linear(start: 8, steps: 200_000_000))
        #expect(warm.isEstimated == (tails == .reuse || tails == .eager) && warm.counts.steps > 800_000_000)
        #expect((tokens..<tokens + 256).contains(warm.counts.trained))
        #expect(warm.counts.fetched == warm.counts.trained + warm.counts.outstanding + warm.counts.dropped)
    }

    @Test("rows by the million of an epoch of one sample are estimated before their first step is planned")
    func hugeSteps() throws {
        for (tokens, steps) in [(1, 1), (1 << 24, 1), (5 << 24, 5), (1000 << 24, 1000)] {
            let configuration = PlanConfiguration(sequenceLength: 1, globalBatchSize: 1 << 24, trainTokens: tokens)
            let forecast = try PlanForecast(configuration, samples: 1)
            #expect(forecast.isEstimated && forecast.counts.steps == steps && forecast.counts.trained == tokens)
        }
    }

    @Test(
        "no size traps: each ends exactly, by an estimate, or in a refusal",
        arguments: [1, 1 << 14], [1, 1 << 24])
    func extremes(length: Int, rows: Int) throws {
        for tails in TailPolicy.allCases {
            for tokens in [1, 1 << 60] {
                for samples in [1, 1 << 47, .max] {
                    let slow = AdaptivePacing(start: 1, increment: .max, interval: .max)
                    for pacing in [Pacing.constant, .linear(start: 1, steps: .max), .adaptive(slow)] {
                        let configuration = PlanConfiguration(
                            sequenceLength: length, globalBatchSize: rows, trainTokens: tokens, pacing: pacing, tails: tails)
                        do throws(WarmupError) {
                            let forecast = try PlanForecast(configuration, samples: samples, effort: 2000)
                            #expect(forecast.counts.steps > 0)
                        } catch {
                            #expect("\(error)".contains("2^62"))
                            #expect(samples > (1 << 62) / length)
                        }
                    }
                }
            }
        }
    }
}
