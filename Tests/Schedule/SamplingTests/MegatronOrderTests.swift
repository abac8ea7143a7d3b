import Files
import Foundation
import Hashing
import IndexedDatasets
import JSON
import TestSupport
import Testing

@testable import Sampling

private func flat(_ array: NumPyArray) -> [Int] { (0..<array.count).map { array[$0] } }

@Suite("Megatron's order")
struct MegatronOrderTests {
    @Test("RandomState(0) gives NumPy's numbers and NumPy's shuffle")
    func knownNumbers() {
        var random = RandomState(seed: 0)
        let first = (0..<6).map { _ in random.nextUInt32() }
        #expect(first == [2_357_136_044, 2_546_248_239, 3_071_714_933, 3_626_093_760, 2_588_848_963, 3_684_848_379])

        var shuffled = RandomState(seed: 0)
        var ten = Array(0..<10)
        shuffled.shuffle(&ten)
        #expect(ten == [2, 8, 4, 9, 1, 6, 7, 3, 0, 5])
        var seven = Array(0..<7)
        shuffled.shuffle(&seven)
        #expect(seven == [3, 1, 2, 6, 5, 0, 4])
    }

    @Test("MD5 is RFC 1321's")
    func md5() {
        #expect(MD5.hexDigest("".utf8) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(MD5.hexDigest("message digest".utf8) == "f96b697d7cb7938d525a2f31aaf161d0")
        #expect(MD5.hexDigest(String(repeating: "1234567890", count: 8).utf8) == "57edf4a22be3c955ac49da2e2107b67a")
    }

    @Test("blending by weight: the set that lags most goes next, the first one wins a tie")
    func smallBlend() {
        let even = MegatronBlend(weights: [0.5, 0.5], size: 6)
        #expect(even.datasetIndex == [0, 1, 0, 1, 0, 1])
        #expect(even.sampleIndex == [0, 0, 1, 1, 2, 2])
        let all = MegatronBlend(exhausting: [28, 7])
        #expect(all.datasetIndex.prefix(12) == [0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1])
        #expect(all.datasetIndex.count == 35)
    }

    @Test("an array file is the one that numpy.save writes")
    func arrayFile() throws {
        let scratch = try TemporaryDirectory()
        let array = NumPyArray(pairs: [1, 2, 3, 4, 5, 6] as [Int32])
        let odd = NumPyArray(pairs: [1, 2, 3] as [Int16])
        #expect(odd.shape == [1, 2] && odd.elementType == .int16 && odd.withBytes { Array($0) } == [1, 0, 2, 0])
        try array.write(to: scratch.file("a.npy"))
        let bytes = Array(try Data(contentsOf: URL(filePath: scratch.file("a.npy"))))
        #expect(bytes.count == 128 + 24)
        #expect(String(decoding: bytes[10..<70], as: UTF8.self).hasPrefix("{'descr': '<i4', 'fortran_order': False, 'shape': (3, 2), }"))
        #expect(flat(try NumPyArray(mapping: scratch.file("a.npy"))) == [1, 2, 3, 4, 5, 6])
    }

    @Test("broken array files are refused in one line", arguments: 0..<8)
    func brokenArrays(which: Int) throws {
        let scratch = try TemporaryDirectory()
        try NumPyArray([1, 2, 3] as [Int64]).write(to: scratch.file("sound.npy"))
        var bytes = Array(try Data(contentsOf: URL(filePath: scratch.file("sound.npy"))))
        switch which {
        case 0: bytes = []
        case 1: bytes.removeLast()
        case 2: bytes[0] = 0
        case 3: bytes[6] = 9
        case 4: bytes[9] = 0xFF
        case 5: bytes.append(0)
        case 6: bytes.replaceSubrange(20...23, with: "<f8'".utf8)
        default: bytes = Array(bytes[..<20])
        }
        let path = try scratch.write(bytes, to: "x.npy")
        let error = #expect(throws: MegatronOrderError.self) { _ = try NumPyArray(mapping: path) }
        #expect(error.map { !"\($0)".contains("\n") } == true)
    }

    @Test("a split without a sample is refused, not looped over for ever as in Megatron")
    func emptySplit() {
        #expect(MegatronEpochs(tokensPerEpoch: 0, sequenceLength: 16, requested: 1, extraToken: 1) == nil)
        #expect(MegatronEpochs(tokensPerEpoch: 5, sequenceLength: 16, requested: nil, extraToken: 1) == nil)
        #expect(MegatronEpochs(tokensPerEpoch: 1, sequenceLength: 16, requested: 3, extraToken: 1)?.sampleCount == 3)
        #expect(MegatronEpochs(tokensPerEpoch: 5, sequenceLength: 16, requested: .max, extraToken: 1) == nil)
    }

    @Test("every target of a pass is served exactly once, for random documents")
    func partition() throws {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(60) {
            let lengths = (0..<Int.random(in: 1...40, using: &random)).map { _ in Int.random(in: 0...60, using: &random) }
            let sequenceLength = Int.random(in: 1...20, using: &random)
            let tokens = lengths.reduce(0, +)
            guard let epochs = MegatronEpochs(tokensPerEpoch: tokens, sequenceLength: sequenceLength, requested: nil, extraToken: 1) else {
                continue
            }
            let index = try MegatronSampleIndex(
                sequences: 0..<lengths.count, epochs: epochs, sequenceLength: sequenceLength, extraToken: 1,
                randomSeed: UInt32.random(in: 0...UInt32.max, using: &random), length: { lengths[$0] })
            // Where each token of the shuffled stream sits, so that targets can be counted.
            var starts = [Int](repeating: 0, count: lengths.count)
            var total = 0
            for position in 0..<lengths.count {
                starts[index.documentIndex[position]] = total
                total += lengths[index.documentIndex[position]]
            }
            var seen = [Int](repeating: 0, count: tokens)
            for sample in 0..<index.sampleCount {
                var stream: [Int] = []
                index.forEachPart(ofSample: sample, extraToken: 1, length: { lengths[$0] }) { sequence, range in
                    stream += range.map { starts[sequence] + $0 }
                }
                #expect(stream.count == sequenceLength + 1)
                #expect(stream == Array(stream[0]...stream[0] + sequenceLength))
                for target in stream.dropFirst() { seen[target] += 1 }
            }
            #expect(seen.dropFirst().prefix(epochs.sampleCount * sequenceLength).allSatisfy { $0 == 1 })
        }
    }
}
