import Corpus
import Files
import Foundation
import IndexedDatasets
import Preprocessing
import Quantities
import TestSupport
import Testing
import Tokenization

/// A corpus in a temporary folder, and runs over it.
struct Workbench {
    let directory: TemporaryDirectory
    let tokenizer: Tokenizer

    init() throws {
        directory = try TemporaryDirectory()
        tokenizer = try Tokenizer.load(Place.fixture("tokenizers/default"))
    }

    /// JSON Lines of random words; some documents are empty, some long.
    @discardableResult
    func write(_ name: String, documents: Int, seed: UInt64 = TestRun.seed) throws -> String {
        var generator = SeededGenerator(seed)
        var lines = ""
        for _ in 0..<documents {
            let count = Int.random(in: 0...9, using: &generator) == 0 ? 0 : Int.random(in: 1...120, using: &generator)
            let words = (0..<count).map { _ in
                ["the", "naïve", "cat's", "42", "日本", "line\\n", "😀", "walk"].randomElement(using: &generator)!
            }
            lines += "{\"id\": 1, \"text\": \"\(words.joined(separator: " "))\"}\n"
        }
        return try directory.write(lines, to: name)
    }

    func configuration(_ inputs: [String], _ output: String, chunkBytes: Int = 1 << 20) -> Preprocessor.Configuration {
        var configuration = Preprocessor.Configuration(
            inputs: inputs, outputPrefix: directory.file(output), tokenizer: tokenizer)
        configuration.appendEndOfText = true
        configuration.corpus.chunkBytes = chunkBytes
        return configuration
    }

    /// The bytes of all files of an output, but for the description.
    func bytes(_ output: String) throws -> [[UInt8]] {
        try [".bin", ".idx", ".sums"].map { try FileSystem.readAll(directory.file(output) + $0) }
    }

    /// Waits until another thread has made this file; two minutes at most.
    func wait(for name: String) {
        for _ in 0..<120_000 where !FileSystem.exists(directory.file(name)) { Thread.sleep(forTimeInterval: 0.001) }
    }

    /// Copies what a process killed at this moment would leave of the run to `output`, while the run goes on. The journal first: what it
    /// promises was written before. A file that vanishes meanwhile was about to be renamed over the one before it.
    func copyLeftovers(of output: String, to copy: String) throws {
        let journal = output + ".partial"
        guard FileSystem.exists(directory.file(journal)) else { return }
        try FileSystem.createDirectories(directory.file(copy + ".partial"))
        let names = try FileSystem.list(directory.file(journal)).map { "\(journal)/\(($0 as NSString).lastPathComponent)" }
        for name in names + [".sums.partial", ".idx.partial", ".documents.partial", ".bin.partial"].map({ output + $0 }) {
            let target = directory.file(copy + name.dropFirst(output.count))
            do {
                try FileManager.default.copyItem(atPath: directory.file(name), toPath: target)
            } catch CocoaError.fileNoSuchFile, CocoaError.fileReadNoSuchFile {
                continue
            }
        }
    }
}

@Suite("Preprocessor") struct PreprocessorTests {
    let bench: Workbench
    init() throws { bench = try Workbench() }

    @Test("documents, tokens and counts are those of reading one by one")
    func reference() throws {
        let input = try bench.write("a.jsonl", documents: 300)
        for append in [true, false] {
            var configuration = bench.configuration([input], "out\(append)")
            configuration.appendEndOfText = append
            let summary = try Preprocessor(configuration).run()
            let dataset = try IndexedDataset(prefix: configuration.outputPrefix)
            var documents: [[Int]] = []
            try CorpusReader(try InputList([input]), CorpusOptions()).forEachDocument { text in
                var ids = bench.tokenizer.encode(Array(text)).map { Int($0) }
                if append && !ids.isEmpty { ids.append(Int(bench.tokenizer.endOfText!)) }
                documents.append(ids)
            }
            #expect(dataset.documentCount == 300)
            #expect((0..<300).map { dataset.documentRange($0).flatMap { dataset.tokens(ofSequence: $0) } } == documents)
            #expect(dataset.sequenceCount == documents.count { !$0.isEmpty })
            #expect(summary.counts.documents == 300 && summary.counts.emptyDocuments == 300 - dataset.sequenceCount)
            #expect(summary.counts.tokens == dataset.tokenCount)
            #expect(try summary.counts.inputBytes == FileSystem.size(input))
            #expect(summary.files == [".bin", ".idx", ".meta", ".sums"].map { configuration.outputPrefix + $0 })
            #expect(dataset.metadata?.tokenizer?.digest == bench.tokenizer.digest && dataset.metadata?.appendsEndOfText == append)
        }
        let left = try FileSystem.list(bench.directory.path).filter { $0.contains("partial") || $0.contains("lock") }
        #expect(left == [])
    }

