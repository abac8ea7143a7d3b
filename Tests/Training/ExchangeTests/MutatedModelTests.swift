import Files
import TestSupport
import Testing

@testable import Exchange

/// Files of models that were damaged.
@Suite("Damaged models") struct MutatedModelTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test("a damaged header of tensors never leads outside of the file")
    func tensors() throws {
        var writer = try SafeTensorsWriter(
            directory.file("a"), tensors: [("x", [3, 2]), ("empty", [0, 4]), ("y", [2])], metadata: ["a": "b"])
        try writer.append([Float](repeating: 1, count: 8))
        _ = try writer.finish()
        let good = try FileSystem.readAll(directory.file("a"))
        let tally = try mutate("safetensors", [good], cases: TestRun.cases(500), expecting: FormatError.self) { bytes in
            // The length of the header is put right, so that damage inside of it is seen.
            var bytes = bytes
            if bytes.count > 8, let end = bytes.lastIndex(of: 0x7D), end >= 8 {
                let length = max(end - 7, (end - 7 + 7) / 8 * 8)
                for byte in 0..<8 { bytes[byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
            }
            try directory.replace(directory.file("m"), with: bytes)
            let file = try SafeTensors(path: directory.file("m"))
            for tensor in file.tensors {
                #expect(tensor.byteRange.upperBound <= bytes.count)
                _ = try? file.floats(tensor)
            }
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }

    @Test("a damaged config.json of a Hugging Face model is refused or asks for what the weights are")
    func huggingFace() throws {
        let shape = HuggingFaceModel.Shape(layers: 1, width: 4, heads: 2, contextLength: 6, vocabularySize: 9)
        try HuggingFaceModel.write(shape, to: directory.file("hf"), endOfText: 8) { name in
            let sizes = HuggingFaceModel.tensors(of: shape).first { $0.name == name }!.shape
            return [Float](repeating: 0.5, count: sizes.reduce(1, *))
        }
        let path = directory.file("hf/config.json")
        let good = try FileSystem.readAll(path)
        let tally = try mutate("hf-config", [good], cases: TestRun.cases(400), expecting: FormatError.self) { bytes in
            try directory.replace(path, with: bytes)
            let read = try HuggingFaceModel(directory: directory.file("hf"))
            #expect(read.shape.width == 4 && read.shape.vocabularySize == 9)
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }
}
