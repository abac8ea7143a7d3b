import Files
import JSON
import Metrics
import Reports
import RunFixtures
import TestSupport
import Testing

/// Measurements of runs that were damaged.
@Suite("Damaged metrics") struct MutatedMetricsTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    @Test("a damaged metrics.jsonl becomes a report all the same, or is refused")
    func metrics() throws {
        let run = InventedRun.history("a", steps: 12)
        var lines = [#"{"schema":"slw-train.metrics","version":1}"#]
        lines += run.steps.map { $0.json.serialized() }
        lines += [#"{"kind":"resume","step":9}"#]
        lines += run.validations.map { $0.json.serialized() }
        let good = Array((lines.joined(separator: "\n") + "\n").utf8)
        let tally = try mutate("metrics", [good], cases: TestRun.cases(200), expecting: FormatError.self) { bytes in
            try directory.replace(directory.file("metrics.jsonl"), with: bytes)
            let read = try RunHistory.read(directory.file("metrics.jsonl"))
            _ = read.csv
            #expect(Report([read]).html.hasSuffix("</html>\n"))
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }

    @Test("a damaged console log of Megatron becomes a report all the same, or is refused")
    func consoleLog() throws {
        let good = Array(InventedRun.megatronLog.utf8)
        let tally = try mutate("megatron-log", [good], cases: TestRun.cases(200), expecting: FormatError.self) { bytes in
            try directory.replace(directory.file("a.log"), with: bytes)
            let read = try RunHistory.read(directory.file("a.log"))
            _ = read.csv
            #expect(Report([read]).html.hasSuffix("</html>\n"))
        }
        #expect(tally.accepted > 0)
    }
}
