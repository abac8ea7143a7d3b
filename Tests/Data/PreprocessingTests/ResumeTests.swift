import Corpus
import Files
import Foundation
import Hashing
import IndexedDatasets
import Preprocessing
import Quantities
import Synchronization
import TestSupport
import Testing
import Tokenization

@Suite("Resuming") struct ResumeTests {
    let bench: Workbench
    let inputs: [String]
    let expected: [[UInt8]]

    init() throws {
        bench = try Workbench()
        inputs = [try bench.write("a.jsonl", documents: 250), try bench.write("b.jsonl", documents: 60, seed: 5)]
        _ = try Preprocessor(bench.configuration(inputs, "whole")).run()
        expected = try bench.bytes("whole")
    }

    /// A run that makes a durable point after every chunk.
    func configuration(_ output: String, resume: Bool = false) -> Preprocessor.Configuration {
        var configuration = bench.configuration(inputs, output, chunkBytes: 4096)
        configuration.secondsBetweenDurablePoints = 0
        configuration.resume = resume
        return configuration
    }

    /// Runs until `chunks` chunks are done, then as if the user had asked to stop.
    func interrupt(_ output: String, after chunks: Int, resume: Bool = false) throws -> PreprocessingError? {
        var configuration = configuration(output, resume: resume)
        let prefix = configuration.outputPrefix
        let done = Atomic<Int>(0)
        configuration.isStopRequested = { StopFlag.shared.withLock { $0.contains(prefix) } }
        defer { StopFlag.shared.withLock { _ = $0.remove(prefix) } }
        do throws(PreprocessingError) {
            _ = try Preprocessor(configuration).run(progress: { _ in
                if done.add(1, ordering: .relaxed).newValue >= chunks { StopFlag.shared.withLock { _ = $0.insert(prefix) } }
            })
            return nil
        } catch { return error }
    }

    @Test("stopped and resumed, again and again, the bytes are the same", arguments: [1, 2, 5])
    func stops(_ chunks: Int) throws {
        let prefix = bench.directory.file("out")
        var stops = 0
        while let error = try interrupt("out", after: chunks, resume: stops > 0) {
            #expect(error == .interrupted(prefix: prefix, isResumable: true))
            #expect(error.description == "interrupted; what was done is kept: run the same command with resume to continue \(prefix)")
            #expect(!FileSystem.exists(prefix + ".bin") && !FileSystem.exists(prefix + ".idx"))
            stops += 1
        }
        #expect(stops > 3)
        #expect(try bench.bytes("out") == expected)
        #expect(try FileSystem.list(bench.directory.path).filter { $0.hasPrefix("out") } == ["out.bin", "out.idx", "out.meta", "out.sums"])
    }

    @Test("killed at any moment, a run resumes to the same bytes")
    func kills() throws {
        var generator = SeededGenerator(TestRun.seed)
        var resumed = 0
        for round in 0..<TestRun.cases(12) {
            let moment = Int.random(in: 1...25, using: &generator)
            let number = Atomic<Int>(0)
            let bench = bench
            _ = try Preprocessor(configuration("run\(round)")).run(progress: { _ in
                // Chunks are small: without rest the run would be over before its first durable point.
                Thread.sleep(forTimeInterval: 0.002)
                guard number.add(1, ordering: .relaxed).newValue == moment else { return }
                if moment > 1 && round % 2 == 0 {
                    // Half of them have something to go on from, however slow the disk is.
                    bench.wait(for: "run\(round).partial/progress.json")
                }
                do { try bench.copyLeftovers(of: "run\(round)", to: "killed\(round)") } catch { Issue.record(error) }
            })
            let summary = try Preprocessor(configuration("killed\(round)", resume: true)).run()
            #expect(try bench.bytes("killed\(round)") == expected, "seed \(TestRun.seed), round \(round), chunk \(moment)")
            #expect(summary.counts.documents == 310)
            if summary.resumedAtByte ?? 0 > 0 { resumed += 1 }
        }
        #expect(resumed > 0)
    }

    @Test("killed between two names, a run resumes to the same bytes", arguments: [[".sums"], [".sums", ".bin"]])
    func killedWhilePublishing(_ named: [String]) throws {
        _ = try interrupt("out", after: 3)
        let prefix = bench.directory.file("out")
        for ending in named { try FileSystem.rename("\(prefix)\(ending).partial", to: prefix + ending) }
        _ = try Preprocessor(configuration("out", resume: true)).run()
        #expect(try bench.bytes("out") == expected)
    }

