import Batches
import Foundation
import JSON
import TestSupport
import Testing
import Transformer

@testable import Training

/// The comparing half of `scripts/compat/huggingface-export`: `SLW_LOGITS` is a folder of cases, each a NAME.json (model, length and ids of some rows)
/// and a NAME.f32 with the logits that transformers computed.
struct TransformersLogitsTests {
    static let cases = ProcessInfo.processInfo.environment["SLW_LOGITS"]

    @Test("logits equal those that transformers wrote", .needs(.environment("SLW_LOGITS"))) func logits() throws {
        let folder = try #require(Self.cases)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }.sorted()
        #expect(!names.isEmpty)
        for name in names.map({ String($0.dropLast(5)) }) {
            let json = try JSONFile.read("\(folder)/\(name).json", expected: "a case")
            let ids = try #require(json["ids"]?.array).map { Int32(try #require($0.int)) }
            let length = try #require(json["length"]?.int)
            let model = try TrainedModel(try #require(json["model"]?.string))
            let expected = try Data(contentsOf: URL(filePath: "\(folder)/\(name).f32"))
            #expect(expected.count == ids.count * model.vocabularySize * 4)

            var logits = [Float](repeating: 0, count: ids.count * model.vocabularySize)
            let batch = Batch(inputs: ids, targets: [Int32](repeating: -1, count: ids.count), length: length)
            try logits.withUnsafeMutableBufferPointer { buffer in
                try batch.withRows(0..<batch.rows) { try model.model.logits($0, at: Array(ids.indices), into: buffer) }
            }
            let (largest, difference) = expected.withUnsafeBytes { bytes in
                logits.indices.reduce((Float(0), Float(0))) { found, index in
                    let theirs = bytes.loadUnaligned(fromByteOffset: 4 * index, as: Float.self)
                    return (max(found.0, abs(theirs)), max(found.1, abs(theirs - logits[index])))
                }
            }
            print("\(name): \(logits.count) logits up to \(largest), largest difference \(difference)")
            #expect(difference <= 1e-4, "\(name)")
        }
    }
}
