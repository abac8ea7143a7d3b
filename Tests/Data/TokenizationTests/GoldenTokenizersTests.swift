import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokenization

/// Published tokenizer files against the ids of the programs that they were made for.
@Suite("GoldenTokenizers", .serialized)
struct GoldenTokenizersTests {
    /// A folder of goldens, and that of the tokenizer files.
    struct Source: Sendable {
        let goldens: String
        let files: String
        let documents: (text: [UInt8], ends: [Int])
        let rows: [TabbedRow]

        init?(goldens: String?, files: String?) {
            guard let goldens, let files, let lines = try? FileSystem.readAll(goldens + "/documents.jsonl")
            else { return nil }
            (self.goldens, self.files) = (goldens, files)
            var (text, ends): ([UInt8], [Int]) = ([], [])
            for line in lines.split(separator: UInt8(ascii: "\n")) {
                let value = try! JSONValue.parse(Array(line))
                text += (value["text"]?.string ?? value.string ?? "").utf8
                ends.append(text.count)
            }
            documents = (text, ends)
            rows = TabbedRow.rows(goldens + "/ids.tsv")
        }
    }

    /// Published files and their goldens, which stand beside the checkout.
    static let published: Source? = {
        let goldens =
            ProcessInfo.processInfo.environment["SLW_GOLDENS"].map { $0 + "/tokenizers" } ?? Place.shared("golden/tokenizers")
        return Source(goldens: goldens, files: Place.shared("tokenizers") ?? goldens.map { $0 + "/../../tokenizers" })
    }()

    /// Small ones that were trained on the fixtures: scripts/generate/tokenizer-goldens.
    static let small = Source(goldens: Place.fixture("golden/small-tokenizers"), files: Place.fixture("golden/small-tokenizers"))!

    @Test("the ids are those of the reference, or the file is refused", .enabled(if: published != nil), arguments: published?.rows ?? [])
    func ids(row: TabbedRow) throws { try check(row, try #require(Self.published)) }

    @Test("the ids of small tokenizers are those of the programs that made them", arguments: small.rows)
    func smallIDs(row: TabbedRow) throws { try check(row, Self.small) }

    private func check(_ row: TabbedRow, _ source: Source) throws {
        let tokenizer = try Tokenizer.load(source.files + "/" + row["file"])
        let (text, ends) = source.documents
        #expect(try ends.count == row.number("documents"))
        let encoder = Encoder(tokenizer)
        let output = TokenBuffer(width: 4)
        text.withUnsafeBytes { text in
            ends.withUnsafeBufferPointer { encoder.encode(text, documentEnds: $0, appendEndOfText: false, into: output) }
        }
        #expect(try output.tokenCount == row.number("tokens"))
        let sum = try TestSupport.run("/usr/bin/env", ["sha256sum"], input: Array(output.bytes))
        #expect(sum.text.prefix(64) == row["sha256_int32"])
    }
}
