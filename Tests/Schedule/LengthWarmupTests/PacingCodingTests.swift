import JSON
import Quantities
import TestSupport
import Testing

@testable import LengthWarmup

@Suite("Coding of schedules")
struct PacingCodingTests {
    /// Each pacing with the text that the build of 2026-11-21 put into states of versions 1 and 2.
    static let written: [(String, Pacing)] = [
        ("constant", .constant), ("linear(start: 8, steps: 100)", .linear(start: 8, steps: 100)),
        ("root(start: 8, steps: 100, exponent: 0.3333333333333333)", .root(start: 8, steps: 100, exponent: 1.0 / 3)),
        ("root(start: 8, steps: 100, exponent: 1e-05)", .root(start: 8, steps: 100, exponent: 1e-5)),
        ("twoStage(start: 8, steps: 0)", .twoStage(start: 8, steps: 0)),
        (
            "mixed(first: 128, firstSteps: 900, second: 1000, secondSteps: 100)",
            .mixed(first: 128, firstSteps: 900, second: 1000, secondSteps: 100)
        ),
        ("table(lengths: [64, 128, 256], bounds: [1000, 1500])", .table(lengths: [64, 128, 256], bounds: [1000, 1500])),
        ("table(lengths: [64], bounds: [])", .table(lengths: [64], bounds: [])),
        (
            "adaptive(LengthWarmup.AdaptivePacing(start: 8, increment: 16, interval: 3, tolerance: 0.05))",
            .adaptive(AdaptivePacing(start: 8, increment: 16, interval: 3, tolerance: 0.05))
        ),
        (
            "deepSpeed(LengthWarmup.DeepSpeedCurriculum(minimum: 8, maximum: 64, schedule: LengthWarmup.DeepSpeedCurriculum.Schedule.root(totalSteps: 40, step: 8, degree: 2.0), dialect: LengthWarmup.DeepSpeedCurriculum.Dialect.v0_19_8))",
            .deepSpeed(
                DeepSpeedCurriculum(minimum: 8, maximum: 64, schedule: .root(totalSteps: 40, step: 8, degree: 2), dialect: .v0_19_8))
        ),
        (
            "deepSpeed(LengthWarmup.DeepSpeedCurriculum(minimum: 8, maximum: 64, schedule: LengthWarmup.DeepSpeedCurriculum.Schedule.discrete(difficulties: [8, 64], bounds: [5]), dialect: LengthWarmup.DeepSpeedCurriculum.Dialect.v0_19_6))",
            .deepSpeed(
                DeepSpeedCurriculum(minimum: 8, maximum: 64, schedule: .discrete(difficulties: [8, 64], bounds: [5]), dialect: .v0_19_6))
        ),
    ]

    @Test("what the build of 2026-11-21 wrote is read as the same pacing")
    func reflected() throws {
        for (text, pacing) in Self.written {
            #expect(try Pacing(json: #require(ReflectedSchedule.pacing(text), "\(text)")) == pacing, "\(text)")
        }
        let warmup = try #require(ReflectedSchedule.batchWarmup("BatchWarmup(start: 4, increment: 4, tokens: 1000)"))
        #expect(BatchWarmup(json: warmup) == BatchWarmup(start: 4, increment: 4, tokens: 1000))
    }

    @Test("a text that no build wrote is no pacing, however it is cut or changed")
    func damaged() {
        var random = SeededGenerator(TestRun.seed)
        for (text, pacing) in Self.written {
            for end in text.indices { #expect(ReflectedSchedule.pacing(String(text[..<end])).flatMap { Pacing(json: $0) } == nil) }
            for _ in 0..<TestRun.cases(50) {
                var changed = Array(text.utf8)
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 32...126, using: &random)
                let word = String(decoding: changed, as: UTF8.self)
                guard word != text, let json = ReflectedSchedule.pacing(word), let other = Pacing(json: json) else { continue }
                // Another number is another pacing; a module's name and the spelling of a number may differ.
                if other == pacing { #expect(word.filter(\.isNumber) == text.filter(\.isNumber) || word.contains(".")) }
            }
        }
    }

    @Test("every function comes back from its coding, and its coding from text")
    func roundTrip() throws {
        for (_, pacing) in Self.written {
            let text = JSONValue.object(pacing.json).serialized()
            #expect(try Pacing(json: #require(JSONValue.parse(Array(text.utf8)).object)) == pacing)
        }
        // Curricula are younger than those builds: CurriculumPlanTests has them.
        let tested = Set(Self.written.map(\.1.name) + [CurriculumPacing.name])
        #expect(tested == Set(Pacing.functions.map { $0.name }), "a function without a case in this test")
        #expect(Pacing(json: ["function": "linear", "start": 8]) == nil && Pacing(json: ["function": "cubic"]) == nil)
    }

    @Test("a state's configuration is compared by values, and the option is named as its reader spells it")
    func comparison() throws {
        let configuration = PlanConfiguration(
            sequenceLength: 64, globalBatchSize: 4, trainTokens: 4096, pacing: .linear(start: 8, steps: 9),
            batchWarmup: BatchWarmup(start: 1, increment: 1, tokens: 100))
        let plan = try TrainingPlan(configuration, samples: 64)
        let state = try PlanState(decoding: PlanState(plan: plan, sources: [], digest: 7, trainedBySource: []).encoded)
        #expect(state.configuration == configuration)
        var other = configuration
        other.pacing = .root(start: 8, steps: 9, exponent: 0.5)
        let error = #expect(throws: WarmupError.self) { try state.check(configuration: other, sources: []) }
        #expect(error?.optionText.text(.json).contains("slw_pacing was {\"function\":\"linear\"") == true, "\(error.map { "\($0)" } ?? "")")
        #expect(error?.optionText.text(.commandLine).contains("--slw-pacing was") == true)
    }

    @Test("a state of a version to come is refused")
    func newer() throws {
        let plan = try TrainingPlan(PlanConfiguration(sequenceLength: 8, globalBatchSize: 1, trainTokens: 8), samples: 2)
        var bytes = PlanState(plan: plan, sources: [], digest: 0, trainedBySource: []).encoded
        bytes[8] = 99
        let error = #expect(throws: WarmupError.self) { _ = try PlanState(decoding: bytes) }
        #expect(error.map { "\($0)".contains("version 99") } == true)
    }
}
