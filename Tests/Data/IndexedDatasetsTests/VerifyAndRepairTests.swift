import DatasetFixtures
import Files
import Foundation
import IndexedDatasets
import JSON
import Quantities
import TestSupport
import Testing

@Suite("Verifying and repairing") struct VerifyAndRepairTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// Five documents that end with 9; one is empty.
    @discardableResult
    func write(_ name: String = "a") throws -> String {
        let tokenizer = DatasetMetadata.TokenizerIdentity(name: "t", digest: 1, vocabularySize: 10, endOfText: 9)
        return try directory.dataset(
            name, [[1, 2, 9], [], [3, 9], [4, 5, 6, 9], [9]], metadata: DatasetMetadata(tokenizer: tokenizer, appendsEndOfText: true))
    }

    func change(_ name: String, _ body: (inout [UInt8]) -> Void) throws {
        var bytes = try FileSystem.readAll(directory.file(name))
        body(&bytes)
        try directory.write(bytes, to: name)
    }

    @Test("a sound pair has no problems")
    func sound() throws {
        let report = try DatasetVerifier(prefix: try write()).verify()
        #expect(report.problems == [] && report.hasChecksums && report.largestToken == 9 && report.vocabularySize == 10)
        #expect(report.tokenCount == 10 && report.sequenceCount == 4 && report.documentCount == 5)
    }

    @Test("every changed byte of either file is noticed, with and without checksums where structure can tell")
    func everyByte() throws {
        let prefix = try write()
        for ending in ["bin", "idx", "sums"] {
            for place in 0..<(try FileSystem.size("\(prefix).\(ending)")) {
                try change("a." + ending) { $0[place] ^= 0x40 }
                let report = try DatasetVerifier(prefix: prefix).verify()
                #expect(!report.isGood, "byte \(place) of .\(ending)")
                try change("a." + ending) { $0[place] ^= 0x40 }
            }
        }
        try FileSystem.remove(prefix + ".sums")
        for place in 0..<(try FileSystem.size(prefix + ".idx")) {
            try change("a.idx") { $0[place] ^= 0x40 }
            let report = try DatasetVerifier(prefix: prefix).verify()
            #expect(!report.isGood && !report.hasChecksums, "byte \(place) of .idx")
            // Whatever it says, nothing that opens reads outside.
            if let dataset = try? IndexedDataset(prefix: prefix) {
                for sequence in 0..<dataset.sequenceCount { _ = dataset.tokens(ofSequence: sequence) }
            }
            try change("a.idx") { $0[place] ^= 0x40 }
        }
    }

    @Test("the first wrong byte is named")
    func places() throws {
        let prefix = try write()
        try FileSystem.remove(prefix + ".sums")
        try change("a.bin") { $0[6] = 200 }
        #expect(
            try DatasetVerifier(prefix: prefix).verify().problems == [
                .tokenOutOfRange(path: prefix + ".bin", byteOffset: 6, token: 200, vocabularySize: 10)
            ])
        try change("a.bin") { $0[6] = 3 }
        try change("a.bin") { $0[8] = 3 }
        #expect(
            try DatasetVerifier(prefix: prefix).verify().problems
                == [.missingEndOfText(path: prefix + ".bin", document: 2, byteOffset: 8, found: 3, expected: 9, count: 3, total: 4)])
        try change("a.bin") { $0.removeLast() }
        #expect(
            try DatasetVerifier(prefix: prefix).verify().problems.contains(
                .dataSizeMismatch(path: prefix + ".bin", expected: 20, found: 19)))
        #expect(throws: IndexError.dataSizeMismatch(path: prefix + ".bin", expected: 20, found: 19)) {
            _ = try IndexedDataset(prefix: prefix)
        }
    }

    @Test("one byte of many blocks is named by its block, and repair says that it cannot know it")
    func damagedBlock() throws {
        let prefix = try directory.dataset("a", [(0..<1_200_000).map { $0 % 60_000 }])
        for (place, block) in [(0, 0), (1 << 20, 1), (2 << 20, 2), (2_399_999, 2)] {
            try change("a.bin") { $0[place] ^= 1 }
            let range = block << 20..<min((block + 1) << 20, 2_400_000)
            #expect(try DatasetVerifier(prefix: prefix).verify().problems == [.checksumMismatch(path: prefix + ".bin", range: range)])
            let error = #expect(throws: IndexError.self) { try DatasetRepair(prefix: prefix).diagnose() }
            #expect(error?.description.contains("\(range.lowerBound) ..< \(range.upperBound)") == true)
            try change("a.bin") { $0[place] ^= 1 }
        }
        #expect(try DatasetRepair(prefix: prefix).diagnose() == .none)
    }

    @Test("cut anywhere, an index is refused")
    func truncation() throws {
        let prefix = try write()
        let bytes = try FileSystem.readAll(prefix + ".idx")
        for count in 0..<bytes.count {
            try directory.write(bytes.prefix(count), to: "a.idx")
            #expect(throws: IndexError.self) { _ = try IndexedDataset(prefix: prefix) }
        }
    }

    @Test("a header that promises the world costs nothing", arguments: [UInt64.max, 1 << 62, 0x1555_5555_5555_5555, 1 << 32])
    func hugeCounts(_ count: UInt64) throws {
        let prefix = try write()
        for place in [18, 26] {
            try change("a.idx") { bytes in
                for byte in 0..<8 { bytes[place + byte] = UInt8(truncatingIfNeeded: count >> (8 * UInt64(byte))) }
            }
            #expect(throws: IndexError.self) { _ = try IndexedDataset(prefix: prefix) }
        }
    }

    @Test("pointers that overflowed are made again")
    func pointers() throws {
        let prefix = try write()
        let sound = try FileSystem.readAll(prefix + ".idx")
        try change("a.idx") { $0[34 + 4 * 4 + 8 * 2 + 4] = 0xFF }
        let repair = DatasetRepair(prefix: prefix)
        #expect(try repair.diagnose() == .pointers)
        try repair.repair(into: directory.file("b"))
        #expect(try FileSystem.readAll(directory.file("b.idx")) == sound)
        #expect(try DatasetVerifier(prefix: directory.file("b")).verify().isGood)
    }

    @Test("an index that is gone, or unreadable, is made again", arguments: [true, false])
    func missingIndex(_ isGone: Bool) throws {
        let prefix = try write()
        if isGone { try FileSystem.remove(prefix + ".idx") } else { try change("a.idx") { $0[0] = 0 } }
        #expect(try DatasetRepair(prefix: prefix).repair(into: directory.file("b")) == .missingIndex)
        let dataset = try IndexedDataset(prefix: directory.file("b"))
        #expect((0..<dataset.sequenceCount).map { dataset.tokens(ofSequence: $0) } == [[1, 2, 9], [3, 9], [4, 5, 6, 9], [9]])
        try FileSystem.remove(prefix + ".meta")
        #expect(throws: IndexError.self) { try DatasetRepair(prefix: prefix).repair(into: directory.file("c")) }
        try DatasetRepair(prefix: prefix, endOfText: 9, tokenType: .uint16).repair(into: directory.file("c"))
        #expect(try FileSystem.readAll(directory.file("c.idx")) == FileSystem.readAll(directory.file("b.idx")))
        let error = #expect(throws: IndexError.self) {
            try DatasetRepair(prefix: prefix, endOfText: 6, tokenType: .uint16).repair(into: directory.file("d"))
        }
        #expect(error?.description == "\(prefix).bin: cannot be repaired: the last document, from byte 16, does not end with token 6")
    }

    @Test("lengths and documents that cannot be are cut anew where an end token is known", arguments: [34, 37, 34 + 4 * 4 + 8 * 4 + 9])
    func cutAnew(place: Int) throws {
        let prefix = try write()
        try change("a.idx") { $0[place] ^= 0x81 }
        #expect(try DatasetVerifier(prefix: prefix).verify().problems.contains { $0.description.hasSuffix("try `slwdata repair`") })
        #expect(try DatasetRepair(prefix: prefix).repair(into: directory.file("b")) == .missingIndex)
        let dataset = try IndexedDataset(prefix: directory.file("b"))
        #expect((0..<dataset.sequenceCount).map { dataset.tokens(ofSequence: $0) } == [[1, 2, 9], [3, 9], [4, 5, 6, 9], [9]])
        // Where nobody knows, it is said what would have to be known, and that does.
        for ending in [".meta", ".sums"] { try FileSystem.remove(prefix + ending) }
        let error = #expect(throws: IndexError.self) { try DatasetRepair(prefix: prefix).repair(into: directory.file("c")) }
        #expect(error?.description.contains("each") == true && error?.description.contains("(eod)") == true, "\(String(describing: error))")
        #expect(try DatasetRepair(prefix: prefix, endOfText: 9).repair(into: directory.file("c")) == .missingIndex)
        #expect(try FileSystem.readAll(directory.file("c.idx")) == FileSystem.readAll(directory.file("b.idx")))
    }

    @Test("data that was cut off is not sent to repair; side files that cannot be used are named and not needed")
    func cutOff() throws {
        let prefix = try write()
        for name in ["a.meta", "a.sums"] {
            let sound = try FileSystem.readAll(directory.file(name))
            try directory.write("{", to: name)
            let problems = try DatasetVerifier(prefix: prefix).verify().problems
            #expect(problems.count == 1 && problems[0].description.hasPrefix("\(directory.file(name)): "))
            #expect(problems[0].description.hasSuffix("; remove this file, the data set works without it"))
            try FileSystem.remove(directory.file(name))
            #expect(try DatasetVerifier(prefix: prefix).verify().isGood)
            try directory.write(sound, to: name)
        }
        try FileSystem.remove(prefix + ".sums")
        try change("a.bin") { $0.removeLast(4) }
        #expect(
            try DatasetVerifier(prefix: prefix).verify().problems.first?.description
                == "\(prefix).bin: the index describes 20 bytes but there are 16; the data was cut off: take it from another copy, or make it again"
        )
    }

    @Test("what cannot be known is not repaired")
    func refusal() throws {
        let prefix = try write()
        try change("a.bin") { $0 += [1, 0, 2, 0] }
        let error = #expect(throws: IndexError.self) { try DatasetRepair(prefix: prefix).diagnose() }
        #expect(
            error?.description
                == "\(prefix).bin: cannot be repaired: there are 24 bytes; the index describes 20, with lost end-of-text tokens 28")
        #expect(throws: IndexError.self) { try DatasetRepair(prefix: prefix).repair(into: prefix) }
    }

}
