import Foundation
import TestSupport
import Testing

@testable import Transformer

/// The golden of `scripts/compat/pytorch-gradients`.
struct PyTorchGolden {
    let configuration: ModelConfiguration
    let batch: TestBatch
    let loss: Double
    let weights: [Float]
    let gradients: [Float]

    init(path: String) throws {
        let data = try Data(contentsOf: URL(filePath: path))
        var place = 0
        func take<T>(_ count: Int, _ type: T.Type) -> [T] {
            let size = count * MemoryLayout<T>.stride
            defer { place += size }
            return data.withUnsafeBytes { bytes in
                (0..<count).map { bytes.loadUnaligned(fromByteOffset: place + $0 * MemoryLayout<T>.stride, as: T.self) }
            }
        }
        let shape = take(7, Int32.self).map(Int.init)
        configuration = ModelConfiguration(
            layerCount: shape[0], width: shape[1], headCount: shape[2], vocabularySize: shape[3], contextLength: shape[4])
        let count = shape[5] * shape[6]
        batch = TestBatch(
            rows: shape[5], length: shape[6], inputs: take(count, Int32.self), targets: take(count, Int32.self),
            segments: take(count, Int32.self), positions: take(count, Int32.self))
        loss = take(1, Double.self)[0]
        weights = take(configuration.parameterCount, Float.self)
        gradients = take(configuration.parameterCount, Float.self)
        #expect(place == data.count)
    }
}

@Suite struct PyTorchTests {
    @Test("loss and every gradient equal PyTorch's") func gradients() throws {
        let path = ProcessInfo.processInfo.environment["SLW_PYTORCH_GOLDEN"] ?? Place.fixture("transformer/pytorch-gradients.bin")
        let golden = try PyTorchGolden(path: path)
        let model = try GPT(golden.configuration)
        _ = model.parameters.update(from: golden.weights)
        let loss = try golden.batch { try model.lossAndGradients($0, scale: 1) }
        #expect(abs(loss - golden.loss) < 1e-5 * golden.loss)

        for tensor in model.tensors {
            let expected = golden.gradients[tensor.range]
            let largest = expected.reduce(0) { max($0, abs($1)) }
            let difference = zip(expected, model.gradients[tensor.range]).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
            if ProcessInfo.processInfo.environment["SLW_PYTORCH_GOLDEN"] != nil {
                print("\(tensor.name): largest gradient \(largest), largest difference \(difference / largest) of it")
            }
            #expect(difference <= 1e-4 * largest, "\(tensor.name)")
        }
    }
}
