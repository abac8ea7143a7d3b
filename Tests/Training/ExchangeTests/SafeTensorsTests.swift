import Files
import Foundation
import TestSupport
import Testing

@testable import Exchange

@Suite("SafeTensors") struct SafeTensorsTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    func file(_ header: String, data: Int, claimed: UInt64? = nil) throws -> String {
        let text = Array(header.utf8)
        let length = claimed ?? UInt64(text.count)
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + text + [UInt8](repeating: 0, count: data)
        return try directory.write(bytes, to: UUID().uuidString)
    }

    @Test("tensors come back bit for bit, the header aligned")
    func roundTrip() throws {
        let path = directory.file("a.safetensors")
        let values: [Float] = [1, -0.0, .infinity, .leastNonzeroMagnitude, 3.25, -7]
        var writer = try SafeTensorsWriter(path, tensors: [("x", [2, 2]), ("empty", [0, 5]), ("y", [2])], metadata: ["format": "pt"])
        try values.withUnsafeBufferPointer { try writer.append($0) }
        _ = try writer.finish()
        let read = try SafeTensors(path: path)
        #expect(read.tensors.map(\.name) == ["x", "empty", "y"] && read.metadata == ["format": "pt"])
        #expect(try read.floats(read["x"]!).map(\.bitPattern) == values[..<4].map(\.bitPattern))
        #expect(try read.floats(read["y"]!) == [3.25, -7] && read.floats(read["empty"]!).isEmpty)
        #expect(read["x"]!.byteRange.lowerBound % 8 == 0 && read["nothing"] == nil)
    }

    @Test("half, brain and double precision are widened")
    func widths() throws {
        let header =
            #"{"h":{"dtype":"F16","shape":[4],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[1],"data_offsets":[8,10]},"i":{"dtype":"U8","shape":[2],"data_offsets":[10,12]}}"#
        var bytes = (0..<8).map { UInt8(truncatingIfNeeded: header.utf8.count >> (8 * $0)) } + Array(header.utf8)
        for half: UInt16 in [0x3C00, 0xC000, 0x0001, 0x7C00] { bytes += [UInt8(half & 255), UInt8(half >> 8)] }
        bytes += [0x80, 0x3F, 1, 2]
        let read = try SafeTensors(path: directory.write(bytes, to: "w"))
        #expect(try read.floats(read["h"]!) == [1, -2, 0x1p-24, .infinity] && read.floats(read["b"]!) == [1])
        #expect(throws: FormatError.self) { try read.floats(read["i"]!) }
    }

    @Test(
        "what a hostile header claims is checked before it is believed",
        arguments: [
            ("{}", 0, 1 << 60, "limit"), ("{}", 0, 3, "the file has"), ("[]", 0, nil, "not a JSON object"), ("{", 0, nil, "not JSON"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 0, nil, "outside"),
            (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, nil, "needs 8 bytes"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, nil, "outside"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, nil, "outside"),
            (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, nil, "not made of sizes"),
            (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, nil, "larger than any file"),
            (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, nil, "a hole or an overlap"),
            (
                #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8, nil,
                "a hole or an overlap"
            ), (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 5, nil, "belong to no tensor"),
            (#"{"a":{"dtype":"Q3","shape":[1],"data_offsets":[0,4]}}"#, 4, nil, "unknown type"),
        ] as [(String, Int, UInt64?, String)])
    func hostile(header: String, data: Int, claimed: UInt64?, words: String) throws {
        let path = try file(header, data: data, claimed: claimed)
        let error = #expect(throws: FormatError.self) { try SafeTensors(path: path) }
        #expect(error!.description.contains(words), "\(error!)")
    }

    @Test("random damage is refused or read, never a crash")
    func mutated() throws {
        let path = directory.file("a.safetensors")
        var writer = try SafeTensorsWriter(path, tensors: [("x", [3, 2]), ("y", [2])])
        try [Float](repeating: 1, count: 8).withUnsafeBufferPointer { try writer.append($0) }
        _ = try writer.finish()
        let good = Array(try Data(contentsOf: URL(filePath: path)))
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(500) {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            let mutated = try directory.write(bytes, to: "m")
            if let read = try? SafeTensors(path: mutated) { for tensor in read.tensors { _ = try? read.floats(tensor) } }
        }
    }

    @Test("PyTorch's own file opens", .needs(.shared("gpt2/tiny-random")))
    func reference() throws {
        let read = try SafeTensors(path: Place.shared("gpt2/tiny-random")! + "/model.safetensors")
        #expect(read["transformer.wte.weight"]?.shape == [50257, 16])
        #expect(try read.floats(read["transformer.h.0.ln_1.weight"]!).count == 16)
    }
}
