import Curricula
import JSON
import TestSupport
import Testing

@testable import LengthWarmup

/// A random curriculum for rows of `length` targets; nil for parameters that are refused.
func randomCurriculum(length: Int, steps: Int, mode: CurriculumMode = .lossless, _ random: inout SeededGenerator) -> CurriculumPacing? {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    let first = number(1...length)
    let text: String
    switch mode == .exact ? number(0...1) : number(0...6) {
    case 0:
        text =
            "composer:duration=\(Double(number(0...10)) / 10),min=\(first),max=\(number(first...length)),step=\(number(1...9)),run=\(max(1, steps)),rows=\(mode == .exact || number(0...1) == 0 ? "truncate" : "reshape")"
    case 1:
        text =
            "olmo:min=\(first),steps=\(number(1...max(1, steps))),multiple=\(number(1...first)),rows=\(number(0...1) == 0 ? "truncate" : "melt")"
    case 2: text = "shortformer:first=\(first),until=\(number(1...max(1, steps)))"
    case 3: text = "growlength:first=\(first)"
    case 4: text = "stages:lengths=\(first)/\(number(1...length))/\(length),starts=\(number(1...9))/\(number(10...40))"
    case 5: text = "stages:lengths=\(first)/\(number(1...length)),starts=\(number(1...40 * length)),by=tokens"
    default:
        text =
            "skyladder:schedule=\(["dm1", "dm8", "sin2", "exp8", "log8", "cos8", "inv8", "lin80p", "dm1st4"].randomElement(using: &random)!)"
    }
    guard let choice = try? CurriculumChoice(text) else { return nil }
    return (try? StepRule(choice, mode: mode, StepRule.Facts(fullLength: length, fullSteps: max(1, steps)))).map(CurriculumPacing.init)
}