    @Test("any number of workers and any size of chunks give the same bytes")
    func workers() throws {
        let inputs = [try bench.write("a.jsonl", documents: 400), try bench.write("b.jsonl", documents: 100, seed: 5)]
        var expected: [[UInt8]]?
        for (number, (workers, chunk)) in [(1, 1 << 20), (1, 4096), (2, 5000), (3, 4096), (7, 9999)].enumerated() {
            var configuration = bench.configuration(inputs, "out\(number)", chunkBytes: chunk)
            configuration.workers = workers
            configuration.budgetBytes = number == 3 ? 1 : 1 << 20
            let summary = try Preprocessor(configuration).run()
            #expect(summary.counts.documents == 500)
            let found = try bench.bytes("out\(number)")
            #expect(found == expected ?? found)
            expected = found
        }
    }

    @Test("shards merge to the whole", arguments: [1, 2, 3, 7])
    func shards(_ count: Int) throws {
        let inputs = [try bench.write("a.jsonl", documents: 90), try bench.write("b.jsonl", documents: 20, seed: 5)]
        _ = try Preprocessor(bench.configuration(inputs, "whole")).run()
        for number in 1...count {
            var configuration = bench.configuration(inputs, "part-\(number)", chunkBytes: 4096)
            configuration.shard = Shard("\(number)/\(count)")
            _ = try Preprocessor(configuration).run()
        }
        try DatasetMerger.merge((1...count).map { bench.directory.file("part-\($0)") }, into: bench.directory.file("merged"))
        #expect(try bench.bytes("merged") == bench.bytes("whole"))
    }

    @Test(
        "a shard's words",
        arguments: [("1/1", true), ("3/16", true), ("0/4", false), ("5/4", false), ("3", false), ("a/b", false), ("1/2/3", false)])
    func shardWords(_ text: String, _ isGood: Bool) {
        #expect((Shard(text)?.description == text) == isGood)
    }

    @Test("an output that exists stays, unless it is to be replaced")
    func overwrite() throws {
        let input = try bench.write("a.jsonl", documents: 3)
        var configuration = bench.configuration([input], "out")
        _ = try Preprocessor(configuration).run()
        let before = try bench.bytes("out")
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration).run() }
        #expect(error?.description == "\(configuration.outputPrefix).bin: exists already; choose another output or say overwrite")
        try bench.write("a.jsonl", documents: 4)
        configuration.overwrite = true
        _ = try Preprocessor(configuration).run()
        #expect(try bench.bytes("out") != before)
    }

    @Test("what cannot work fails at once and leaves nothing")
    func cheapChecks() throws {
        let input = try bench.write("a.jsonl", documents: 3)
        #expect(throws: PreprocessingError.self) { try Preprocessor(bench.configuration(["nowhere.jsonl"], "out")).run() }
        let file = try bench.directory.write("x", to: "file")
        #expect(throws: PreprocessingError.self) { try Preprocessor(bench.configuration([input], "file/out")).run() }
        #expect(FileSystem.exists(file))
        #expect(try FileSystem.list(bench.directory.path) == ["a.jsonl", "file"])
    }

    @Test("two runs on one output refuse each other")
    func lock() throws {
        let input = try bench.write("a.jsonl", documents: 3)
        let configuration = bench.configuration([input], "out")
        let lock = try FileLock(configuration.outputPrefix + ".lock")
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration).run() }
        #expect(error?.description.contains("another process is writing here") == true)
        _ = consume lock
        _ = try Preprocessor(configuration).run()
    }

    @Test("a bad line is named; with `skip` it is counted and the rest is the same")
    func badLine() throws {
        let good = try bench.write("good.jsonl", documents: 2)
        let text = try String(decoding: FileSystem.readAll(good), as: UTF8.self)
        let bad = try bench.directory.write(text + "{\"text\": 1}\n" + text, to: "bad.jsonl")
        try bench.directory.write(text + text, to: "good.jsonl")
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(bench.configuration([bad], "out")).run() }
        #expect(error?.description.hasPrefix("\(bad), line 3, byte ") == true)
        #expect(try FileSystem.list(bench.directory.path) == ["bad.jsonl", "good.jsonl"])
        var configuration = bench.configuration([bad], "skipped")
        configuration.corpus.badLines = .skip
        let summary = try Preprocessor(configuration).run()
        #expect(summary.counts.badLines == 1 && summary.counts.documents == 4)
        _ = try Preprocessor(bench.configuration([good], "whole")).run()
        #expect(try bench.bytes("skipped") == bench.bytes("whole"))
    }
}