    @Test("killed behind the last name, a run is found complete")
    func killedAtTheEnd() throws {
        _ = try interrupt("out", after: 1000)
        _ = try interrupt("other", after: 3)
        let prefix = bench.directory.file("out")
        let journal = try String(decoding: FileSystem.readAll(bench.directory.file("other.partial/progress.json")), as: UTF8.self)
        let line = journal.prefix { $0 != "\n" }.replacing("\"complete\":false", with: "\"complete\":true") + "\n"
        try bench.directory.write("\(line)\(XXHash64.hash(Array(line.utf8)))\n", to: "other.partial/progress.json")
        try FileSystem.rename(bench.directory.file("other.partial"), to: prefix + ".partial")
        let summary = try Preprocessor(configuration("out", resume: true)).run()
        #expect(summary.counts.documents > 0 && !FileSystem.exists(prefix + ".partial"))
        #expect(try bench.bytes("out") == expected)
    }

    @Test("without --resume an interrupted run is not touched, with --overwrite it is forgotten")
    func refusal() throws {
        _ = try interrupt("out", after: 2)
        let prefix = bench.directory.file("out")
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration("out")).run() }
        #expect(error?.description == "\(prefix): an interrupted run is here; continue it with resume, or start over with overwrite")
        var again = configuration("out")
        again.overwrite = true
        _ = try Preprocessor(again).run()
        #expect(try bench.bytes("out") == expected)
    }

    @Test("what has changed since is named")
    func differences() throws {
        _ = try interrupt("out", after: 2)
        let prefix = bench.directory.file("out")
        var changed = configuration("out", resume: true)
        changed.appendEndOfText = false
        func message(_ configuration: Preprocessor.Configuration) -> String? {
            do {
                _ = try Preprocessor(configuration).run()
                return nil
            } catch { return "\(error)" }
        }
        #expect(message(changed) == "\(prefix): cannot resume: append-eod was true and is false; start over with overwrite")
        changed.appendEndOfText = true
        changed.inputs.removeFirst()
        #expect(
            message(changed) == "\(prefix): cannot resume: input \(inputs[0]) has become \(inputs[1]); start over with overwrite")
        changed.inputs = inputs
        let size = try FileSystem.size(inputs[0])
        let text = try FileSystem.readAll(inputs[0])
        try bench.directory.write(text + [0x0A], to: "a.jsonl")
        #expect(
            message(changed)
                == "\(prefix): cannot resume: input \(inputs[0]) had \(size) bytes and has \(size + 1); start over with overwrite")
    }

    @Test("inputs that were not read yet may change, come and go")
    func laterInputs() throws {
        _ = try interrupt("out", after: 2)
        var resumed = configuration("out", resume: true)
        try bench.directory.write("{\"text\": \"another\"}\n", to: "b.jsonl")
        try bench.directory.write("{\"text\": \"one more\"}\n", to: "c.jsonl")
        resumed.inputs.append(bench.directory.file("c.jsonl"))
        #expect(try Preprocessor(resumed).run().resumedAtByte ?? 0 > 0)
        var whole = configuration("whole2")
        whole.inputs = resumed.inputs
        _ = try Preprocessor(whole).run()
        #expect(try bench.bytes("out") == bench.bytes("whole2"))

        _ = try interrupt("less", after: 2)
        var less = configuration("less", resume: true)
        less.inputs.removeLast()
        _ = try Preprocessor(less).run()
        whole = configuration("whole3")
        whole.inputs = less.inputs
        _ = try Preprocessor(whole).run()
        #expect(try bench.bytes("less") == bench.bytes("whole3"))
    }

    @Test("an input that stopped a run is mended: --resume keeps all before it", arguments: [0, 1])
    func mended(_ damaged: Int) throws {
        let good = try FileSystem.readAll(inputs[damaged])
        let name = FileSystem.name(of: inputs[damaged])
        try bench.directory.write(good.prefix(good.count / 2) + Array("!\n".utf8) + good.suffix(good.count / 2), to: name)
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration("out")).run() }
        #expect(error?.description.hasSuffix("(what was done so far is kept: continue with resume)") == true)
        try bench.directory.write(good, to: name)
        let again = configuration("out", resume: true)
        var reports: [String] = []
        let summary = try Preprocessor(again).run(report: { reports.append($0.description) })
        #expect(reports.first?.hasSuffix(": it is read again from its start") == true)
        #expect(summary.resumedAtByte == (damaged == 0 ? nil : try FileSystem.size(inputs[0])))
        #expect(try bench.bytes("out") == expected)
    }

    @Test("a mended input may be stopped and killed again before it is read")
    func mendedAndInterrupted() throws {
        let good = try FileSystem.readAll(inputs[1])
        try bench.directory.write(good.prefix(good.count / 2) + Array("!\n".utf8), to: "b.jsonl")
        #expect(throws: PreprocessingError.self) { try Preprocessor(configuration("out")).run() }
        try bench.directory.write(good, to: "b.jsonl")
        for chunks in 1...3 { _ = try interrupt("out", after: chunks, resume: true) }
        _ = try Preprocessor(configuration("out", resume: true)).run()
        #expect(try bench.bytes("out") == expected)
    }

    @Test("with nothing to resume, a run starts")
    func nothing() throws {
        let summary = try Preprocessor(configuration("out", resume: true)).run()
        #expect(summary.resumedAtByte == nil)
        #expect(try bench.bytes("out") == expected)
    }

    @Test("a finished run that is run again with --resume has nothing to do, another is refused")
    func finished() throws {
        var configuration = configuration("out")
        let summary = try Preprocessor(configuration).run()
        configuration.resume = true
        let again = try Preprocessor(configuration).run()
        #expect(again.counts == summary.counts && again.counts.documents == 310)
        #expect(try bench.bytes("out") == expected)
        configuration.appendEndOfText = false
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration).run() }
        #expect(error?.description.contains("exists already") == true)
    }

    @Test("a bad line keeps what came before it; skipping it goes on from there")
    func badLine() throws {
        let lines = try String(decoding: FileSystem.readAll(inputs[0]), as: UTF8.self).split(separator: "\n")
        try bench.directory.write(
            lines.prefix(200).joined(separator: "\n") + "\n!\n" + lines.dropFirst(200).joined(separator: "\n"), to: "a.jsonl")
        let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration("out")).run() }
        #expect(error?.description.hasPrefix("\(inputs[0]), line 201, byte 1") == true)
        #expect(error?.description.hasSuffix("(what was done so far is kept: continue with resume)") == true)
        var again = configuration("out", resume: true)
        again.corpus.badLines = .skip
        let summary = try Preprocessor(again).run()
        #expect(summary.counts.badLines == 1 && (summary.resumedAtByte ?? 0) > 0)
        #expect(try bench.bytes("out") == expected)
    }

    #if DEBUG
        @Test(
            "a full disk loses nothing",
            arguments: [("out.bin.partial", 0), ("out.bin.partial", 3), ("out.idx.partial", 0), ("out.sums.partial", 0)])
        func fullDisk(_ file: String, _ skipped: Int) throws {
            let path = bench.directory.file(file)
            ForcedFailure.add(.write, pathContaining: path, code: ENOSPC, skipping: skipped)
            let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration("out")).run() }
            #expect(error?.description.contains("No space left on device") == true)
            ForcedFailure.remove(pathContaining: path)
            #expect(!FileSystem.exists(bench.directory.file("out.bin")) && !FileSystem.exists(bench.directory.file("out.idx")))
            _ = try Preprocessor(configuration("out", resume: true)).run()
            #expect(try bench.bytes("out") == expected)
        }

        @Test("an input that fails while it is read keeps what came before")
        func inputError() throws {
            ForcedFailure.add(.read, pathContaining: inputs[1], code: EIO, skipping: 4)
            defer { ForcedFailure.remove(pathContaining: inputs[1]) }
            let error = #expect(throws: PreprocessingError.self) { try Preprocessor(configuration("out")).run() }
            #expect(error?.description.hasPrefix("cannot read \(inputs[1])") == true)
            ForcedFailure.remove(pathContaining: inputs[1])
            _ = try Preprocessor(configuration("out", resume: true)).run()
            #expect(try bench.bytes("out") == expected)
        }
    #endif
}

/// Outputs whose runs are to stop.
private enum StopFlag {
    static let shared = Mutex<Set<String>>([])
}
