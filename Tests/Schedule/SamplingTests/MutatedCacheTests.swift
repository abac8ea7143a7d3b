import Files
import JSON
import TestSupport
import Testing

@testable import Sampling

@Suite("Damaged index caches") struct MutatedCacheTests {
    @Test("a damaged .npy is read wholly or refused; arrays that do not fit the data are never used")
    func cache() throws {
        let folder = try TemporaryDirectory()
        let lengths = (0..<12).map { 5 + $0 * 7 % 11 }
        let epochs = try #require(
            MegatronEpochs(tokensPerEpoch: lengths.reduce(0, +), sequenceLength: 8, requested: 20, extraToken: 1))
        let index = try MegatronSampleIndex(
            sequences: 0..<12, epochs: epochs, sequenceLength: 8, extraToken: 1, randomSeed: 3, length: { lengths[$0] })
        let description = MegatronDescription(
            datasetPath: "a", sampleCount: 20, split: "train", randomSeed: 3, sequenceLength: 8, splitText: "1,0,0",
            splitMatrix: [0...1, nil, nil], tokenizer: .null)
        let cache = MegatronCache(directory: folder.path)
        try cache.write(index, for: description)
        for name in ["document", "sample", "shuffle"] {
            let path = folder.file("\(description.fileStem)-\(name)_index.npy")
            let good = try FileSystem.readAll(path)
            let tally = try mutate("npy-\(name)", [good], cases: TestRun.cases(300), expecting: MegatronOrderError.self) { bytes in
                try folder.write(bytes, to: "m.npy")
                // In place would be a write into a mapped file.
                try FileSystem.rename(folder.file("m.npy"), to: path)
                let array = try NumPyArray(mapping: path)
                for element in 0..<array.count { _ = array[element] }
                let read = try #require(
                    try cache.read(for: description, sequences: 0..<12, epochs: epochs, extraToken: 1, length: { lengths[$0] }))
                for sample in 0..<read.sampleCount {
                    read.forEachPart(ofSample: sample, extraToken: 1, length: { lengths[$0] }) { sequence, part in
                        #expect(lengths.indices.contains(sequence) && part.upperBound <= lengths[sequence])
                    }
                }
            }
            #expect(tally.refused > 0)
            try folder.write(good, to: "m.npy")
            try FileSystem.rename(folder.file("m.npy"), to: path)
        }
    }
}
