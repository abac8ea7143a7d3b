import Cleaning
import Corpus
import Files
import Foundation
import IndexedDatasets
import JSON
import Preprocessing
import Quantities
import TestSupport
import Testing
import Tokenization

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
        #expect(summary.counts.cleaning.tooShort == texts.count { $0.unicodeScalars.count < 100 })
        #expect(summary.counts.cleaning.tooLong == texts.count { $0.unicodeScalars.count > 400 })
        #expect(summary.counts.cleaning.tooShort > 10 && summary.counts.cleaning.tooLong > 10 && kept.count > 10)
        let counts = try IndexedDataset(prefix: configuration.outputPrefix).metadata?.source["counts"]
        #expect(counts?["too_short_documents"]?.int == summary.counts.cleaning.tooShort)
        #expect(counts?["too_long_documents"]?.int == summary.counts.cleaning.tooLong)
    }

    // MARK: duplicates

    /// JSON Lines in which three of ten documents are copies of earlier ones, and the same without the copies.
    func writeCopies(_ count: Int) throws -> (inputs: [String], distinct: String, duplicates: Int) {
        var random = SeededGenerator(TestRun.seed)
        var (texts, known, distinct) = ([String](), Set<String>(), [String]())
        for _ in 0..<count {
            if Int.random(in: 0..<10, using: &random) < 3, let copy = texts.randomElement(using: &random) {
                texts.append(copy)
            } else {
                let words = (0..<Int.random(in: 0...60, using: &random)).map { _ in "w\(UInt16.random(in: 0...999, using: &random))" }
                texts.append(words.joined(separator: " "))
            }
            if known.insert(texts.last!).inserted { distinct.append(texts.last!) }
        }
        func lines(_ texts: some Sequence<String>) -> String { texts.map { "{\"text\": \"\($0)\"}\n" }.joined() }
        let inputs = [
            try bench.directory.write(lines(texts.prefix(count / 3)), to: "copies-1.jsonl"),
            try bench.directory.write(lines(texts.dropFirst(count / 3)), to: "copies-2.jsonl"),
        ]
        return (inputs, try bench.directory.write(lines(distinct), to: "distinct.jsonl"), count - distinct.count)
    }

    @Test("of the same texts the first is kept, for any number of workers and any size of chunks")
    func exact() throws {
        let (inputs, distinct, duplicates) = try writeCopies(3000)
        _ = try Preprocessor(bench.configuration([distinct], "expected")).run()
        for (number, (workers, chunk)) in [(1, 1 << 20), (1, 4096), (2, 4096), (5, 3000), (5, 1 << 20)].enumerated() {
            var configuration = bench.configuration(inputs, "out\(number)", chunkBytes: chunk)
            configuration.workers = workers
            configuration.cleaning.duplicates = .exact
            let summary = try Preprocessor(configuration).run()
            #expect(try bench.bytes("out\(number)") == bench.bytes("expected"))
            #expect(summary.counts.cleaning.duplicates == duplicates && duplicates > 500)
            #expect(summary.counts.documents == 3000 - duplicates)
            let source = try IndexedDataset(prefix: configuration.outputPrefix).metadata?.source
            #expect(source?["cleaning"]?["--dedup"]?.string == "exact" && source?["counts"]?["duplicate_documents"]?.int == duplicates)
        }
        let left = try FileSystem.list(bench.directory.path).filter { $0.contains("partial") || $0.contains("lock") }
        #expect(left == [])
    }

    @Test("texts that differ only in how their characters are written are the same with --normalize nfc", arguments: DuplicateRule.allCases)
    func normalized(_ rule: DuplicateRule) throws {
        let lines = ["cafe\\u0301 au lait in the morning", "café au lait in the morning", "tea in the evening, please"]
            .map { "{\"text\": \"\($0)\"}\n" }
        let input = try bench.directory.write(lines.joined(), to: "accents.jsonl")
        let expected = try bench.directory.write(lines[1] + lines[2], to: "composed.jsonl")
        _ = try Preprocessor(bench.configuration([expected], "expected")).run()
        var configuration = bench.configuration([input], "out")
        configuration.cleaning.duplicates = rule
        configuration.cleaning.normalForm = .nfc
        let counts = try Preprocessor(configuration).run().counts
        #expect(try bench.bytes("out") == bench.bytes("expected"))
        #expect(counts.cleaning.normalized == 1 && counts.cleaning.duplicates == 1 && counts.documents == 2)
    }

    @Test("near duplicates are left out the same for any number of workers and any size of chunks")
    func near() throws {
        var random = SeededGenerator(TestRun.seed)
        var texts: [String] = []
        for _ in 0..<2000 {
            var words = (0..<Int.random(in: 20...60, using: &random)).map { _ in "w\(UInt16.random(in: 0...999, using: &random))" }
            if Int.random(in: 0..<10, using: &random) < 4, let copy = texts.suffix(200).randomElement(using: &random) {
                words = copy.split(separator: " ").map(String.init)
                for _ in 0..<Int.random(in: 0...2, using: &random) { words[Int.random(in: 0..<words.count, using: &random)] = "changed" }
            }
            texts.append(words.joined(separator: " "))
        }
        let input = try bench.directory.write(texts.map { "{\"text\": \"\($0)\"}\n" }.joined(), to: "near.jsonl")
        var expected: (bytes: [[UInt8]], counts: PreprocessingCounts)?
        for (number, (workers, chunk)) in [(1, 1 << 20), (2, 4096), (5, 3000), (5, 1 << 20)].enumerated() {
            var configuration = bench.configuration([input], "out\(number)", chunkBytes: chunk)
            configuration.workers = workers
            configuration.cleaning.duplicates = .near
            let counts = try Preprocessor(configuration).run().counts
            let bytes = try bench.bytes("out\(number)")
            #expect(expected?.bytes ?? bytes == bytes && expected?.counts ?? counts == counts)
            expected = (bytes, counts)
        }
        let left = expected?.counts.cleaning.duplicates ?? 0
        #expect(left > 400 && left < 800)
    }

    @Test("killed at any moment, a run with --dedup knows the earlier documents when it is resumed", arguments: DuplicateRule.allCases)
    func kills(_ rule: DuplicateRule) throws {
        let (inputs, _, _) = try writeCopies(1500)
        func configuration(_ output: String) -> Preprocessor.Configuration {
            var configuration = bench.configuration(inputs, output, chunkBytes: 4096)
            configuration.secondsBetweenDurablePoints = 0
            configuration.cleaning.duplicates = rule
            return configuration
        }
        let whole = try Preprocessor(configuration("whole")).run()
        var generator = SeededGenerator(TestRun.seed)
        for round in 0..<TestRun.cases(8) {
            let moment = Int.random(in: 1...60, using: &generator)
            var number = 0
            _ = try Preprocessor(configuration("run\(round)")).run(progress: { _ in
                number += 1
                Thread.sleep(forTimeInterval: 0.001)  // Else the run would be over before its first durable point.
                guard number == moment else { return }
                do { try bench.copyLeftovers(of: "run\(round)", to: "killed\(round)") } catch { Issue.record(error) }
            })
            #expect(number >= 60)
            var again = configuration("killed\(round)")
            again.resume = true
            let summary = try Preprocessor(again).run()
            #expect(try bench.bytes("killed\(round)") == bench.bytes("whole"), "seed \(TestRun.seed), round \(round), chunk \(moment)")
            #expect(summary.counts == whole.counts)
        }
    }

    @Test("a run whose memory for duplicates is used up goes on with more of it", arguments: DuplicateRule.allCases)
    func memory(_ rule: DuplicateRule) throws {
        var lines = ""
        for number in 0..<20_000 { lines += "{\"text\": \"a text of number \(number) and no other \(number * 7) \(number * 13)\"}\n" }
        let input = try bench.directory.write(lines, to: "many.jsonl")
        var configuration = bench.configuration([input], "out", chunkBytes: 4096)
        configuration.cleaning.duplicates = rule
        configuration.duplicateMemoryBytes = rule == .exact ? 270_000 : 3_000_000
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration).run() }
        #expect(
            error?.description.contains("different documents fill the \(configuration.duplicateMemoryBytes) bytes of dedup-memory")
                == true)
        #expect(error?.description.hasSuffix("(what was done so far is kept: continue with resume)") == true)
        configuration.duplicateMemoryBytes = 1 << 30
        configuration.resume = true
        let summary = try Preprocessor(configuration).run()
        #expect((summary.resumedAtByte ?? 0) > 0)
        configuration.outputPrefix = bench.directory.file("whole")
        _ = try Preprocessor(configuration).run()
        #expect(try bench.bytes("out") == bench.bytes("whole"))
    }

    @Test("a resumed run without its record of texts is refused", arguments: [0, 16 * 3 + 5])
    func lostRecord(_ byteCount: Int) throws {
        let (inputs, _, _) = try writeCopies(500)
        var configuration = bench.configuration(inputs, "out", chunkBytes: 4096)
        configuration.cleaning.duplicates = .exact
        // A stop behind half of the input.
        try bench.directory.write(String(decoding: FileSystem.readAll(inputs[1]), as: UTF8.self) + "!\n", to: "copies-2.jsonl")
        #expect(throws: PreprocessingError.self) { try Preprocessor(configuration).run() }
        let record = configuration.outputPrefix + ".partial/sketches.partial"
        let bytes = try FileSystem.readAll(record)
        #expect(bytes.count > 16 * 100 && bytes.count % 16 == 0)
        try bench.directory.write(bytes.prefix(byteCount), to: "out.partial/sketches.partial")
        configuration.resume = true
        configuration.corpus.badLines = .skip
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration).run() }
        #expect(error?.description.contains("cannot resume: \(record) is not as it was left") == true)
        try bench.directory.write(bytes, to: "out.partial/sketches.partial")
        _ = try Preprocessor(configuration).run()
    }

    @Test("shards compare within themselves, and what merges them says so")
    func shards() throws {
        let (inputs, _, duplicates) = try writeCopies(1000)
        var left = 0
        for number in 1...2 {
            var configuration = bench.configuration(inputs, "part-\(number)")
            configuration.shard = Shard(number: number, of: 2)
            configuration.cleaning.duplicates = .exact
            left += try Preprocessor(configuration).run().counts.cleaning.duplicates
        }
        #expect(left > 0 && left < duplicates)
        var remarks: [String] = []
        let merged = bench.directory.file("merged")
        try DatasetMerger.merge(
            [bench.directory.file("part-1"), bench.directory.file("part-2")], into: merged, report: { remarks.append($0.description) })
        #expect(remarks == ["duplicates: left out within data sets, not between them"])
        #expect(try IndexedDataset(prefix: merged).metadata?.source["duplicates"]?.string == "left out within data sets, not between them")
    }
}
