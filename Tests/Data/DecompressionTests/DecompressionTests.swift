import CDecompression
import Decompression
import Files
import Foundation
import TestSupport
import Testing

/// A line of Fixtures/compressed/vectors.tsv, made by scripts/generate/compressed-fixtures with zlib, liblz4 and snappy.
struct Vector: Sendable, CustomStringConvertible {
    let codec: String
    let name: String
    let packed: [UInt8]
    let text: [UInt8]

    var description: String { "\(codec) \(name)" }

    static let all: [Vector] = {
        let lines = (try? String(contentsOfFile: Place.fixture("compressed/vectors.tsv"), encoding: .utf8))?.split(separator: "\n") ?? []
        var text: [UInt8] = []
        return lines.map { line in
            let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
            if fields[3] != "=" { text = bytes(fields[3]) }
            return Vector(codec: String(fields[0]), name: String(fields[1]), packed: bytes(fields[2]), text: text)
        }
    }()

    private static func bytes(_ digits: Substring) -> [UInt8] {
        let digits = Array(digits.utf8)
        func value(_ digit: UInt8) -> UInt8 { digit < 0x3A ? digit - 0x30 : digit - 0x57 }
        return stride(from: 0, to: digits.count, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
    }

    var block: BlockCodec {
        switch codec {
        case "gzip": .gzip
        case "snappy": .snappy
        case "lz4block": .lz4Block
        default: .lz4Frame
        }
    }
}

/// Decodes a whole block.
func decoded(_ packed: [UInt8], _ codec: BlockCodec, size: Int) throws(DecompressionError) -> [UInt8] {
    // Buffers of exactly that size: the address sanitizer sees what is read or written beside them.
    let input = UnsafeMutableRawBufferPointer.allocate(byteCount: max(packed.count, 1), alignment: 1)
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 1)
    defer {
        input.deallocate()
        output.deallocate()
    }
    input.copyBytes(from: packed)
    try codec.decode(
        UnsafeRawBufferPointer(start: input.baseAddress, count: packed.count),
        into: UnsafeMutableRawBufferPointer(start: output.baseAddress, count: size))
    return Array(output[..<size])
}

/// Decodes a stream that comes in pieces of random sizes.
private func streamed(_ packed: [UInt8], gzip: Bool, _ generator: inout SeededGenerator, limit: Int) throws(DecompressionError) -> (
    bytes: [UInt8], mayEnd: Bool
) {
    let (members, frames) = (GzipDecoder(), LZ4FrameDecoder())
    var (result, place): ([UInt8], Int) = ([], 0)
    while place < packed.count {
        let piece = Array(packed[place..<min(packed.count, place + Int.random(in: 1...60, using: &generator))])
        place += piece.count
        let input = UnsafeMutableRawBufferPointer.allocate(byteCount: piece.count, alignment: 1)
        defer { input.deallocate() }
        input.copyBytes(from: piece)
        var range = 0..<piece.count
        while result.count <= limit {
            let output =
                try gzip ? members.decode(UnsafeRawBufferPointer(input), &range) : frames.decode(UnsafeRawBufferPointer(input), &range)
            if output.isEmpty { break }
            result += output
        }
    }
    return (result, gzip ? members.isBetweenMembers : frames.isBetweenFrames)
}

