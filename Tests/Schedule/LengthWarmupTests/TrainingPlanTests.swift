import JSON
import TestSupport
import Testing

@testable import LengthWarmup

/// A random plan over a random number of samples.
private func randomPlan(_ random: inout SeededGenerator) throws -> TrainingPlan {
    let length = Int.random(in: 1...96, using: &random)
    let samples = Int.random(in: 1...200, using: &random)
    let start = Int.random(in: 1...length, using: &random)
    let steps = Int.random(in: 0...60, using: &random)
    let pacing: Pacing =
        switch Int.random(in: 0..<6, using: &random) {
        case 0: .constant
        case 1: .linear(start: start, steps: steps)
        case 2: .root(start: start, steps: steps, exponent: Double.random(in: 0.2...3, using: &random))
        case 3: .twoStage(start: start, steps: steps)
        case 4:
            .mixed(
                first: start, firstSteps: Int.random(in: 1...9, using: &random), second: Int.random(in: 1...length, using: &random),
                secondSteps: Int.random(in: 0...9, using: &random))
        default:
            .table(lengths: (0..<3).map { _ in Int.random(in: 1...length, using: &random) }, bounds: [steps / 2, steps])
        }
    let batch = Int.random(in: 1...24, using: &random)
    let warmup =
        Bool.random(using: &random) ? nil : BatchWarmup(start: Int.random(in: 1...batch, using: &random), increment: 2, tokens: 500)
    return try TrainingPlan(
        PlanConfiguration(
            sequenceLength: length, globalBatchSize: batch, trainTokens: samples * length,
            pacing: pacing, tails: TailPolicy.allCases.randomElement(using: &random)!, batchWarmup: warmup,
            granularity: [1, 8].randomElement(using: &random)!, seed: random.next()),
        samples: samples)
}

