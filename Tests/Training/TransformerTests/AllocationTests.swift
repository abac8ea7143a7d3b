import CAllocationCount
import TestSupport
import Testing

@testable import Transformer

/// A step after the first of its shape finds all its memory in place.
@Suite(.needs(.machine(slw_counts_allocations(), "allocations cannot be counted here"))) struct AllocationTests {
    @Test("the counter counts") func counter() {
        let before = slw_allocations()
        let numbers = [Int](repeating: Int(before), count: 1000)
        #expect(numbers[999] == before && slw_allocations() > before)
    }

    @Test(
        "a step in steady state allocates nothing", arguments: [1, 2, 3],
        [(Float(0), ProductPrecision.float32), (0.1, .float32), (0, .bfloat16)].filter(\.1.isSupported))
    func steadyState(lanes: Int, kind: (dropout: Float, precision: ProductPrecision)) throws {
        var random = SeededGenerator(TestRun.seed)
        let configuration = ModelConfiguration(
            layerCount: 3, width: 64, headCount: 4, vocabularySize: 2000, contextLength: 80, hiddenDropout: kind.dropout,
            attentionDropout: kind.dropout)
        let model = try GPT(configuration, pool: LanePool(laneCount: lanes, precision: kind.precision))
        model.initialise(seed: 1)
        let adam = AdamW(model)
        let batch = TestBatch(rows: 4, length: 80, vocabularySize: 2000, &random)
        let allocations = try batch { rows in
            try (0..<6).map { step in
                let before = slw_allocations()
                for part in 0..<2 { _ = try model.lossAndGradients(rows, scale: 1, pass: PassIdentity(step: step, part: part)) }
                let norm = adam.gradientNorm()
                adam.step(learningRate: 1e-3, gradientScale: min(1, 1 / norm), measuring: step % 2 == 0)
                return slw_allocations() - before
            }
        }
        // The first step lays its memory out; the kernels of OpenBLAS keep a buffer for each thread.
        #expect(allocations[0] > 0)
        #expect(allocations[2...].allSatisfy { $0 == 0 }, "\(allocations)")
    }
}
