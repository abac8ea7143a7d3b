import Files
import Foundation
import IndexedDatasets
import JSON
import TestSupport
import Testing

/// Token files that other tools wrote (`golden/legacy`): fairseq's and Megatron-DeepSpeed's, DeepSpeed's own, datatrove's.
@Suite("Golden: other tools' token files", .needs(.golden("legacy/legacy.json"))) struct GoldenLegacyTests {
    let directory: TemporaryDirectory
    let folder = Place.golden("legacy") ?? ""
    init() throws { directory = try TemporaryDirectory() }

    static let entries: [JSONValue] = {
        guard let path = Place.golden("legacy/legacy.json"), let bytes = try? FileSystem.readAll(path) else { return [] }
        return (try? JSONValue.parse(bytes))?.array ?? []
    }()

    static func entries(whose test: (_ name: String, _ golden: JSONValue) -> Bool) -> [JSONValue] {
        entries.filter { test($0["prefix"]?.string ?? "", $0) }
    }

    func content(_ prefix: String) throws -> (sequences: [[Int]], documents: [Int]) {
        let dataset = try IndexedDataset(prefix: prefix)
        return (
            (0..<dataset.sequenceCount).map { dataset.tokens(ofSequence: $0) },
            (0...dataset.documentCount).map { dataset.index.documentEntry($0) }
        )
    }

    @Test(
        "old formats become pairs with the same sequences and documents",
        arguments: entries { $1["sequences"] != nil && $1["dtype"]?.string != "float32" })
    func converting(_ golden: JSONValue) throws {
        let name = try #require(golden["prefix"]?.string)
        let output = directory.file("o")
        let converter = try DatasetConverter(folder + "/" + name)
        #expect(converter.inputFormat == (name.hasPrefix("tnt") ? .tnt : name.hasSuffix(".ds") ? .datatrove : .megatron))
        try converter.convert(into: output)
        let (sequences, documents) = try content(output)
        #expect(sequences == golden["sequences"]!.array!.map { $0.array!.map { $0.int! } })
        if let expected = golden["doc_idx"]?.array?.map({ $0.int! }) { #expect(documents == expected) }
    }

    @Test("datatrove's files come back byte for byte", arguments: entries { name, _ in name.hasSuffix(".ds") })
    func datatrove(_ golden: JSONValue) throws {
        let name = try #require(golden["prefix"]?.string)
        try DatasetConverter(folder + "/" + name).convert(into: directory.file("a"))
        let tokens = try #require(golden["doc_ends"]?.array?.last?.int)
        let type: TokenType = try FileSystem.size(folder + "/" + name) == 2 * tokens ? .uint16 : .uint32
        try DatasetConverter(directory.file("a"), to: .datatrove, tokenType: type).convert(into: directory.file("b.ds"))
        for ending in ["", ".index"] {
            #expect(try FileSystem.readAll(directory.file("b.ds") + ending) == FileSystem.readAll("\(folder)/\(name)\(ending)"))
        }
    }

    /// DeepSpeed's library puts other types on Megatron's numbers, and the header does not say so. Its uint32 is another of Megatron's types
    /// of the same width, which no file can tell apart.
    @Test("DeepSpeed's dialect is told by the space that tokens take", arguments: entries { name, _ in name.hasPrefix("deepspeed_") })
    func dialect(_ golden: JSONValue) throws {
        let type = try #require(golden["dtype"]?.string)
        let dataset = try IndexedDataset(prefix: folder + "/" + (try #require(golden["prefix"]?.string)))
        if type != "uint32" { #expect(dataset.tokenType.rawValue == type) }
        let sizes = try #require(golden["sizes"]?.array).compactMap(\.int)
        #expect((0..<dataset.sequenceCount).map { dataset.length(ofSequence: $0) } == sizes)
        #expect(dataset.documentCount == (golden["doc_idx"]?.array?.count ?? 0) - 1 && dataset.tokenCount == sizes.reduce(0, +))
    }

    @Test("Megatron-DeepSpeed's end-of-text drift is undone", arguments: entries { $1["documents_intended"] != nil })
    func drift(_ golden: JSONValue) throws {
        let prefix = folder + "/" + (try #require(golden["prefix"]?.string))
        let expected = 2 * (try #require(golden["sum_of_lengths"]?.int))
        let found = 2 * (try #require(golden["bin_tokens"]?.int))
        #expect(throws: IndexError.dataSizeMismatch(path: prefix + ".bin", expected: expected, found: found)) {
            _ = try IndexedDataset(prefix: prefix)
        }
        let repair = DatasetRepair(prefix: prefix)
        #expect(try repair.diagnose() == .endOfTextDrift)
        try repair.repair(into: directory.file("b"))
        let dataset = try IndexedDataset(prefix: directory.file("b"))
        let documents = (0..<dataset.documentCount).map { dataset.documentRange($0).flatMap { dataset.tokens(ofSequence: $0) } }
        #expect(documents == golden["documents_intended"]?.array?.map { $0.array?.compactMap(\.int) ?? [] })
    }
}