@Suite("Training plan")
struct TrainingPlanTests {
    @Test("at the end of an epoch the slices partition every sample's targets, for random sizes, schedules, policies and resume points")
    func law() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(400) {
            var plan = try randomPlan(&random)
            let configuration = plan.configuration
            let length = configuration.sequenceLength
            var seen = [UInt8](repeating: 0, count: plan.samples * length)
            while let step = plan.nextStep() {
                #expect(step.rowCount > 0 && step.rowCount <= configuration.globalBatchSize, "case \(number), seed \(TestRun.seed)")
                for row in 0..<step.rowCount {
                    let slices = step.slices(ofRow: row)
                    #expect(slices.reduce(0) { $0 + $1.length } <= step.sequenceLength)
                    for slice in slices where slice.epoch == 0 {
                        for target in slice.start..<slice.start + slice.length { seen[slice.position * length + target] += 1 }
                    }
                }
                let counts = plan.counts
                #expect(counts.fetched == counts.trained + counts.outstanding + counts.dropped)
                #expect(counts.outstanding == plan.ledger.targetCount)
                if Int.random(in: 0..<5, using: &random) == 0 {
                    let state = PlanState(plan: plan, sources: [], digest: 7, trainedBySource: [])
                    let back = try PlanState(decoding: state.encoded)
                    #expect(back == state)
                    try back.check(configuration: configuration, sources: [])
                    plan = try TrainingPlan(configuration, samples: plan.samples, state: back)
                    #expect(plan.ledger.firstViolation(samples: plan.samples) == nil)
                }
            }
            if configuration.tails == .drop {
                #expect(seen.allSatisfy { $0 <= 1 }, "case \(number), seed \(TestRun.seed)")
            } else {
                #expect(plan.counts.trained == plan.samples * length && plan.ledger.isEmpty && plan.epoch == 0)
                #expect(seen.allSatisfy { $0 == 1 }, "case \(number), seed \(TestRun.seed)")
            }
        }
    }

    @Test("the ledger grows by a constant number of runs a step, whatever the batch")
    func growth() throws {
        for policy in [TailPolicy.reuse, .eager] {
            let configuration = PlanConfiguration(
                sequenceLength: 1024, globalBatchSize: 512, trainTokens: 1 << 32, pacing: .linear(start: 8, steps: 4000), tails: policy)
            var plan = try TrainingPlan(configuration, samples: 1 << 22)
            for _ in 0..<4000 {
                let before = plan.ledger.runCount
                guard plan.nextStep() != nil else { break }
                #expect(plan.ledger.runCount <= before + 4)
            }
        }
    }

    @Test(
        "the paper's step counts, whether tails are dropped or reused",
        arguments: [
            (8, 1024, 512, 20_000, 310_000), (8, 1024, 512, 60_000, 330_000), (8, 1024, 512, 100_000, 350_000),
            (8, 1024, 512, 140_000, 370_000), (8, 1024, 4096, 10_000, 42_500), (8, 1024, 4096, 40_000, 57_500),
            (8, 2048, 512, 70_000, 185_000), (8, 2048, 512, 110_000, 205_000), (8, 2048, 512, 190_000, 245_000),
            (64, 1024, 512, 270_000, 428_000), (64, 1024, 4096, 45_000, 58_800),
        ])
    func paper(start: Int, length: Int, batch: Int, steps: Int, expected: Int) throws {
        for (tails, samples) in [(TailPolicy.drop, 1 << 40), (.reuse, 300_000 * 512 * 1024 / length)] {
            var plan = try TrainingPlan(
                PlanConfiguration(
                    sequenceLength: length, globalBatchSize: batch, trainTokens: 300_000 * 512 * 1024,
                    pacing: .linear(start: start, steps: steps), tails: tails), samples: samples)
            while plan.nextStep() != nil {}
            #expect(abs(Double(plan.counts.steps) / Double(expected) - 1) < 0.002, "\(tails) \(plan.counts)")
            #expect(tails == .drop || plan.counts.outstanding == 0)
        }
    }

    @Test("GPT-3 125M: drop wastes 44 % of 53.4 B tokens, reuse trains one pass over 30 B to the last target")
    func gpt3() throws {
        var configuration = PlanConfiguration(
            sequenceLength: 2048, globalBatchSize: 2048, trainTokens: 30_000_000_000 / 2048 * 2048,
            pacing: .linear(start: 72, steps: 11_500),
            tails: .drop)
        var drop = try TrainingPlan(configuration, samples: 1 << 40)
        while drop.nextStep() != nil {}
        #expect(abs(Double(drop.counts.fetched) / 53.4e9 - 1) < 0.002)
        #expect(abs(Double(drop.counts.dropped) / Double(drop.counts.fetched) - 0.44) < 0.005)
        configuration.tails = .reuse
        let samples = configuration.trainTokens / 2048
        var reuse = try TrainingPlan(configuration, samples: samples)
        while reuse.nextStep() != nil {}
        #expect(
            reuse.counts.trained == configuration.trainTokens && reuse.counts.outstanding == 0
                && reuse.counts.fetched == configuration.trainTokens)
    }

    @Test("damaged states are refused in one line, never used")
    func damagedStates() throws {
        var random = SeededGenerator(TestRun.seed)
        var plan = try randomPlan(&random)
        for _ in 0..<5 { _ = plan.nextStep() }
        let bytes = PlanState(plan: plan, sources: [["samples": 3]], digest: 1, trainedBySource: [5]).encoded
        for _ in 0..<TestRun.cases(300) {
            var damaged = bytes
            if Bool.random(using: &random) {
                damaged.removeLast(Int.random(in: 1...damaged.count, using: &random))
            } else {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            }
            let error = #expect(throws: WarmupError.self) { _ = try PlanState(decoding: damaged) }
            #expect(error.map { !"\($0)".contains("\n") } == true)
        }
    }

    @Test("a state whose checksum is right and whose numbers are not is refused")
    func forgedStates() throws {
        var plan = try TrainingPlan(
            PlanConfiguration(sequenceLength: 16, globalBatchSize: 4, trainTokens: 1000, pacing: .linear(start: 8, steps: 9)), samples: 60)
        for _ in 0..<4 { _ = plan.nextStep() }
        let state = PlanState(plan: plan, sources: [], digest: 0, trainedBySource: [])
        let forgeries: [(inout PlanState) -> Void] = [
            { $0.counts.trained += 1 }, { $0.counts.fetched = .max }, { $0.counts.outstanding = .max }, { $0.epoch = .max },
            { $0.nextFresh = .max }, { $0.nextFresh += 1 }, { $0.counts.steps = .max }, { $0.runs.removeAll() },
            { $0.runs.append($0.runs[0]) }, { $0.runs[0].start = 16 }, { $0.runs[0].positions = 0..<(.max) },
        ]
        for (number, forge) in forgeries.enumerated() {
            var forged = state
            forge(&forged)
            let error = #expect(throws: WarmupError.self, "forgery \(number)") {
                _ = try TrainingPlan(plan.configuration, samples: 60, state: PlanState(decoding: forged.encoded))
            }
            #expect(error.map { "\($0)".hasPrefix("the saved loader state cannot be used: ") } == true)
        }
        #expect(try TrainingPlan(plan.configuration, samples: 60, state: state).ledger == plan.ledger)
    }

    @Test("a changed option is named when a run is resumed")
    func changedOption() throws {
        var configuration = PlanConfiguration(sequenceLength: 16, globalBatchSize: 4, trainTokens: 1000)
        let plan = try TrainingPlan(configuration, samples: 20)
        let state = PlanState(plan: plan, sources: [], digest: 0, trainedBySource: [])
        configuration.globalBatchSize = 8
        let error = #expect(throws: WarmupError.self) { try state.check(configuration: configuration, sources: []) }
        #expect(error.map { "\($0)" } == "cannot resume: global-batch-size was 4, is 8: use the same data and options, or start a new run")
    }
}
