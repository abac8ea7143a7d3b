import Corpus
import Files
import Foundation
import IndexedDatasets
import JSON
import Preprocessing
import TestSupport
import Testing
import Tokenization

/// GPT-2's tokens of real corpora, and Megatron's own output, through the whole of preprocessing.
@Suite("Golden: GPT-2 through preprocessing", .needs(.shared("gpt2")))
struct GoldenPreprocessTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    static let rows = TabbedRow.rows(Place.shared("corpora/gpt2-tokens.tsv"))

    func configuration(_ input: String, _ output: String) throws -> Preprocessor.Configuration {
        let tokenizer = try Tokenizer.load(try #require(Place.shared("gpt2")))
        return Preprocessor.Configuration(inputs: [input], outputPrefix: directory.file(output), tokenizer: tokenizer)
    }

    @Test("counts and SHA-256 of the stream are tiktoken's", .needs(.shared("corpora")), arguments: rows)
    func corpora(_ row: TabbedRow) throws {
        var configuration = try configuration(try #require(Place.shared("corpora")) + "/" + row["file"], "out")
        configuration.appendEndOfText = true
        let summary = try Preprocessor(configuration).run()
        let (documents, empty) = (try row.number("docs"), try row.number("empty_docs"))
        #expect(summary.counts.documents == documents && summary.counts.emptyDocuments == empty)
        #expect(try summary.counts.tokens == row.number("tokens") + documents - empty)
        let sum = try TestSupport.run("/usr/bin/env", ["sha256sum", configuration.outputPrefix + ".bin"])
        if sum.status == 0 { #expect(sum.text.prefix(64) == row["sha256_u16le_eot_after_nonempty_docs"]) }
    }

    /// Two kinds of lines are left out, on which we differ from Megatron on purpose (docs/formats.md): lists of strings, and texts with
    /// the name of a special token.
    @Test("Megatron's preprocess_data.py writes the same", .needs(.golden("preprocess/docs.jsonl")), arguments: [true, false])
    func megatron(_ append: Bool) throws {
        let texts = try #require(Place.golden("preprocess/docs.jsonl"))
        let lines = try String(decoding: FileSystem.readAll(texts), as: UTF8.self).split(separator: "\n")
        let isOurs = lines.map { line in
            let text = (try? JSONValue.parse(Array(line.utf8)))?["text"]?.string
            return text.map { !$0.contains("<|endoftext|>") } ?? false
        }
        let input = try directory.write(zip(lines, isOurs).filter(\.1).map { $0.0 + "\n" }.joined(), to: "docs.jsonl")
        var configuration = try configuration(input, "out")
        configuration.appendEndOfText = append
        _ = try Preprocessor(configuration).run()
        let folder = try #require(Place.golden("preprocess"))
        let golden = try IndexedDataset(prefix: folder + (append ? "/eod_text_document" : "/noeod_text_document"))
        var expected = try IndexedDatasetWriter(prefix: directory.file("expected"), tokenType: golden.tokenType)
        for document in 0..<golden.documentCount where isOurs[document] {
            for sequence in golden.documentRange(document) { try expected.append(tokens: golden.tokens(ofSequence: sequence)) }
            try expected.endDocument()
        }
        try expected.finish()
        for ending in [".bin", ".idx"] {
            #expect(try FileSystem.readAll(directory.file("out") + ending) == FileSystem.readAll(directory.file("expected") + ending))
        }
    }

    @Test("the name of a special token in a text is text")
    func specialTokens() throws {
        let input = try directory.write("{\"text\": \"<|endoftext|>\"}\n", to: "a.jsonl")
        let configuration = try configuration(input, "out")
        _ = try Preprocessor(configuration).run()
        let tokens = try IndexedDataset(prefix: configuration.outputPrefix).tokens(ofSequence: 0)
        #expect(!tokens.contains(50256) && tokens.count == 7)
    }
}
