import Foundation
import TestSupport
import Testing

@Suite("slwdata preprocess, a damaged table") struct DamagedTablesTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test("a Parquet file that stopped a run is fetched again, and --resume goes on as the message says", arguments: [1, 3])
    func mended(workers: Int) throws {
        let groups = (0..<9).map { group in (0..<40).map { Array("row \($0) of group \(group)".utf8) } }
        let sound = ParquetMaker.file(groups)
        try directory.write("{\"text\":\"the first\"}\n", to: "in/a.jsonl")
        try directory.write(sound, to: "in/b.parquet")
        try directory.write(ParquetMaker.file([[Array("the last".utf8)]]), to: "in/c.parquet")
        func preprocess(_ more: String...) throws -> CommandResult {
            try Tool.slwdata.start(["preprocess", "--input", "in", "--quiet", "--workers", "\(workers)"] + more, in: directory).finish()
        }
        try #require(try preprocess("--output-prefix", "whole").status == 0)
        var damaged = sound
        // The length of a text in the middle reaches beyond its page.
        let place = try #require(sound.firstRange(of: Array("row 20 of group 5".utf8))).lowerBound
        damaged[place - 2] = 0x7F
        try directory.write(damaged, to: "in/b.parquet")
        let stopped = try preprocess("--output-prefix", "out")
        #expect(stopped.status == 1 && stopped.complaints.count == 1)
        #expect(
            stopped.errors.contains("in/b.parquet: row group 5, column text, page 0: a value reaches beyond the page")
                && stopped.errors.contains("(what was done so far is kept: continue with --resume)"), "\(stopped.errors)")
        // As long as it is damaged, it says so again.
        #expect(try preprocess("--output-prefix", "out", "--resume").errors.contains("row group 5"))
        try directory.write(sound, to: "in/b.parquet")
        let resumed = try preprocess("--output-prefix", "out", "--resume")
        #expect(resumed.status == 0, "\(resumed.errors)")
        for ending in ["bin", "idx", "sums"] {
            #expect(
                try Data(contentsOf: URL(filePath: directory.file("out.\(ending)")))
                    == Data(contentsOf: URL(filePath: directory.file("whole.\(ending)"))))
        }
    }
}
