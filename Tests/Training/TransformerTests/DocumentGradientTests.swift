import Batches
import TestSupport
import Testing

@testable import Transformer

/// Rows of several documents, and targets that count more or less than others.
@Suite struct DocumentGradientTests {
    private static let configuration = ModelConfiguration(
        layerCount: 2, width: 32, headCount: 2, vocabularySize: 211, contextLength: 160)

    /// Compares gradients by each tensor's largest.
    private func expectEqual(_ model: GPT, _ expected: [Float], _ tolerance: Float = 1e-5) {
        for tensor in model.tensors {
            let largest = tensor.range.reduce(Float(0)) { max($0, abs(expected[$1])) }
            let difference = tensor.range.reduce(Float(0)) { max($0, abs(expected[$1] - model.gradients[$1])) }
            #expect(difference <= tolerance * largest, "\(tensor.name): \(difference) of \(largest), seed \(TestRun.seed)")
        }
    }

    @Test("rows of documents have the loss and the gradients of each document alone in a row")
    func documents() throws {
        var random = SeededGenerator(TestRun.seed)
        let model = try GradientTests.model(Self.configuration, &random)
        let (rows, length) = (3, 160)
        var batch = TestBatch(rows: rows, length: length, vocabularySize: 211, packed: false, &random)
        var documents: [Range<Int>] = []
        for row in 0..<rows {
            for (number, document) in (0..<length).documents(ofUpTo: 70, &random).enumerated() {
                for t in document {
                    batch.segments[row * length + t] = Int32(number)
                    batch.positions[row * length + t] = Int32(t - document.lowerBound)
                }
                // As under --eod-mask-loss: the next document's first token is no target.
                batch.targets[row * length + document.upperBound - 1] = -1
                documents.append(row * length + document.lowerBound..<row * length + document.upperBound)
            }
        }
        #expect(documents.count > 2 * rows)
        let loss = try batch { try model.lossAndGradients($0, scale: 0.01) }
        let together = Array(model.gradients)

        model.clearGradients()
        var sum = 0.0
        for document in documents {
            let alone = TestBatch(
                rows: 1, length: document.count, inputs: Array(batch.inputs[document]), targets: Array(batch.targets[document]),
                segments: document.map { _ in 0 }, positions: document.indices.map { Int32($0 - document.lowerBound) })
            sum += try alone { try model.lossAndGradients($0, scale: 0.01) }
        }
        #expect(abs(sum - loss) < 1e-6 * loss, "seed \(TestRun.seed)")
        expectEqual(model, together)
    }

    @Test("a weight is a factor of its target's loss and gradient, and 0 is no target")
    func weights() throws {
        var random = SeededGenerator(TestRun.seed)
        let model = try GradientTests.model(Self.configuration, &random)
        let batch = TestBatch(rows: 3, length: 50, vocabularySize: 211, &random)
        let weights = batch.targets.map { _ in [0, 0.25, 1, 3].randomElement(using: &random)! as Float }
        let loss = try batch { rows in
            try weights.withUnsafeBufferPointer { weights in
                try model.lossAndGradients(
                    TokenRows(
                        rows: rows.rows, length: rows.length, inputs: rows.inputs, targets: rows.targets, segments: rows.segments,
                        positions: rows.positions, weights: weights.baseAddress), scale: 0.01)
            }
        }
        let together = Array(model.gradients)

        model.clearGradients()
        var sum = 0.0
        for weight in [0.25, 1, 3] as [Float] {
            var part = batch
            for index in part.targets.indices where weights[index] != weight { part.targets[index] = -1 }
            sum += Double(weight) * (try part { try model.lossAndGradients($0, scale: 0.01 * weight) })
        }
        #expect(abs(sum - loss) < 1e-6 * loss, "seed \(TestRun.seed)")
        expectEqual(model, together)
    }
}

extension Range<Int> {
    fileprivate func documents(ofUpTo longest: Int, _ random: inout SeededGenerator) -> [Range<Int>] {
        var documents: [Range<Int>] = []
        var start = lowerBound
        while start < upperBound {
            let end = Swift.min(start + Int.random(in: 1...longest, using: &random), upperBound)
            documents.append(start..<end)
            start = end
        }
        return documents
    }
}
