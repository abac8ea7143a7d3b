import Files
import Foundation
import JSON
import TestSupport
import Testing

@testable import Tokenization

/// Published tokenizer files against the ids of the programs that they were made for.
@Suite("GoldenTokenizers", .serialized)
struct GoldenTokenizersTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let file: String
        let documents: Int
        let tokens: Int
        let digest: String
        var testDescription: String { name }
    }

    static let goldens: String? =
        ProcessInfo.processInfo.environment["SLW_GOLDENS"].map { $0 + "/tokenizers" } ?? Place.shared("golden/tokenizers")
    static let files: String? = Place.shared("tokenizers") ?? goldens.map { $0 + "/../../tokenizers" }

    static let rows: [Row] = {
        guard let goldens, let text = try? String(contentsOfFile: goldens + "/ids.tsv", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").dropFirst().map { line in
            let fields = line.split(separator: "\t").map(String.init)
            return Row(name: fields[0], file: fields[1], documents: Int(fields[3])!, tokens: Int(fields[4])!, digest: fields[5])
        }
    }()

    /// All documents one after the other, and their ends.
    static let documents: (text: [UInt8], ends: [Int]) = {
        var (text, ends): ([UInt8], [Int]) = ([], [])
        guard let goldens, let lines = try? FileSystem.readAll(goldens + "/documents.jsonl") else { return (text, ends) }
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            let value = try! JSONValue.parse(Array(line))
            text += (value["text"]?.string ?? value.string ?? "").utf8
            ends.append(text.count)
        }
        return (text, ends)
    }()

    @Test("the ids are those of the reference, or the file is refused", .enabled(if: !rows.isEmpty && files != nil), arguments: rows)
    func ids(row: Row) throws {
        let tokenizer = try Tokenizer.load(try #require(Self.files) + "/" + row.file)
        let (text, ends) = Self.documents
        #expect(ends.count == row.documents)
        let encoder = Encoder(tokenizer)
        let output = TokenBuffer(width: 4)
        text.withUnsafeBytes { text in
            ends.withUnsafeBufferPointer { encoder.encode(text, documentEnds: $0, appendEndOfText: false, into: output) }
        }
        #expect(output.tokenCount == row.tokens)
        let sum = try TestSupport.run("/usr/bin/env", ["sha256sum"], input: Array(output.bytes))
        #expect(sum.text.prefix(64) == row.digest)
    }
}
