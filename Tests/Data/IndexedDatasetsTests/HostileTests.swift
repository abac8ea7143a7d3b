import DatasetFixtures
import Files
import Foundation
import Hashing
import IndexedDatasets
import TestSupport
import Testing

/// Files that were made to hurt: nothing may crash, hang, or ask for more memory than the files are large.
@Suite("Hostile files") struct HostileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private func write(_ generator: inout SeededGenerator) throws {
        let documents = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                (0..<Int.random(in: 0...5, using: &generator)).map { _ in Int.random(in: 0...9, using: &generator) }
            }
        }
        try directory.dataset("a", sequences: documents)
    }

    /// Puts the last hash of a `.sums` right.
    private func reseal(_ bytes: [UInt8]) -> [UInt8] {
        let body = Array(bytes.dropLast(8))
        return body + withUnsafeBytes(of: XXHash64.hash(body).littleEndian) { Array($0) }
    }

    @Test("mutated pairs are read wholly or refused")
    func pairs() throws {
        var generator = SeededGenerator(TestRun.seed)
        var mutator = Mutator(seed: TestRun.seed)
        var opened = 0
        for round in 0..<TestRun.cases(400) {
            if round % 10 == 0 { try write(&generator) }
            for ending in ["idx", "bin", "sums", "meta"] where ending == "idx" || Int.random(in: 0...3, using: &generator) == 0 {
                var bytes = mutator.mutated(try FileSystem.readAll(directory.file("a." + ending)))
                if ending == "sums", round % 2 == 0 { bytes = reseal(bytes) }
                try directory.write(bytes, to: "b." + ending)
            }
            if !FileSystem.exists(directory.file("b.bin")) {
                try directory.write(try FileSystem.readAll(directory.file("a.bin")), to: "b.bin")
            }
            let prefix = directory.file("b")
            if let dataset = try? IndexedDataset(prefix: prefix) {
                opened += 1
                for sequence in 0..<dataset.sequenceCount { _ = dataset.tokens(ofSequence: sequence) }
                for document in 0..<dataset.documentCount { #expect(dataset.documentRange(document).upperBound <= dataset.sequenceCount) }
                for token in 0..<dataset.tokenCount { _ = dataset.sequence(containingToken: token) }
                _ = (dataset.fingerprint, dataset.metadata)
            }
            _ = try? DatasetVerifier(prefix: prefix, vocabularySize: 10, endOfText: 9).verify()
            _ = try? DatasetRepair(prefix: prefix, endOfText: 9).repair(into: directory.file("c"), overwrite: true)
            _ = try? DatasetMerger.merge([prefix, prefix], into: directory.file("d"), overwrite: true)
            for ending in ["idx", "bin", "sums", "meta"] { try FileSystem.remove(directory.file("b." + ending)) }
        }
        // The mutator is no use when nothing survives it.
        #expect(opened > 0)
    }

    @Test("mutated token files of others are read wholly or refused", arguments: ["tnt", "datatrove", "llm.c"])
    func others(_ kind: String) throws {
        var mutator = Mutator(seed: TestRun.seed)
        func words(_ values: [Int]) -> [UInt8] {
            values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        }
        let format = TokenFileFormat(rawValue: kind)!
        var files: [String: [UInt8]]
        switch format {
        case .tnt:
            files = [
                "t.idx": Array("TNTIDX\0\0".utf8) + words([1, 8, 2, 2, 2, 2] + [0, 1, 2] + [0, 3, 5] + [3, 2] + [0, 2]),
                "t.bin": [UInt8](repeating: 1, count: 10),
            ]
        case .datatrove: files = ["t.ds": [UInt8](repeating: 1, count: 10), "t.ds.index": words([3, 5])]
        default:
            var header = [UInt8](repeating: 0, count: 1024)
            for (place, value) in [(0, 20_240_520), (4, 1), (8, 5)] {
                header.replaceSubrange(place..<place + 4, with: words([value]).prefix(4))
            }
            files = ["t.bin": header + [UInt8](repeating: 1, count: 10)]
        }
        let path = directory.file(format == .tnt ? "t" : format == .datatrove ? "t.ds" : "t.bin")
        for (name, bytes) in files { try directory.write(bytes, to: name) }
        let counts = try DatasetConverter(path, from: format).convert(into: directory.file("o"), overwrite: true)
        #expect(counts.binBytes == 10)
        for _ in 0..<TestRun.cases(150) {
            for (name, bytes) in files {
                try directory.write(mutator.mutated(bytes), to: name)
            }
            if let converter = try? DatasetConverter(path, from: format, endOfText: 1),
                (try? converter.convert(into: directory.file("o"), overwrite: true)) != nil
            {
                _ = try IndexedDataset(prefix: directory.file("o"))
            }
        }
    }
}
