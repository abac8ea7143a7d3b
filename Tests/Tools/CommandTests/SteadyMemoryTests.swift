import Foundation
import JSON
import TestSupport
import Testing

/// A long training of a very small model: what the loader and the loop do at each step is the same as in a large one, and so is what they would leak.
@Suite("Long hauls", .needs(.machine(FileManager.default.fileExists(atPath: "/proc/self/status"), "no /proc")))
struct SteadyMemoryTests {
    /// What a process held just after one of its checkpoints.
    struct Reading {
        var step: Int
        /// Memory of its own in bytes, without files that are mapped.
        var memory: Int
        /// Open files.
        var files: Int
    }

    private func reading(_ process: Int32, step: Int) -> Reading? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("RssAnon:") }),
            let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")
        else { return nil }
        return Reading(step: step, memory: (Int(line.filter(\.isNumber)) ?? 0) * 1024, files: files.count)
    }

    /// A run's readings, one for each checkpoint that was noticed.
    private func readings(_ folder: TemporaryDirectory, steps: Int) throws -> [Reading] {
        let interval = steps / 30
        let command = try Tool.slwTrain.start(
            [
                "--data", "data", "--num-layers", "1", "--hidden-size", "8", "--num-attention-heads", "1", "--seq-length", "16",
                "--global-batch-size", "4", "--slw-steps", "\(steps / 4)", "--train-tokens", "\(steps * 64)", "--save-interval",
                "\(interval)", "--eval-interval", "\(interval)", "--threads", "1", "--run-dir", "run\(steps)", "--json",
            ], in: folder)
        var readings: [Reading] = []
        while command.isRunning {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.file("run\(steps)/checkpoints"))) ?? []
            let newest = names.compactMap { $0.hasSuffix(".partial") ? nil : Int($0.dropFirst(5)) }.max() ?? 0
            if newest > readings.last?.step ?? 0, let reading = reading(command.identifier, step: newest) { readings.append(reading) }
            usleep(2000)
        }
        let result = try command.finish()
        try #require(result.status == 0, "\(result.errors)")
        #expect(try #require(result.json["steps"]?.int) >= steps)
        return readings
    }

    /// A third to settle, two to compare; the last checkpoint is left out, because the report is made after it.
    private static func thirds(_ readings: [Reading], steps: Int) -> (before: [Reading], after: [Reading]) {
        let settled = readings.filter { $0.step > steps / 3 }.dropLast()
        return (settled.filter { $0.step <= steps * 2 / 3 }, settled.filter { $0.step > steps * 2 / 3 })
    }

    @Test("memory stays within 1 % and files do not pile up over many steps, checkpoints and validations")
    func training() throws {
        let folder = try TemporaryDirectory()
        let made = try Tool.slwdata(
            "preprocess", "--input", Place.fixture("some.jsonl"), "--append-eod", "--output-prefix", folder.file("data"), "--quiet")
        try #require(made.status == 0, "\(made.errors)")
        var steps = TestRun.cases(600)
        var readings = try readings(folder, steps: steps)
        var (before, after) = Self.thirds(readings, steps: steps)
        // A test that hardly got the processor saw too little, and what an allocator takes once may come late: a longer run then, in which a
        // leak is there again.
        func isClear() -> Bool {
            guard before.count >= 3, after.count >= 3 else { return false }
            return TestRun.isSanitized || Double(after.map(\.memory).max()!) <= Double(before.map(\.memory).max()!) * 1.01
        }
        for _ in 0..<3 where !isClear() {
            steps *= 2
            readings = try self.readings(folder, steps: steps)
            (before, after) = Self.thirds(readings, steps: steps)
        }
        try #require(before.count >= 3 && after.count >= 3, "\(readings)")
        let (first, last) = (before.map(\.memory).max()!, after.map(\.memory).max()!)
        note(
            "\(steps) steps: \(first) bytes in the middle third, \(last) in the last; open files \(before.map(\.files).min()!), then \(after.map(\.files).min()!)"
        )
        // The address sanitizer keeps what was freed for a long while, on purpose.
        if !TestRun.isSanitized { #expect(Double(last) <= Double(first) * 1.01, "\(readings)") }
        // The fewest: a file that is being written just then is none that was forgotten.
        #expect(after.map(\.files).min()! <= before.map(\.files).min()!, "\(readings)")
    }
}
