import Testing
import Transformer

@Suite("timing steps") struct StepBenchmarkTests {
    private func run(_ isPassesOnly: Bool) throws -> StepBenchmark.Result {
        var benchmark = StepBenchmark(
            ModelConfiguration(layerCount: 1, width: 32, headCount: 2, vocabularySize: 100, contextLength: 16), rows: 2, length: 16,
            steps: 4)
        benchmark.isPassesOnly = isPassesOnly
        benchmark.learningRate = 1e-2
        return try benchmark.run(pool: LanePool(laneCount: 1))
    }

    @Test("steps lower the loss; passes alone leave the weights as they are")
    func passes() throws {
        let (steps, passes) = (try run(false), try run(true))
        #expect(steps.losses.last! < steps.losses.first!)
        #expect(passes.losses == [Double](repeating: steps.losses.first!, count: 4))
        for result in [steps, passes] {
            #expect(result.seconds.count == 4 && result.processorSeconds.count == 4)
            #expect(result.processorSeconds.allSatisfy { $0 > 0 })
        }
    }
}
