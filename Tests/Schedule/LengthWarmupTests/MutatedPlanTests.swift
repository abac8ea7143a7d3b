import Files
import Hashing
import JSON
import TestSupport
import Testing
import Quantities

@testable import LengthWarmup

@Suite("Damaged plans") struct MutatedPlanTests {
    /// Puts the checksum of a loader's state right.
    static func reseal(_ state: [UInt8]) -> [UInt8] {
        let body = Array(state.dropLast(8))
        return body + withUnsafeBytes(of: XXHash64.hash(body).littleEndian) { Array($0) }
    }

    @Test("a damaged state whose checksum is right goes on to a plan that keeps the law, or is refused")
    func state() throws {
        let samples = 60
        let configuration = PlanConfiguration(
            sequenceLength: 24, globalBatchSize: 7, trainTokens: 3 * samples * 24, pacing: .linear(start: 4, steps: 30), tails: .reuse,
            seed: 5)
        var plan = try TrainingPlan(configuration, samples: samples)
        var states: [[UInt8]] = []
        while plan.nextStep() != nil {
            if plan.counts.steps % 6 == 1 {
                let opened = [plan.counts.trained, plan.counts.fetched]
                states.append(
                    PlanState(plan: plan, sources: [["name": "a"]], digest: 9, trainedBySource: [opened[0]], fetchedBySource: [opened[1]])
                        .encoded)
            }
        }
        #expect(states.count > 5)
        let tally = try mutate("state", states, cases: TestRun.cases(500), expecting: WarmupError.self, reseal: Self.reseal) { bytes in
            let state = try PlanState(decoding: bytes)
            _ = state.accountsAddUp(sources: 1)
            try state.check(configuration: configuration, sources: [["name": "a"]])
            var plan = try TrainingPlan(configuration, samples: samples, state: state)
            for _ in 0..<50 {
                guard plan.nextStep() != nil else { break }
                #expect(plan.counts.fetched == plan.counts.trained + plan.counts.outstanding + plan.counts.dropped)
                #expect(plan.counts.outstanding == plan.ledger.targetCount)
            }
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }

    @Test("a damaged DeepSpeed curriculum gives lengths within its bounds, or is refused")
    func curriculum() throws {
        let files = [
            #"{"curriculum_learning":{"enabled":true,"curriculum_type":"seqlen","min_difficulty":64,"max_difficulty":1024,"schedule_type":"fixed_linear","schedule_config":{"total_curriculum_step":15000,"difficulty_step":8}}}"#,
            #"{"enabled":true,"min_difficulty":8,"max_difficulty":80,"schedule_type":"fixed_root","schedule_config":{"total_curriculum_step":110,"difficulty_step":8,"root_degree":2}}"#,
            #"{"min_difficulty":1,"max_difficulty":3,"schedule_type":"fixed_discrete","schedule_config":{"difficulty":[1,2,3],"max_step":[5,10]}}"#,
        ].map { Array($0.utf8) }
        let tally = try mutate("curriculum", files, cases: TestRun.cases(500), expecting: WarmupError.self) { bytes in
            guard let json = try? JSONValue.parse(bytes) else { throw WarmupError.badConfiguration("no JSON") }
            for dialect in DeepSpeedCurriculum.Dialect.allCases {
                guard let curriculum = try DeepSpeedCurriculum.read(json, dialect: dialect) else { continue }
                for step in [1, 2, 7, 100, 20_000, 1 << 40, Int.max] { #expect(curriculum.difficulty(atStep: step) > 0, "step \(step)") }
            }
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }
}