@Suite("Plans of published curricula")
struct CurriculumPlanTests {
    private func randomConfiguration(
        mode: CurriculumMode = .lossless, _ random: inout SeededGenerator
    ) -> (configuration: PlanConfiguration, pacing: CurriculumPacing, samples: Int) {
        while true {
            let length =
                Int.random(in: 0...2, using: &random) == 0
                ? 1 << Int.random(in: 0...7, using: &random) : Int.random(in: 1...96, using: &random)
            let samples = Int.random(in: 1...120, using: &random)
            guard let pacing = randomCurriculum(length: length, steps: Int.random(in: 0...40, using: &random), mode: mode, &random) else {
                continue
            }
            let batch = Int.random(in: 1...12, using: &random)
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: batch, trainTokens: samples * length, pacing: Pacing(pacing),
                tails: mode == .exact ? .drop : TailPolicy.allCases.randomElement(using: &random)!,
                batchWarmup: Bool.random(using: &random)
                    ? nil : BatchWarmup(start: Int.random(in: 1...batch, using: &random), increment: 2, tokens: 500),
                batchUnit: [pacing.standardBatchUnit, BatchUnit.allCases.randomElement(using: &random)!].randomElement(using: &random)!,
                seed: random.next())
            return (configuration, pacing, samples)
        }
    }

    @Test(
        "lossless: every target of an epoch is trained once, whatever the curriculum, the unit of batches, the policy and the resume points"
    )
    func lossless() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(600) {
            let (configuration, pacing, samples) = randomConfiguration(&random)
            let length = configuration.sequenceLength
            var plan = try TrainingPlan(configuration, samples: samples)
            var seen = [UInt8](repeating: 0, count: samples * length)
            let comment: Comment = "case \(number), seed \(TestRun.seed): \(pacing.rule.summary)"
            while let step = plan.nextStep() {
                let tokens = configuration.globalBatchSize * length
                #expect(
                    step.rowCount <= (configuration.batchUnit == .rows ? configuration.globalBatchSize : tokens / step.sequenceLength + 1),
                    comment)
                #expect(configuration.batchUnit == .rows || step.targetCount <= tokens + length, comment)
                if let window = step.window { #expect(window < length && step.sequenceLength == length, comment) }
                for row in 0..<step.rowCount {
                    let slices = step.slices(ofRow: row)
                    #expect(slices.reduce(0) { $0 + $1.length } <= step.sequenceLength, comment)
                    for slice in slices where slice.epoch == 0 {
                        for target in slice.start..<slice.start + slice.length { seen[slice.position * length + target] += 1 }
                    }
                }
                let counts = plan.counts
                #expect(counts.fetched == counts.trained + counts.outstanding + counts.dropped, comment)
                #expect(counts.outstanding == plan.ledger.targetCount, comment)
                if Int.random(in: 0..<5, using: &random) == 0 {
                    let state = PlanState(plan: plan, sources: [], digest: 7, trainedBySource: [])
                    let back = try PlanState(decoding: state.encoded)
                    #expect(back == state, comment)
                    try back.check(configuration: configuration, sources: [])
                    plan = try TrainingPlan(configuration, samples: samples, state: back)
                    #expect(plan.ledger.firstViolation(samples: plan.samples) == nil, comment)
                }
            }
            if configuration.tails == .drop {
                #expect(seen.allSatisfy { $0 <= 1 }, comment)
            } else {
                #expect(plan.counts.trained == samples * length && plan.ledger.isEmpty && plan.epoch == 0, comment)
                #expect(seen.allSatisfy { $0 == 1 }, comment)
            }
            // Nothing is cut where windows vary.
            if pacing.rule.choice.dialect.name == "skyladder" { #expect(plan.counts.reused == 0 && plan.counts.dropped == 0, comment) }
        }
    }

    @Test("exact: each step trains the rows that the original makes of its samples, and what it drops are their other targets")
    func exact() throws {
        var random = SeededGenerator(TestRun.seed)
        var compared = 0
        for number in 0..<TestRun.cases(400) {
            let (configuration, pacing, samples) = randomConfiguration(mode: .exact, &random)
            var whole = configuration
            (whole.batchWarmup, whole.batchUnit) = (nil, pacing.standardBatchUnit)
            let length = whole.sequenceLength
            var plan = try TrainingPlan(whole, samples: samples)
            let comment: Comment = "case \(number), seed \(TestRun.seed): \(pacing.rule.summary)"
            let choice = pacing.rule.choice
            func parameter(_ name: String) -> Int { choice.count(name) ?? 0 }
            var dropped = 0
            while let step = plan.nextStep() {
                // The original's batch of as many full rows, from its own cut.
                let opened = step.groups.filter { $0.parts[0].start == 0 }.reduce(0) { $0 + $1.rowCount }
                let rows: [[Piece]]
                if choice.dialect.name == "composer" {
                    let warmup = try ComposerWarmup(
                        duration: try #require(choice.number("duration")), minimum: parameter("min"), maximum: parameter("max"),
                        step: parameter("step"))
                    rows = warmup.rows(
                        opened, columns: length, length: try warmup.length(afterBatches: step.step - 1, run: parameter("run")))
                } else {
                    let warmup = try OLMoWarmup(
                        sequenceLength: length, minimum: parameter("min"), warmupSteps: parameter("steps"),
                        truncates: choice.word("rows") == "truncate", multiple: parameter("multiple"))
                    let tokens = try warmup.rowLength(atStep: step.step)
                    rows =
                        warmup.truncates
                        ? OLMoWarmup.truncated(rows: opened, columns: length, length: tokens).map { [$0] }
                        : try OLMoWarmup.melted(rows: opened, columns: length, length: tokens).map { [$0] }
                }
                let first = step.groups.map { $0.parts[0].positions.lowerBound }.min() ?? 0
                var expected: [[Int]] = rows.joined().map { [$0.source, $0.start, $0.length - 1] }
                var found: [[Int]] = []
                for row in 0..<step.rowCount {
                    for slice in step.slices(ofRow: row) { found.append([slice.position - first, slice.start, slice.length]) }
                }
                // A budget may end a step, and an epoch's end goes through it.
                if step.groups.allSatisfy({ $0.epoch == step.groups[0].epoch }), !plan.isFinished {
                    expected.sort { $0.lexicographicallyPrecedes($1) }
                    found.sort { $0.lexicographicallyPrecedes($1) }
                    #expect(found == expected, comment)
                    compared += 1
                }
                dropped += opened * length - found.reduce(0) { $0 + $1[2] }
                #expect(plan.counts.dropped == dropped && plan.counts.outstanding == 0, comment)
            }
        }
        #expect(compared > TestRun.cases(400))
    }

    @Test("a curriculum comes back from its coding as the same, and from no damaged one")
    func coding() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(300) {
            let mode = CurriculumMode.allCases[number % 2]
            let (_, pacing, _) = randomConfiguration(mode: mode, &random)
            let json = Pacing(pacing).json
            #expect(Pacing(json: json) == Pacing(pacing), "\(pacing.rule.summary)")
            let text = JSONValue.object(json).serialized()
            #expect(try Pacing(json: #require(JSONValue.parse(Array(text.utf8)).object)) == Pacing(pacing))
            for key in json.keys {
                var damaged = json
                damaged[key] = nil
                #expect(Pacing(json: damaged) == nil)
            }
        }
    }

    @Test("a forecast has the counts of the plan that is walked step by step")
    func forecast() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(300) {
            var (configuration, pacing, samples) = randomConfiguration(mode: CurriculumMode.allCases[number % 2], &random)
            configuration.trainTokens = Int.random(in: 1...3 * configuration.trainTokens, using: &random)
            var plan = try TrainingPlan(configuration, samples: samples)
            while plan.nextStep() != nil {}
            let forecast = try PlanForecast(configuration, samples: samples)
            let comment: Comment =
                "case \(number), seed \(TestRun.seed): \(pacing.rule.summary), \(configuration.tails), \(configuration.batchUnit)"
            #expect(!forecast.isEstimated && forecast.counts == plan.counts && forecast.epoch == plan.epoch, comment)
        }
    }

    @Test("a length's next change is never later than it comes")
    func nextChange() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(300) {
            let (configuration, pacing, _) = randomConfiguration(mode: CurriculumMode.allCases[number % 2], &random)
            if pacing.rule.countsTokens { continue }
            let full = configuration.sequenceLength
            for step in 0..<120 {
                let change = pacing.nextChange(after: step, full: full, granularity: 8) ?? 200
                #expect(change > step)
                for other in step..<min(change, 160) {
                    #expect(
                        pacing.length(atStep: other, full: full, granularity: 8) == pacing.length(atStep: step, full: full, granularity: 8))
                    #expect(pacing.window(atStep: other, full: full) == pacing.window(atStep: step, full: full))
                }
            }
            if let last = pacing.fullLengthStep(full: full) {
                for step in last..<last + 20 { #expect(pacing.length(atStep: step, full: full, granularity: 8) == full) }
            }
        }
    }
}
