import IndexedDatasets
import Sampling
import TestSupport
import Testing

@testable import LengthWarmup

@Suite("What makes no schedule")
struct RefusalTests {
    private func sets(_ folder: TemporaryDirectory, _ count: Int) throws -> [IndexedDataset] {
        var random = SeededGenerator(TestRun.seed)
        return try (0..<count).map { try IndexedDataset(prefix: LoaderTests().dataset(folder, "set\($0)", tokens: 700, &random)) }
    }

    @Test(
        "a source of weights that make no shares, of lengths and sequences that are none, is refused in one line, in either order",
        arguments: [OrderChoice.keyed, .megatron(samples: 40)])
    func sources(order: OrderChoice) throws {
        let folder = try TemporaryDirectory()
        let datasets = try sets(folder, 2)
        func refusal(_ weights: [Double]?, length: Int = 16, seed: UInt64 = 1, _ choice: OrderChoice? = nil) -> String? {
            do throws(SamplingError) {
                _ = try DataSource(
                    DataSets(datasets, weights: weights), part: .train, split: DocumentSplit("1,0,0"), sequenceLength: length,
                    seed: seed, order: choice ?? order)
                return nil
            } catch { return "\(error)" }
        }
        #expect(refusal([0.3, 0.7]) == nil && refusal(nil) == nil)
        for weights in [[1e308, 1e308], [0, 1], [-1, 2], [.nan, 1], [.infinity, 1], [1]] as [[Double]] {
            #expect(refusal(weights)?.contains("weights above zero") == true, "\(weights)")
        }
        for length in [0, -5, Int.min, .max] { #expect(refusal(nil, length: length)?.contains("at least 1") == true) }
        #expect(refusal(nil, length: 1 << 24)?.contains("this split holds") == true)
        #expect(refusal(nil, .megatron(samples: 1 << 48))?.contains("more than this machine has") == true)
        #expect(refusal(nil, .megatron(samples: .max)) != nil)
        #expect(refusal(nil, seed: .max, .megatron(samples: 10))?.contains("seed below 4294967296") == true)
        for sequences in [-3..<2, 0..<1 << 40] {
            #expect(throws: SamplingError.self) { _ = try SampleStream(datasets[0], sequences: sequences, sequenceLength: 8) }
        }
        let mixed = [DataSetName(prefix: datasets[0].prefix, weight: 1), DataSetName(prefix: datasets[1].prefix)]
        let error = #expect(throws: SamplingError.self) { _ = try DataSets(mixed) }
        #expect(error.map { "\($0)".contains("\(datasets[1].prefix) has no weight") } == true)
    }

    @Test("a plan of epochs that are none or beyond all counts is refused in one line", arguments: [0, -1, Int.min, Int.max])
    func plans(samples: Int) {
        let configuration = PlanConfiguration(sequenceLength: 64, globalBatchSize: 4, trainTokens: 1000)
        let error = #expect(throws: WarmupError.self) { _ = try TrainingPlan(configuration, samples: samples) }
        #expect(error.map { "\($0)".contains("an epoch of \(samples) samples") } == true)
    }

    @Test("a state whose runs hold more than any sum can is refused, not added up")
    func ledger() throws {
        let configuration = PlanConfiguration(
            sequenceLength: 1 << 20, globalBatchSize: 4, trainTokens: 1 << 40, pacing: .twoStage(start: 8, steps: 10))
        var plan = try TrainingPlan(configuration, samples: 1 << 41)
        for _ in 0..<3 { _ = plan.nextStep() }
        var state = PlanState(plan: plan, sources: [], digest: 0, trainedBySource: [])
        _ = try TrainingPlan(configuration, samples: 1 << 41, state: state)
        state.runs = (0..<5).map { _ in TailLedger.Run(positions: 0..<1 << 41, start: 8) }
        #expect(throws: WarmupError.self) { _ = try TrainingPlan(configuration, samples: 1 << 41, state: state) }
    }

    @Test("a plan ends where its counts would")
    func counts() throws {
        let configuration = PlanConfiguration(
            sequenceLength: 1 << 14, globalBatchSize: 1 << 24, trainTokens: 1 << 60, pacing: .twoStage(start: 1, steps: .max), tails: .drop)
        var plan = try TrainingPlan(configuration, samples: 1 << 40)
        while plan.skipAlikeSteps() > 0 {}
        while plan.nextStep() != nil {}
        #expect(plan.isFinished && plan.counts.trained < 1 << 60 && plan.counts.fetched > 1 << 62)
        #expect(plan.counts.fetched == plan.counts.trained + plan.counts.dropped)
    }
}
