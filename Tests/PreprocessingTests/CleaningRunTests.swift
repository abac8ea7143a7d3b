import Cleaning
import Corpus
import Files
import Foundation
import IndexedDataset
import JSON
import Preprocessing
import TestSupport
import Testing
import Tokenizer

/// Runs with cleaning: what is left is what a corpus without the rest would have given.
@Suite("Preprocessing with cleaning") struct CleaningRunTests {
    let bench: Workbench
    init() throws { bench = try Workbench() }

    @Test("documents outside of the limits are left out and counted, each reason by itself", arguments: [1, 2, 5])
    func lengths(_ workers: Int) throws {
        let input = try bench.write("a.jsonl", documents: 400)
        var texts: [String] = []
        try CorpusReader(try InputList([input])).forEachDocument { texts.append(String(decoding: $0, as: UTF8.self)) }
        var configuration = bench.configuration([input], "out", chunkBytes: 4096)
        configuration.workers = workers
        configuration.cleaning.minimumCharacters = 100
        configuration.cleaning.maximumCharacters = 400
        let summary = try Preprocessor(configuration).run()

        let kept = texts.filter { (100...400).contains($0.unicodeScalars.count) }
        let lines = kept.map { "{\"text\": \"\($0.replacing("\n", with: "\\n"))\"}\n" }.joined()
        let expected = try Preprocessor(bench.configuration([bench.directory.write(lines, to: "b.jsonl")], "expected")).run()
        #expect(try bench.bytes("out") == bench.bytes("expected"))
        #expect(summary.counts.documents == kept.count && summary.counts.tokens == expected.counts.tokens)
        #expect(summary.counts.textBytes == expected.counts.textBytes && summary.counts.emptyDocuments == 0)
        #expect(summary.counts.leftOut.tooShort == texts.count { $0.unicodeScalars.count < 100 })
        #expect(summary.counts.leftOut.tooLong == texts.count { $0.unicodeScalars.count > 400 })
        #expect(summary.counts.leftOut.tooShort > 10 && summary.counts.leftOut.tooLong > 10 && kept.count > 10)
        let counts = try IndexedDataset(prefix: configuration.outputPrefix).metadata?.source["counts"]
        #expect(counts?["too_short_documents"]?.int == summary.counts.leftOut.tooShort)
        #expect(counts?["too_long_documents"]?.int == summary.counts.leftOut.tooLong)
    }
}
