import Files
import JSON
import Quantities
import TestSupport
import Testing

@testable import LengthWarmup

@Suite("Pacing")
struct PacingTests {
    @Test("linear pacing is the paper's formula")
    func linear() {
        let pacing = Pacing.linear(start: 8, steps: 20_000)
        #expect([0, 157, 158, 19_999, 20_000, 90_000].map { pacing.length(atStep: $0, full: 1024) } == [8, 8, 16, 1016, 1024, 1024])
        #expect(Pacing.twoStage(start: 128, steps: 3).length(atStep: 2, full: 1024) == 128)
        #expect(Pacing.twoStage(start: 128, steps: 3).length(atStep: 3, full: 1024) == 1024)
        #expect(Pacing.root(start: 8, steps: 100, exponent: 0.5).length(atStep: 25, full: 1000) == 504)
        #expect(
            (0..<7).map { Pacing.mixed(first: 4, firstSteps: 3, second: 9, secondSteps: 2).length(atStep: $0, full: 100) } == [
                4, 4, 4, 9, 9, 4, 4,
            ])
        #expect(
            [0, 4, 5, 9, 10].map { Pacing.table(lengths: [1, 2, 3], bounds: [5, 10]).length(atStep: $0, full: 3) } == [1, 1, 2, 2, 3])
    }

    @Test("every pacing stays between 1 and the full length")
    func bounds() {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(500) {
            let full = Int.random(in: 1...300, using: &random)
            let start = Int.random(in: 1...full, using: &random)
            let steps = Int.random(in: 0...50, using: &random)
            for pacing in [
                Pacing.linear(start: start, steps: steps), .root(start: start, steps: steps, exponent: 0.3),
                .twoStage(start: start, steps: steps),
            ] {
                let lengths = (0...steps + 3).map { pacing.length(atStep: $0, full: full) }
                #expect(lengths.allSatisfy { (1...full).contains($0) } && lengths.last == full)
                #expect(zip(lengths, lengths.dropFirst()).allSatisfy { $0 <= $1 })
                #expect(pacing.fullLengthStep(full: full).map { pacing.length(atStep: $0, full: full) } == full)
            }
        }
    }

    /// A block written here, in DeepSpeed's spelling.
    private func block(_ schedule: String, minimum: Int = 8, maximum: Int = 128, _ details: JSONValue) -> JSONValue {
        [
            "train_batch_size": 4,
            "curriculum_learning": [
                "enabled": true, "curriculum_type": "seqlen", "min_difficulty": JSONValue(minimum), "max_difficulty": JSONValue(maximum),
                "schedule_type": JSONValue(schedule), "schedule_config": details,
            ],
        ]
    }

    @Test("DeepSpeed's data efficiency library says the same as its older block; its other metrics are refused by name")
    func dataEfficiency() throws {
        func block(_ metric: String, isEnabled: Bool = true) throws -> JSONValue {
            let schedule =
                #"{"min_difficulty": 8, "max_difficulty": 64, "schedule_type": "fixed_linear", "schedule_config": {"total_curriculum_step": 40, "difficulty_step": 8}}"#
            let text =
                #"{"data_efficiency": {"enabled": true, "data_sampling": {"enabled": \#(isEnabled), "curriculum_learning": {"enabled": true, "curriculum_metrics": {"\#(metric)": \#(schedule)}}}}}"#
            return try JSONValue.parse(Array(text.utf8))
        }
        let curriculum = DeepSpeedCurriculum(
            minimum: 8, maximum: 64, schedule: .root(totalSteps: 40, step: 8, degree: 1), dialect: .v0_19_8)
        #expect(try DeepSpeedCurriculum.read(block("seqlen_truncate")) == curriculum)
        #expect(try DeepSpeedCurriculum.read(block("seqlen_truncate", isEnabled: false)) == nil)
        let error = #expect(throws: WarmupError.self) { _ = try DeepSpeedCurriculum.read(block("vocabularyrarity")) }
        #expect(error.map { "\($0)".contains("its metrics are vocabularyrarity") } == true)
        #expect(throws: WarmupError.self) { _ = try DeepSpeedCurriculum.read(["data_efficiency": ["enabled": true]]) }
        // A curriculum that was said otherwise comes back from the block that a run keeps.
        #expect(try DeepSpeedCurriculum.read(curriculum.block) == curriculum)
    }

    @Test("DeepSpeed's corners: late maximum, no way back, no length 0")
    func deepSpeedCorners() throws {
        let late = try #require(
            try DeepSpeedCurriculum.read(
                block("fixed_linear", minimum: 16, maximum: 100, ["total_curriculum_step": 40, "difficulty_step": 16])))
        #expect([40, 45, 46].map { late.difficulty(atStep: $0) } == [96, 96, 100])
        let back = try #require(
            try DeepSpeedCurriculum.read(
                block("fixed_discrete", minimum: 64, maximum: 512, ["difficulty": [64, 512, 128, 256], "max_step": [3, 6, 9]])))
        #expect([3, 4, 7, 20].map { back.difficulty(atStep: $0) } == [64, 512, 512, 512])
        #expect(back.statelessDifficulty(atStep: 7) == 128)
        let zero = block("fixed_linear", ["total_curriculum_step": 60, "difficulty_step": 16])
        #expect(try DeepSpeedCurriculum.read(zero)?.difficulty(atStep: 1) == 16)
        let error = #expect(throws: WarmupError.self) { _ = try DeepSpeedCurriculum.read(zero, dialect: .v0_19_6) }
        #expect(error.map { "\($0)".contains("length 0") } == true)
        #expect(try DeepSpeedCurriculum.read(["curriculum_learning": ["enabled": false]]) == nil)
        let falling = block("fixed_linear", minimum: 64, maximum: 32, ["total_curriculum_step": 60, "difficulty_step": 8])
        #expect(throws: WarmupError.self) { _ = try DeepSpeedCurriculum.read(falling) }
    }

    @Test(
        "what is no DeepSpeed schedule is refused by the key that is wrong",
        arguments: [
            ("total_curriculum_step", #"{"difficulty_step": 8}"#),
            ("difficulty_step", #"{"total_curriculum_step": 9, "difficulty_step": 0}"#),
            ("total_curriculum_step", #"{"total_curriculum_step": -3, "difficulty_step": 8}"#),
        ])
    func badDeepSpeed(key: String, details: String) throws {
        let details = try JSONValue.parse(Array(details.utf8))
        let error = #expect(throws: WarmupError.self) { _ = try DeepSpeedCurriculum.read(block("fixed_linear", details)) }
        #expect(error.map { "\($0)".hasPrefix("curriculum_learning: \(key) ") } == true)
    }

    @Test(
        "a loss that is no finite number stops growth for its interval and no longer, live and resumed alike",
        arguments: [Double.nan, .infinity, -.infinity])
    func notFinite(loss: Double) throws {
        let configuration = PlanConfiguration(
            sequenceLength: 64, globalBatchSize: 4, trainTokens: 1 << 30, pacing: .adaptive(AdaptivePacing(start: 8, interval: 3)))
        var live = try TrainingPlan(configuration, samples: 1000)
        var resumed = live
        var lengths: [Int] = []
        for step in 1...15 {
            let planned = live.nextStep()
            lengths.append(try #require(planned).sequenceLength)
            _ = resumed.nextStep()
            live.observe(loss: step == 4 ? loss : 2)
            resumed.observe(loss: step == 4 ? loss : 2)
            let state = try PlanState(decoding: PlanState(plan: resumed, sources: [], digest: 0, trainedBySource: []).encoded)
            resumed = try TrainingPlan(configuration, samples: 1000, state: state)
            #expect(resumed.adaptiveState == live.adaptiveState)
        }
        // Steps 4 to 6 are the interval that saw it.
        #expect(lengths == [8, 8, 8, 16, 16, 16, 16, 16, 16, 24, 24, 24, 32, 32, 32])
    }

    @Test("an adaptive plan that is stopped and resumed repeats its decisions")
    func adaptive() throws {
        let configuration = PlanConfiguration(
            sequenceLength: 64, globalBatchSize: 4, trainTokens: 200 * 64, pacing: .adaptive(AdaptivePacing(start: 8, interval: 3)))
        func losses(_ step: Int) -> Double { 5 - 0.05 * Double(step) + (step == 20 ? 9 : 0) }
        var whole = try TrainingPlan(configuration, samples: 200)
        var steps: [PlannedStep] = []
        while let step = whole.nextStep() {
            steps.append(step)
            whole.observe(loss: losses(step.step))
        }
        #expect(whole.adaptiveState!.decisions.count > 3 && whole.counts.outstanding == 0)
        // The spike at step 20 makes it wait.
        #expect(!whole.adaptiveState!.decisions.contains { (20...26).contains($0.step) })
        var resumed = try TrainingPlan(configuration, samples: 200)
        var again: [PlannedStep] = []
        while let step = resumed.nextStep() {
            again.append(step)
            resumed.observe(loss: losses(step.step))
            let state = try PlanState(decoding: PlanState(plan: resumed, sources: [], digest: 0, trainedBySource: []).encoded)
            resumed = try TrainingPlan(configuration, samples: 200, state: state)
        }
        #expect(again == steps)
    }

    @Test("batch-size warmup climbs evenly over its tokens")
    func batchWarmup() {
        let warmup = BatchWarmup(start: 4, increment: 4, tokens: 1000)
        #expect([0, 249, 250, 500, 999, 1000, 5000].map { warmup.rows(afterTokens: $0, full: 16) } == [4, 4, 8, 12, 16, 16, 16])
    }

    @Test("stages are read as people write them")
    func stages() throws {
        #expect(try Pacing.table(stages: "64:1K,128:0.5K,256") == .table(lengths: [64, 128, 256], bounds: [1000, 1500]))
        #expect(try Pacing.table(stages: "64:0,128:9") == .table(lengths: [64, 128], bounds: [0]))
        #expect(try Pacing.mixed(stages: "128:900,1K:100") == .mixed(first: 128, firstSteps: 900, second: 1000, secondSteps: 100))
        for text in ["", "8;9", "8:1:2", "8:1,,9", "8:-1,9", "0:5,9", "8,9:1,10", "8:9223372036854775807,9"] {
            #expect(throws: SpellingError.self, "\(text)") { try Pacing.table(stages: text) }
        }
        for text in ["8:1", "8:1,9", "8:1,9:1,10:1", "8:0,9:0"] {
            #expect(throws: SpellingError.self, "\(text)") { try Pacing.mixed(stages: text) }
        }
    }
}
