import Foundation
import TestSupport
import Testing

@testable import Transformer

@Suite struct GradientTests {
    static let shapes: [(ModelConfiguration, rows: Int, length: Int)] = [
        (ModelConfiguration(layerCount: 1, width: 4, headCount: 1, vocabularySize: 7, contextLength: 8), 1, 1),
        (ModelConfiguration(layerCount: 2, width: 12, headCount: 3, vocabularySize: 37, contextLength: 9), 3, 9),
        (ModelConfiguration(layerCount: 1, width: 24, headCount: 2, vocabularySize: 19, contextLength: 70), 1, 70),
        (
            ModelConfiguration(
                layerCount: 2, width: 16, headCount: 2, vocabularySize: 1100, contextLength: 8, initialisation: .spikeNoMore), 2, 8
        ),
        (
            ModelConfiguration(
                layerCount: 2, width: 12, headCount: 3, vocabularySize: 37, contextLength: 9, hiddenDropout: 0.3, attentionDropout: 0.4,
                initialisation: .spikeNoMore), 3, 9
        ),
        (
            ModelConfiguration(
                layerCount: 1, width: 8, headCount: 2, vocabularySize: 19, contextLength: 70, attentionDropout: 0.5), 1, 70
        ),
    ]

    /// A model whose every parameter matters: initial values plus noise, so that norms and biases are not special.
    static func model(_ configuration: ModelConfiguration, lanes: Int = 2, _ random: inout SeededGenerator) throws -> GPT {
        let model = try GPT(configuration, pool: LanePool(laneCount: lanes))
        model.initialise(seed: random.next())
        for index in model.parameters.indices { model.parameters[index] += Float.random(in: -0.2...0.2, using: &random) }
        return model
    }

