import DatasetFixtures
import Files
import Foundation
import IndexedDatasets
import JSON
import Quantities
import TestSupport
import Testing

@Suite("Merging") struct MergeTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    func write(_ name: String, _ documents: [[Int]], type: TokenType = .uint16, tokenizer: UInt64? = nil) throws -> String {
        let identity = tokenizer.map {
            DatasetMetadata.TokenizerIdentity(name: "t\($0)", digest: $0, vocabularySize: 100, endOfText: 99)
        }
        return try directory.dataset(
            name, documents, type: type, metadata: DatasetMetadata(tokenizer: identity, appendsEndOfText: true))
    }

    @Test("parts become what one run would have written")
    func parts() throws {
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(20) {
            let documents = (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                (0..<Int.random(in: 0...9, using: &generator)).map { _ in Int.random(in: 0...99, using: &generator) }
            }
            let cuts = ([0, documents.count] + (0..<3).map { _ in Int.random(in: 0...documents.count, using: &generator) }).sorted()
            let folder = UUID().uuidString
            try FileSystem.createDirectories(directory.file(folder))
            let whole = try write(folder + "/whole", documents, tokenizer: 7)
            let parts = try (0..<4).map { try write("\(folder)/part-\($0)", Array(documents[cuts[$0]..<cuts[$0 + 1]]), tokenizer: 7) }
            let merged = directory.file(folder + "/merged")
            try DatasetMerger.merge(parts, into: merged)
            for ending in [".bin", ".idx", ".sums"] {
                #expect(try FileSystem.readAll(merged + ending) == FileSystem.readAll(whole + ending), "seed \(TestRun.seed)")
            }
            #expect(try IndexedDataset(prefix: merged).metadata?.tokenizer?.digest == 7)
        }
    }

    @Test("another type or tokenizer is refused before anything is written")
    func mismatch() throws {
        let a = try write("a", [[1]], tokenizer: 1)
        let b = try write("b", [[1]], type: .int32, tokenizer: 1)
        let c = try write("c", [[1]], tokenizer: 2)
        let typeError = #expect(throws: IndexError.self) { try DatasetMerger.merge([a, b], into: directory.file("o")) }
        #expect(typeError?.description == "\(b).idx: cannot be merged: it holds int32, \(a) holds uint16")
        let tokenizerError = #expect(throws: IndexError.self) { try DatasetMerger.merge([a, c], into: directory.file("o")) }
        #expect(tokenizerError?.description == "\(c).idx: cannot be merged: its tokenizer is t2, that of \(a) is t1, and they differ")
        #expect(throws: IndexError.self) { try DatasetMerger.merge([a, directory.file("none")], into: directory.file("o")) }
        #expect(try FileSystem.list(directory.path).allSatisfy { !$0.hasPrefix("o") })
    }

    @Test("a folder's pairs come in natural order")
    func order() throws {
        for part in [10, 9, 1] { _ = try write("part-\(part)", [[part]]) }
        #expect(try DatasetMerger.prefixes(inDirectory: directory.path) == [1, 9, 10].map { directory.file("part-\($0)") })
    }

    @Test("an output that exists is not touched, unless asked for")
    func overwrite() throws {
        let a = try write("a", [[1], [2]])
        let b = try write("b", [[3]])
        let error = #expect(throws: IndexError.self) { try DatasetMerger.merge([a], into: b) }
        #expect(error?.description == "\(b).bin: exists already; choose another output or say overwrite")
        try DatasetMerger.merge([a], into: b, overwrite: true)
        #expect(try FileSystem.readAll(b + ".idx") == FileSystem.readAll(a + ".idx"))
    }
}

@Suite("Headerless token files") struct HeaderlessTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test("llm.c and nanoGPT: documents are cut at the end-of-text token, wherever it stands", arguments: [true, false])
    func marks(_ begins: Bool) throws {
        let documents = [[1, 2], [3], [4, 5, 6]].map { begins ? [9] + $0 : $0 + [9] }
        try directory.dataset("a", documents)
        for (format, size) in [(TokenFileFormat.nanogpt, 18), (.llmc, 1042)] {
            let file = directory.file("\(format.rawValue).bin")
            try DatasetConverter(directory.file("a"), to: format).convert(into: file)
            #expect(try FileSystem.size(file) == size)
            let back = directory.file("back-\(format.rawValue)")
            let converter = try DatasetConverter(file, endOfText: 9)
            #expect(converter.inputFormat == format)
            try converter.convert(into: back)
            for ending in [".bin", ".idx"] {
                #expect(try FileSystem.readAll(back + ending) == FileSystem.readAll(directory.file("a") + ending))
            }
        }
    }

    @Test("a file that lies about its size is refused")
    func lies() throws {
        var header = [UInt8](repeating: 0, count: 1024)
        for (place, value) in [(0, Int32(20_240_520)), (4, 1), (8, 1000)] {
            for byte in 0..<4 { header[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
        }
        let path = try directory.write(header + [1, 2], to: "a.bin")
        let error = #expect(throws: IndexError.self) { try DatasetConverter(path).convert(into: directory.file("o")) }
        #expect(error?.description == "\(path): byte 8: the header counts 1000 tokens, which does not fit a file of 1026 bytes")
    }

    @Test("a token that the target cannot store is an error")
    func misfit() throws {
        try directory.dataset("a", [[70_000]], type: .int32)
        let error = #expect(throws: IndexError.self) {
            try DatasetConverter(directory.file("a"), to: .nanogpt).convert(into: directory.file("o.bin"))
        }
        #expect(error?.description == "\(directory.file("a")).bin: token 70000 does not fit uint16")
        #expect(!FileSystem.exists(directory.file("o.bin")) && !FileSystem.exists(directory.file("o.bin.partial")))
    }
}
