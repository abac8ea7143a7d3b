import Files
import Preprocessing
import TestSupport
import Testing

@Suite("Damaged journals") struct MutatedJournalTests {
    @Test("a run whose journal was damaged resumes to the same bytes, or is refused", arguments: ["progress.json", "run.json"])
    func journal(_ name: String) throws {
        let bench = try Workbench()
        let input = try bench.write("a.jsonl", documents: 40)
        func configuration(_ output: String) -> Preprocessor.Configuration {
            var configuration = bench.configuration([input], output, chunkBytes: 1024)
            configuration.secondsBetweenDurablePoints = 0
            configuration.workers = 1
            return configuration
        }
        _ = try Preprocessor(configuration("whole")).run()
        let expected = try bench.bytes("whole")

        // An interrupted run, file by file.
        var stopping = configuration("out")
        let half = expected[0].count / 2
        stopping.isStopRequested = { [prefix = stopping.outputPrefix] in ((try? FileSystem.size(prefix + ".bin.partial")) ?? 0) > half }
        #expect(throws: PreprocessingError.interrupted(prefix: stopping.outputPrefix, isResumable: true)) {
            try Preprocessor(stopping).run()
        }
        var left: [(path: String, bytes: [UInt8])] = []
        for entry in try FileSystem.list(bench.directory.path) where entry.hasPrefix("out.") {
            let path = bench.directory.file(entry)
            let files = FileSystem.isDirectory(path) ? try FileSystem.list(path).map { path + "/" + $0 } : [path]
            for file in files { left.append((file, try FileSystem.readAll(file))) }
        }
        let damaged = stopping.outputPrefix + ".partial/" + name
        let good = try #require(left.first { $0.path == damaged }).bytes

        let tally = try mutate("journal-\(name)", [good], cases: TestRun.cases(60), expecting: PreprocessingError.self) { bytes in
            for entry in try FileSystem.list(bench.directory.path) where entry.hasPrefix("out.") {
                try FileSystem.removeTree(bench.directory.file(entry))
            }
            try FileSystem.createDirectories(FileSystem.directory(of: damaged))
            for (path, content) in left { try FileSystem.writeAtomically(path == damaged ? bytes : content, to: path) }
            var resuming = configuration("out")
            resuming.resume = true
            _ = try Preprocessor(resuming).run()
            #expect(try bench.bytes("out") == expected)
        }
        #expect(name == "run.json" ? tally.refused > 0 : tally.accepted > 0)
    }
}
