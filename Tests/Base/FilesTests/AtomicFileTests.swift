import Files
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("AtomicFile") struct AtomicFileTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    func content(_ path: String) -> String? { (try? FileSystem.readAll(path)).map { String(decoding: $0, as: UTF8.self) } }

    @Test("the final name appears with the commit and not before")
    func commit() throws {
        let path = directory.file("a.bin")
        try directory.write("old", to: "a.bin")
        var file = try AtomicFile(path)
        try file.write(Array("ne".utf8))
        try file.flush()
        #expect(content(path) == "old" && content(path + ".partial") == "ne")
        try file.write(Array("w".utf8))
        #expect(file.byteCount == 3)
        try file.commit()
        #expect(content(path) == "new" && !FileSystem.exists(path + ".partial"))
    }

    @Test("a file that is dropped leaves nothing")
    func drop() throws {
        let path = directory.file("a.bin")
        do {
            var file = try AtomicFile(path)
            try file.write([1, 2, 3])
            #expect(FileSystem.exists(path + ".partial"))
        }
        #expect(try FileSystem.list(directory.path) == [])
    }

    @Test("a second writer is refused while the first lives, and named")
    func exclusive() throws {
        let path = directory.file("a.bin")
        let file = try AtomicFile(path)
        let error = #expect(throws: FileError.self) { _ = try AtomicFile(path) }
        #expect(error?.description == "cannot lock \(path).partial: another process is writing here")
        try file.commit()
        let next = try AtomicFile(path)
        try next.commit()
    }

    @Test("what was left can be continued, cut back to a durable point")
    func leave() throws {
        let path = directory.file("a.bin")
        var file = try AtomicFile(path)
        try file.write(Array("0123456789".utf8))
        try file.leave()
        #expect(content(path) == nil && content(path + ".partial") == "0123456789")
        var resumed = try AtomicFile(path, keeping: 4)
        try resumed.write(Array("x".utf8))
        try resumed.commit()
        #expect(content(path) == "0123x")
    }

    @Test("continuing with more than there is, is an error")
    func keepingTooMuch() throws {
        let path = directory.file("a.bin")
        try directory.write("abc", to: "a.bin.partial")
        let error = #expect(throws: FileError.self) { _ = try AtomicFile(path, keeping: 5) }
        #expect(error?.description == "cannot open \(path).partial at byte 3: 5 bytes were expected to be here")
    }

    @Test("pieces of every size, megabytes of them, come out as one file, also when it is left and gone on with")
    func pieces() throws {
        let path = directory.file("large")
        var random = SeededGenerator(TestRun.seed)
        var expected: [UInt8] = []
        func write(_ count: Int, to file: inout AtomicFile) throws {
            let goal = expected.count + count
            while expected.count < goal {
                let byte = UInt8.random(in: 0...255, using: &random)
                let piece = [UInt8](
                    repeating: byte, count: Int.random(in: 1...[100, 300_000, 5_000_000].randomElement(using: &random)!, using: &random))
                try file.write(piece)
                expected += piece
            }
        }
        var left = try AtomicFile(path)
        try write(9 << 20, to: &left)
        try left.startSync()
        try write(1 << 20, to: &left)
        try left.leave()
        // What is behind the last durable point is cut off.
        expected.removeLast(expected.count / 3)
        var file = try AtomicFile(path, keeping: expected.count)
        try write(9 << 20, to: &file)
        #expect(file.byteCount == expected.count)
        try file.commit()
        #expect(try FileSystem.readAll(path) == expected)
    }

    @Test("large and small writes arrive in order, and a header can be written last")
    func order() throws {
        let path = directory.file("a.bin")
        var generator = SeededGenerator(TestRun.seed)
        var expected: [UInt8] = [0, 0]
        var file = try AtomicFile(path)
        try file.write(expected)
        for _ in 0..<40 {
            let piece = [UInt8](repeating: .random(in: 0...255, using: &generator), count: .random(in: 0...300_000, using: &generator))
            expected += piece
            try file.write(piece)
        }
        [UInt8](arrayLiteral: 7, 9).withUnsafeBytes { try? file.overwrite($0, at: 0) }
        expected.replaceSubrange(0..<2, with: [7, 9])
        try file.commit()
        #expect(try FileSystem.readAll(path) == expected)
    }

    #if DEBUG
        @Test("a full disk is an error with the path, and nothing stays", arguments: [FileOperation.write, .sync, .rename])
        func fullDisk(operation: FileOperation) throws {
            let path = directory.file("a.bin")
            try directory.write("old", to: "a.bin")
            ForcedFailure.add(operation, pathContaining: directory.path, code: ENOSPC)
            defer { ForcedFailure.remove(pathContaining: directory.path) }
            let error = #expect(throws: FileError.self) { try FileSystem.writeAtomically([1, 2, 3], to: path) }
            #expect(error?.code == ENOSPC && error?.operation == operation)
            #expect(
                error?.description
                    == "cannot \(operation.rawValue) \(path).partial: No space left on device (free some space or choose another place)")
            #expect(content(path) == "old")
            #expect(try FileSystem.list(directory.path) == ["a.bin"])
        }
    #endif
}

@Suite("FileLock") struct FileLockTests {
    @Test("a lock excludes, names its holder, and goes with its owner")
    func excludes() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("run.lock")
        do {
            let lock = try FileLock(path)
            let error = #expect(throws: FileError.self) { _ = try FileLock(path) }
            #expect(error?.description == "cannot lock \(path): another process is writing here (process \(getpid()))")
            _ = lock.path
        }
        #expect(!FileSystem.exists(path))
        _ = try FileLock(path)
    }
}