    @Test("loss and gradients equal a double-precision model's and its finite differences", arguments: shapes.indices)
    func finiteDifferences(index: Int) throws {
        var random = SeededGenerator(TestRun.seed &+ UInt64(index))
        let (configuration, rows, length) = Self.shapes[index]
        let model = try Self.model(configuration, &random)
        let batch = TestBatch(rows: rows, length: length, vocabularySize: configuration.vocabularySize, &random)
        var reference = NaiveGPT(configuration, parameters: model.parameters.map(Double.init))
        let whole = reference.loss(batch)
        #expect(abs(try batch { try model.loss($0) } - whole) < 1e-5 * max(1, whole), "seed \(TestRun.seed)")

        // A pass with dropout is a pass of the network that its masks leave.
        let pass = PassIdentity(seed: TestRun.seed, step: 3, part: 1)
        reference.masks = DropoutMasks(configuration, pass)
        let expected = reference.loss(batch)
        let loss = try batch { try model.lossAndGradients($0, scale: 0.5, pass: pass) }
        #expect(abs(loss - expected) < 1e-5 * max(1, expected), "seed \(TestRun.seed)")

        for tensor in model.tensors {
            let gradients = model.gradients[tensor.range]
            let largest = gradients.reduce(0) { max($0, abs($1)) }
            for _ in 0..<4 {
                let place = Int.random(in: tensor.range, using: &random)
                let step = 1e-4
                var (above, below) = (reference, reference)
                above.parameters[place] += step
                below.parameters[place] -= step
                let slope = 0.5 * (above.loss(batch) - below.loss(batch)) / (2 * step)
                #expect(
                    abs(slope - Double(gradients[place])) < 2e-4 * Double(largest) + 1e-5,
                    "\(tensor.name)[\(place - tensor.offset)], seed \(TestRun.seed)")
            }
        }
    }

    @Test("any number of lanes gives the same bits", arguments: [Float(0), 0.1])
    func lanes(dropout: Float) throws {
        var results: [[Float]] = []
        for lanes in [1, 2, 3, 5] {
            var random = SeededGenerator(5)
            var configuration = ModelConfiguration(layerCount: 2, width: 64, headCount: 2, vocabularySize: 3000, contextLength: 130)
            (configuration.hiddenDropout, configuration.attentionDropout) = (dropout, dropout)
            let model = try Self.model(configuration, lanes: lanes, &random)
            let adam = AdamW(model)
            for step in 0..<3 {
                let batch = TestBatch(rows: 3, length: 130 - step * 50, vocabularySize: 3000, &random)
                _ = try batch { try model.lossAndGradients($0, scale: 1 / Float(batch.targetCount), pass: PassIdentity(step: step)) }
                let norm = adam.gradientNorm()
                adam.step(learningRate: 1e-2, gradientScale: min(1, 1 / norm))
            }
            results.append(Array(model.parameters))
        }
        for result in results.dropFirst() { #expect(result == results[0]) }
    }

    @Test("dropout drops its share, differs from pass to pass, and keeps the expectation")
    func dropoutMasks() {
        let configuration = ModelConfiguration(
            layerCount: 1, width: 8, headCount: 1, vocabularySize: 9, contextLength: 4, hiddenDropout: 0.25)
        func mask(_ pass: PassIdentity, _ site: KeyPath<DropoutMasks, Dropout> = \.embedding) -> [Float] {
            var numbers = [Float](repeating: 1, count: 20_000)
            numbers.withUnsafeMutableBufferPointer {
                DropoutMasks(configuration, pass)[keyPath: site].apply($0.baseAddress!, $0.count, at: 0)
            }
            return numbers
        }
        let first = mask(PassIdentity(seed: 1, step: 1, part: 0))
        #expect(Set(first) == [0, 1 / 0.75])
        #expect(mask(PassIdentity(seed: 1, step: 1, part: 0)) == first)
        // Standard deviation of the share of zeros: 0.003.
        #expect(abs(Double(first.count { $0 == 0 }) / 20_000 - 0.25) < 0.02)
        for other in [
            PassIdentity(seed: 2, step: 1, part: 0), PassIdentity(seed: 1, step: 2, part: 0), PassIdentity(seed: 1, step: 1, part: 1),
        ] {
            // Independent masks agree in 0.25² + 0.75² of their places.
            let agreeing = zip(first, mask(other)).count { $0 == $1 }
            #expect(abs(Double(agreeing) / 20_000 - 0.625) < 0.02)
        }
        #expect(!DropoutMasks(configuration, PassIdentity()).attentionWeights(layer: 0).isActive)
    }

    /// The head cuts the second batch otherwise than its rows alone: in one block of smaller tiles, in parts of several sizes.
    @Test("gradients of several passes add up to those of one", arguments: [(1500, 16), (25_000, 100)])
    func accumulation(vocabularySize: Int, length: Int) throws {
        var random = SeededGenerator(6)
        let configuration = ModelConfiguration(
            layerCount: 2, width: 32, headCount: 2, vocabularySize: vocabularySize, contextLength: length)
        let model = try Self.model(configuration, &random)
        let whole = TestBatch(rows: 4, length: length, vocabularySize: vocabularySize, &random)
        let loss = try whole { try model.lossAndGradients($0, scale: 0.1) }
        let expected = Array(model.gradients)

        model.clearGradients()
        var sum = 0.0
        for row in 0..<4 {
            var part = whole
            part.rows = 1
            let range = row * length..<(row + 1) * length
            part.inputs = Array(whole.inputs[range])
            part.targets = Array(whole.targets[range])
            part.segments = Array(whole.segments[range])
            part.positions = Array(whole.positions[range])
            sum += try part { try model.lossAndGradients($0, scale: 0.1) }
        }
        #expect(abs(sum - loss) < 1e-5 * loss)
        let largest = expected.reduce(0) { max($0, abs($1)) }
        #expect(zip(expected, model.gradients).allSatisfy { abs($0 - $1) < 1e-4 * largest })
    }

    @Test("the head's parts are all words in order, and none is empty") func partsOfTheHead() {
        for vocabularySize in [1, 255, 5000, 24_320, 24_321, 50_257, 131_072] {
            for count in [1, 384, 385, 512, 513, 5000] {
                let plan = OutputHead.Plan(count: count, vocabularySize: vocabularySize)
                let tiles = (0..<plan.parts).flatMap { part in
                    #expect(!plan.tiles(ofPart: part).isEmpty)
                    return Array(plan.tiles(ofPart: part))
                }
                #expect(tiles.flatMap(plan.words) == Array(0..<vocabularySize))
                #expect(plan.blockCount * plan.rowsPerBlock >= count && plan.rowsPerBlock <= 512)
            }
        }
    }

    @Test("a packed row has the losses of its segments alone") func segmentsDoNotLeak() throws {
        var random = SeededGenerator(7)
        let configuration = ModelConfiguration(layerCount: 2, width: 32, headCount: 4, vocabularySize: 300, contextLength: 128)
        let model = try Self.model(configuration, &random)
        var packed = TestBatch(rows: 1, length: 150, vocabularySize: 300, packed: false, &random)
        let border = 83
        for t in border..<150 {
            packed.segments[t] = 1
            packed.positions[t] -= Int32(border)
        }
        var losses = [Float](repeating: 0, count: 150)
        try losses.withUnsafeMutableBufferPointer { out in try packed { try model.losses($0, into: out) } }
        for range in [0..<border, border..<150] {
            var alone = packed
            alone.length = range.count
            alone.inputs = Array(packed.inputs[range])
            alone.targets = Array(packed.targets[range])
            alone.segments = Array(packed.segments[range])
            alone.positions = Array(packed.positions[range])
            var expected = [Float](repeating: 0, count: range.count)
            try expected.withUnsafeMutableBufferPointer { out in try alone { try model.losses($0, into: out) } }
            for (a, b) in zip(losses[range], expected) { #expect(abs(a - b) < 1e-4) }
        }
    }

    @Test("ids and positions out of range are refused") func outOfRange() throws {
        var random = SeededGenerator(8)
        let model = try GPT(ModelConfiguration(layerCount: 1, width: 8, headCount: 1, vocabularySize: 9, contextLength: 4))
        var batch = TestBatch(rows: 1, length: 4, vocabularySize: 9, &random)
        batch.inputs[2] = 9
        #expect(throws: ModelError.tokenOutOfRange(id: 9, vocabularySize: 9)) { try batch { try model.loss($0) } }
        batch.inputs[2] = 8
        batch.positions[1] = 4
        #expect(throws: ModelError.positionOutOfRange(position: 4, contextLength: 4)) { try batch { try model.loss($0) } }
    }
}
