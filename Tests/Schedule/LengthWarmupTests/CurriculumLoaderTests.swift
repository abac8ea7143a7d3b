import Batches
import Curricula
import DatasetFixtures
import IndexedDatasets
import Sampling
import TestSupport
import Testing

@testable import LengthWarmup

@Suite("Loaders of published curricula")
struct CurriculumLoaderTests {
    @Test("every rank reads its own rows, and all targets come once, for every curriculum, unit of batches, world and micro-batch")
    func elastic() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(40) {
            let folder = try TemporaryDirectory()
            let tokens = Int.random(in: 300...2500, using: &random)
            let prefix = try folder.dataset("a", (0..<tokens).documents(&random), type: .int32)
            let length = Int.random(in: 4...32, using: &random)
            guard let pacing = randomCurriculum(length: length, steps: Int.random(in: 1...30, using: &random), &random) else { continue }
            let source = try DataSource([DataSetName(prefix: prefix)], part: .train, sequenceLength: length, seed: 5)
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: Int.random(in: 1...7, using: &random), trainTokens: source.sampleCount * length,
                pacing: Pacing(pacing), batchUnit: number % 3 == 0 ? .tokens : pacing.standardBatchUnit, granularity: 1, seed: 3)
            let comment: Comment = "case \(number), seed \(TestRun.seed): \(pacing.rule.summary), \(configuration.batchUnit)"

            func targets(world: Int, micro: Int?) throws -> (seen: [Int32], digest: UInt64) {
                var seen: [Int32] = []
                var digest: UInt64 = 0
                for rank in 0..<world {
                    let loader = try Loader(source: source, configuration: configuration, rank: rank, world: world, microBatchSize: micro)
                    while let batch = loader.next() {
                        // Without a micro-batch a batch is the rank's whole share, however many its rows are.
                        if micro == nil { #expect(batch.completesStep, comment) }
                        for index in 0..<batch.rows * batch.length where batch.targets[index] >= 0 {
                            #expect(batch.targets[index] == batch.inputs[index] + 1, comment)
                            seen.append(batch.targets[index])
                        }
                    }
                    digest = loader.digest
                    #expect(loader.accounts[0].trained == loader.plan.counts.trained, comment)
                    #expect(loader.accounts[0].fetched == loader.plan.counts.fetched, comment)
                }
                return (seen.sorted(), digest)
            }
            let whole = try targets(world: 1, micro: nil)
            let first = Int32(source.streams[0].tokens.lowerBound) + 1
            #expect(whole.seen == (0..<Int32(source.sampleCount * length)).map { first + $0 }, comment)
            for world in [1, 2, 3] {
                let split = try targets(world: world, micro: [nil, 1, 2].randomElement(using: &random)!)
                #expect(split.seen == whole.seen && split.digest == whole.digest, comment)
            }
        }
    }

    @Test("under SkyLadder rows are full, attention stays in fragments of the window, and positions run on")
    func windows() throws {
        var random = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let prefix = try folder.dataset("a", (0..<40_000).documents(&random), type: .int32)
        let length = 48
        let source = try DataSource([DataSetName(prefix: prefix)], part: .train, sequenceLength: length, seed: 5)
        for (name, start) in [("dm1st4", 4), ("dm2st8", 8), ("exp2", 32), ("sin2", 32)] {
            let rule = try StepRule(
                CurriculumChoice("skyladder:schedule=\(name)"), mode: .lossless, StepRule.Facts(fullLength: length, fullSteps: 100))
            let ladder = try SkyLadder(name: name, rowLength: length, rowsPerStep: 1, totalSteps: 100, anyRowLength: true)
            let configuration = PlanConfiguration(
                sequenceLength: length, globalBatchSize: 4, trainTokens: source.sampleCount * length, pacing: Pacing(CurriculumPacing(rule))
            )
            let loader = try Loader(source: source, configuration: configuration)
            var windows: [Int] = []
            while let batch = loader.next() {
                let window = ladder.window(afterRows: batch.step - 1)
                windows.append(window)
                #expect(batch.length == length)
                let fragments = SkyLadder.fragments(.windows, length: length, window: window, documentEnds: [])
                let segments = fragments.enumerated().flatMap { Array(repeating: Int32($0), count: $1) }
                for row in 0..<batch.rows where batch.targets[row * length] >= 0 {
                    #expect((0..<length).map { batch.segments[row * length + $0] } == segments, "\(name), step \(batch.step)")
                    #expect((0..<length).map { batch.positions[row * length + $0] } == (0..<Int32(length)).map { $0 })
                }
            }
            #expect(windows.first == start && windows.last == length + 1)
            #expect(loader.plan.counts.reused == 0)
        }
    }
}
