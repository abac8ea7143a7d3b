import TestSupport
import Testing

@testable import Transformer

/// Activations that wait for the backward pass in bfloat16, beside ones in single precision; the products are in single precision in both.
@Suite struct StoredBlockTests {
    private let configuration = ModelConfiguration(layerCount: 3, width: 64, headCount: 2, vocabularySize: 1500, contextLength: 80)

    private func gradients(
        rounding: Bool, lanes: Int = 2, dropout: Float = 0, passes: Int = 1
    ) throws -> (losses: [Double], gradients: [Float], model: GPT) {
        var random = SeededGenerator(TestRun.seed)
        var configuration = configuration
        configuration.hiddenDropout = dropout
        let model = try GPT(configuration, pool: LanePool(laneCount: lanes))
        model.roundsActivations = rounding
        model.initialise(seed: 3)
        var losses: [Double] = []
        for pass in 0..<passes {
            let batch = TestBatch(rows: 3, length: 80 - 13 * pass, vocabularySize: 1500, &random)
            losses.append(try batch { try model.lossAndGradients($0, scale: 1, pass: PassIdentity(step: pass, part: 0)) })
        }
        return (losses, Array(model.gradients), model)
    }

    @Test("losses are the same bits, gradients the same to two digits", arguments: [Float(0), 0.1]) func gradients(dropout: Float) throws {
        let (expected, got) = (try gradients(rounding: false, dropout: dropout), try gradients(rounding: true, dropout: dropout))
        #expect(expected.losses == got.losses)
        #expect(expected.gradients != got.gradients)
        for tensor in expected.model.tensors {
            let (a, b) = (expected.gradients[tensor.range], got.gradients[tensor.range])
            let size = a.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            let error = zip(a, b).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
            #expect(error < 0.01 * size, "\(tensor.name): \(error / size), seed \(TestRun.seed)")
        }
    }

    @Test("any number of lanes gives the same bits, over several passes") func lanes() throws {
        let one = try gradients(rounding: true, lanes: 1, passes: 3)
        for lanes in [2, 3] {
            let other = try gradients(rounding: true, lanes: lanes, passes: 3)
            #expect(other.losses == one.losses && other.gradients == one.gradients)
        }
    }

    @Test("each block after the second takes half the memory") func memory() {
        func count(_ layers: Int, _ keeping: Activations.Keeping) -> Int {
            var layout = ArenaLayout(nil)
            let configuration = ModelConfiguration(layerCount: layers, width: 64, headCount: 2, vocabularySize: 1500, contextLength: 80)
            _ = Activations(configuration, rows: 4, length: 80, lanes: 2, keeping: keeping, layout: &layout)
            return layout.count
        }
        let kept = 10 * 4 * 80 * 64
        let (everything, rounded) = (count(9, .everything) - count(8, .everything), count(9, .rounded) - count(8, .rounded))
        #expect(everything - rounded == kept / 2)
        #expect(count(3, .rounded) < count(3, .everything) && count(1, .rounded) > count(1, .everything))
        #expect(count(9, .nothing) == count(1, .nothing))
    }

    @Test("it is done with products in bfloat16, from three blocks on") func choice() throws {
        for layers in [2, 3] {
            let configuration = ModelConfiguration(layerCount: layers, width: 64, headCount: 2, vocabularySize: 100, contextLength: 8)
            let single = try GPT(configuration, pool: LanePool(laneCount: 1))
            #expect(!single.roundsActivations)
            guard ProductPrecision.bfloat16.isSupported else { continue }
            let half = try GPT(configuration, pool: LanePool(laneCount: 1, precision: .bfloat16))
            #expect(half.roundsActivations == (layers == 3))
        }
    }
}