@Suite("Decompression") struct DecompressionTests {
    @Test("the vectors are there, of each kind")
    func vectors() {
        for codec in ["gzip", "snappy", "lz4block", "lz4frame"] { #expect(Vector.all.contains { $0.codec == codec }, "\(codec)") }
    }

    @Test(
        "what zlib, liblz4 and snappy made gives the text, in pieces too, and nothing for another size", arguments: Vector.all
    )
    func vector(_ vector: Vector) throws {
        #expect(try decoded(vector.packed, vector.block, size: vector.text.count) == vector.text)
        #expect(throws: DecompressionError.self) { try decoded(vector.packed, vector.block, size: vector.text.count + 1) }
        if vector.text.count > 0 {
            #expect(throws: DecompressionError.self) { try decoded(vector.packed, vector.block, size: vector.text.count - 1) }
        }
        guard vector.codec == "gzip" || vector.codec == "lz4frame" else { return }
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<3 {
            let (bytes, mayEnd) = try streamed(vector.packed, gzip: vector.codec == "gzip", &generator, limit: .max)
            #expect(bytes == vector.text && mayEnd)
        }
    }

    @Test("no proper beginning of a stream passes for the whole")
    func cut() throws {
        for vector in Vector.all where vector.name != "padded" && vector.packed.count < 900 {
            for count in 0..<vector.packed.count {
                let start = Array(vector.packed[..<count])
                if vector.codec == "gzip" || vector.codec == "lz4frame" {
                    var generator = SeededGenerator(UInt64(count))
                    let result = try streamed(start, gzip: vector.codec == "gzip", &generator, limit: .max)
                    #expect(!result.mayEnd || vector.text != result.bytes || count == 0, "\(vector), \(count) bytes")
                }
                if vector.name != "members" {
                    #expect(throws: DecompressionError.self, "\(vector), \(count) bytes") {
                        try decoded(start, vector.block, size: vector.text.count)
                    }
                }
            }
        }
    }

    @Test("a wrong checksum, a wrong size and bytes behind the end are named")
    func named() throws {
        let vector = try #require(Vector.all.first { $0.name == "prose-6-0" })
        func reason(_ change: (inout [UInt8]) -> Void) -> String {
            var packed = vector.packed
            change(&packed)
            do throws(DecompressionError) {
                _ = try decoded(packed, .gzip, size: vector.text.count)
                return ""
            } catch { return error.reason }
        }
        #expect(reason { $0[$0.count - 8] ^= 1 } == "the content does not match gzip's checksum")
        #expect(reason { $0[$0.count - 1] ^= 1 }.contains("gzip's trailer says"))
        #expect(reason { $0 += [1, 2] } == "what follows the last gzip member is no gzip data")
        #expect(reason { $0[2] = 7 } == "gzip's compression method 7 is unknown")
        #expect(reason { $0[3] = 0x80 } == "reserved flags of the gzip header are set")
        #expect(reason { $0.removeLast() } == "the gzip data ends early")
    }

    @Test("damaged bytes give an error or bytes, never more than asked for")
    func mutations() throws {
        for codec in ["gzip", "snappy", "lz4block", "lz4frame"] {
            let vectors = Vector.all.filter { $0.codec == codec }
            var number = 0
            var generator = SeededGenerator(TestRun.seed)
            try mutate("decompression-\(codec)", vectors.map(\.packed), cases: TestRun.cases(3000), expecting: DecompressionError.self) {
                bytes in
                let vector = vectors[number % vectors.count]
                number += 1
                if codec == "gzip" || codec == "lz4frame", number % 2 == 0 {
                    _ = try streamed(bytes, gzip: codec == "gzip", &generator, limit: 1 << 24)
                } else {
                    _ = try decoded(bytes, vector.block, size: vector.text.count)
                }
            }
        }
    }

    @Test("checksums are the same with and without vector instructions, in pieces and at once")
    func checksums() {
        var generator = SeededGenerator(TestRun.seed)
        #expect(Array("123456789".utf8).withUnsafeBytes { crc32_update(0, $0.baseAddress, 9) } == 0xCBF4_3926)
        for _ in 0..<TestRun.cases(300) {
            let bytes = (0..<Int.random(in: 1...700, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            bytes.withUnsafeBytes { all in
                let whole = crc32_update_portable(0, all.baseAddress, all.count)
                #expect(crc32_update(0, all.baseAddress, all.count) == whole)
                let first = crc32_update(0, all.baseAddress, cut)
                #expect(crc32_update(first, all.baseAddress! + cut, all.count - cut) == whole)
            }
        }
    }
}
