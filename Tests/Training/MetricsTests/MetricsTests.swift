import Files
import Foundation
import JSON
import RunFixtures
import TestSupport
import Testing

import Hashing
@testable import Metrics

@Suite("Metrics") struct MetricsTests {
    @Test("records come back as they were written, also infinite and missing ones")
    func roundTrip() throws {
        var record = InventedRun.history("a", steps: 3).steps[2]
        record.gradientNorm = .infinity
        record.utilisation = .nan
        let back = try #require(StepRecord(JSONValue.parse(Array(record.json.serialized().utf8))))
        #expect(back.gradientNorm == .infinity && back.utilisation.isNaN && back.loss == record.loss && back.tokens == record.tokens)
        #expect(back.json == record.json)
    }

    @Test("after a crash and a resume each step counts once, with its last value, and a torn line is cut off")
    func resume() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("metrics.jsonl")
        let run = InventedRun.history("a", steps: 80)
        do {
            let writer = try MetricsWriter(path: path, wallTime: "2026-01-01T00:00:00Z")
            for record in run.steps[..<50] { try writer.append(record.json) }
        }
        // The crash: half a line.
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"kind\":\"step\",\"st".utf8))
        try handle.close()
        do {
            let writer = try MetricsWriter(path: path, wallTime: "2026-01-01T01:00:00Z")
            try writer.appendResume(at: TrainingProgress(steps: 40, tokens: 9), wallTime: "2026-01-01T01:00:00Z")
            for record in run.steps[40...] { try writer.append(record.json) }
        }
        let back = try RunHistory(metrics: path, name: "a")
        #expect(back.steps.map(\.step) == Array(1...80))
        #expect(back.steps.map(\.json) == run.steps.map(\.json))
        #expect(back.unreadableLines == 0)
    }

    @Test("a file of another kind and a newer version are refused in one line")
    func foreign() throws {
        let directory = try TemporaryDirectory()
        let foreign = try directory.write("{\"a\":1}\n", to: "a.jsonl")
        #expect(throws: FormatError.self) { try RunHistory(metrics: foreign, name: "a") }
        let newer = try directory.write("{\"schema\":\"slw-train.metrics\",\"version\":99}\n", to: "b.jsonl")
        do {
            _ = try RunHistory(metrics: newer, name: "b")
            Issue.record("accepted")
        } catch { #expect("\(error)".contains("version 99")) }
    }

    @Test("the CSV has one row a step and validation in its place")
    func csv() {
        let lines = InventedRun.history("a", steps: 80).csv.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 82 && lines[0].hasPrefix("step,samples,tokens,"))
        #expect(lines[40].hasPrefix("40,640,") && !lines[40].hasSuffix(",,") && lines[41].hasSuffix(",,"))
        #expect(Set(lines[..<81].map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count == 1)
    }

    @Test("CRC-32C and its mask have the published values")
    func crc() {
        #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.masked([UInt8](repeating: 0, count: 32)) == 265_814_010)
    }

    @Test("event files of a resumed run lose exactly the steps that come again, and half a record", arguments: [0, 1, 5, 9, 10])
    func resumedEvents(last: Int) throws {
        let directory = try TemporaryDirectory()
        let folder = directory.file("tb")
        /// Steps of ten times as many tokens, and a validation after each fifth.
        func write(_ steps: ClosedRange<Int>, resumedAt: Int?) throws {
            var log = try TensorBoardLog(folder: folder, wallTime: 1_700_000_000, resumedAt: resumedAt)
            for step in steps {
                var record = StepRecord()
                (record.step, record.samples, record.tokens, record.length) = (step, 2 * step, 10 * step, 5)
                (record.loss, record.learningRate) = (1 / Double(step), step == 7 ? .nan : 0.1)
                try log.append(record, wallTime: 1_700_000_000)
                if step % 5 == 0 {
                    let progress = TrainingProgress(steps: step, samples: 2 * step, tokens: 10 * step)
                    try log.append(ValidationRecord(progress: progress, elapsed: 1, loss: 2, targets: 9), wallTime: 1_700_000_000)
                }
            }
        }
        func contents(_ folder: String) throws -> [UInt8] {
            try FileSystem.list(folder).flatMap { try FileSystem.readAll(folder + "/" + $0).dropFirst(Self.headerBytes) }
        }
        try write(1...10, resumedAt: nil)
        try FileSystem.writeAtomically([1, 2, 3], to: folder + "/events.out.tfevents.1.somebody")
        let file = folder + "/" + (try #require(FileSystem.list(folder).first { $0.contains("slw-train") }))
        try FileSystem.writeAtomically(FileSystem.readAll(file) + [24, 0, 0, 0, 0, 0, 0], to: file)
        if last < 10 {
            try write(last + 1...10, resumedAt: last)
        } else {
            _ = try TensorBoardLog(folder: folder, wallTime: 1_700_000_000, resumedAt: last)
        }
        #expect(try FileSystem.readAll(folder + "/events.out.tfevents.1.somebody") == [1, 2, 3])
        _ = try FileSystem.remove(folder + "/events.out.tfevents.1.somebody")
        let found = try contents(folder)
        try FileSystem.removeTree(folder)
        try write(1...10, resumedAt: nil)
        #expect(try found == contents(folder))
    }

    /// The event in front of all scalars.
    static let headerBytes = 16 + 9 + 2 + 15

    @Test("an event file frames every message with two checksums")
    func events() throws {
        let directory = try TemporaryDirectory()
        var writer = try TensorBoardWriter(folder: directory.file("tb"), wallTime: 1_700_000_000)
        for step in 1...300 { writer.add("lm-loss-training/lm loss", 1 / Double(step), step: step, wallTime: 1_700_000_000) }
        try writer.flush()
        let bytes = try FileSystem.readAll(writer.path)
        var (offset, records) = (0, 0)
        func word(_ at: Int) -> UInt32 { (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) } }
        while offset < bytes.count {
            let length = Int(word(offset))
            #expect(word(offset + 8) == CRC32C.masked(bytes[offset..<offset + 8]))
            #expect(word(offset + 12 + length) == CRC32C.masked(bytes[offset + 12..<offset + 12 + length]))
            offset += 16 + length
            records += 1
        }
        #expect(records == 301)
    }
}
