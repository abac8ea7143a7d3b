import Files
import Foundation
import IndexedDatasets
import JSON
import TestSupport
import Testing

/// Pairs that megatron-core wrote, with what it read back (`golden/indexed`).
@Suite("Golden: Megatron's own pairs", .needs(.golden("indexed"))) struct GoldenIndexTests {
    let folder = Place.golden("indexed") ?? ""
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    static let cases: [JSONValue] = {
        guard let path = Place.golden("indexed/index.json"), let bytes = try? FileSystem.readAll(path) else { return [] }
        return (try? JSONValue.parse(bytes))?["files"]?.array ?? []
    }()

    @Test("are read as Megatron reads them", arguments: cases)
    func reading(_ golden: JSONValue) throws {
        let prefix = folder + "/" + (try #require(golden["prefix"]?.string))
        guard let lengths = golden["sequence_lengths"]?.array?.map({ $0.int! }), golden["dtype"]?.string?.hasPrefix("float") == false else {
            return
        }
        let dataset = try IndexedDataset(prefix: prefix)
        #expect(dataset.tokenType.rawValue == golden["dtype"]?.string)
        #expect((0..<dataset.sequenceCount).map { dataset.length(ofSequence: $0) } == lengths)
        #expect(
            (0..<dataset.sequenceCount).map { dataset.index.pointer(ofSequence: $0) } == golden["sequence_pointers"]?.array?.map { $0.int! }
        )
        #expect(
            (0...dataset.documentCount).map { dataset.index.documentEntry($0) } == golden["document_indices"]?.array?.map { $0.int! })
        if let sequences = golden["sequences"]?.array?.map({ $0.array!.map { $0.int! } }) {
            #expect((0..<dataset.sequenceCount).map { dataset.tokens(ofSequence: $0) } == sequences)
        }
        #expect(dataset.tokenCount == lengths.reduce(0, +))
        let modes = golden["sequence_modes"]?.array?.map { Int8($0.int!) }
        #expect((0..<dataset.sequenceCount).compactMap { dataset.mode(ofSequence: $0) } == modes ?? [])
    }

    @Test("are written byte for byte", arguments: cases)
    func writing(_ golden: JSONValue) throws {
        let name = try #require(golden["prefix"]?.string)
        guard golden["sequence_modes"] == nil else { return }
        let (bin, idx) = (try FileSystem.readAll("\(folder)/\(name).bin"), try FileSystem.readAll("\(folder)/\(name).idx"))
        let type = try #require(TokenType(megatronCode: idx[17]))
        let prefix = directory.file(name)
        var writer = try IndexedDatasetWriter(prefix: prefix, tokenType: type)
        let lengths = golden["sequence_lengths"]?.array?.map { $0.int! } ?? []
        let documents = golden["document_indices"]?.array?.map { $0.int! } ?? [0]
        var byte = 0
        for document in documents.indices.dropLast() {
            for sequence in documents[document]..<documents[document + 1] {
                let end = byte + lengths[sequence] * type.itemSize
                try writer.append(sequence: Array(bin[byte..<end]))
                byte = end
            }
            try writer.endDocument()
        }
        try writer.finish()
        #expect(try FileSystem.readAll(prefix + ".bin") == bin)
        #expect(try FileSystem.readAll(prefix + ".idx") == idx)
        #expect(try FileSystem.list(directory.path) == [".bin", ".idx", ".meta", ".sums"].map { name + $0 })
    }

    /// Megatron's number for float32 is DeepSpeed's for uint32, which has the same width: that one is read as tokens.
    @Test("of floats are refused as tokens", arguments: cases.filter { $0["dtype"]?.string == "float64" })
    func floats(_ golden: JSONValue) throws {
        let prefix = folder + "/" + (try #require(golden["prefix"]?.string))
        #expect(throws: IndexError.notTokens(path: prefix + ".bin", type: .float64)) { _ = try IndexedDataset(prefix: prefix) }
    }

    @Test(
        "are merged to the same bytes",
        arguments: [
            (["indexed/docs_u16", "indexed/items_u16"], "indexed/merged_u16"),
            (["preprocess/eod_text_document", "preprocess/noeod_text_document"], "preprocess/merged"),
        ])
    func merging(_ inputs: [String], _ expected: String) throws {
        let output = directory.file("merged")
        try DatasetMerger.merge(inputs.map { String(try #require(Place.golden($0 + ".idx")).dropLast(4)) }, into: output)
        for ending in [".bin", ".idx"] {
            #expect(try FileSystem.readAll(output + ending) == FileSystem.readAll(try #require(Place.golden(expected + ending))))
        }
    }
}
