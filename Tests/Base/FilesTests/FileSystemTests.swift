import Files
import Glibc
import TestSupport
import Testing

@Suite("FileSystem") struct FileSystemTests {
    @Test("names sort as a person sorts them, in a total order")
    func naturalOrder() {
        let sorted = [
            "", "00.jsonl", "1.jsonl", "07", "7", "8", "10", "010b", "a", "a1", "a1b", "a2", "a10", "a10.1", "a10.9", "a10.10", "b",
        ]
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<50 { #expect(sorted.shuffled(using: &generator).sorted(by: FileSystem.naturalOrder) == sorted) }
    }

    @Test("very long numbers compare without overflow")
    func longNumbers() {
        let nines = String(repeating: "9", count: 40)
        #expect(FileSystem.naturalOrder("x" + nines, "x1" + String(repeating: "0", count: 40)))
    }

    @Test("every byte that may stand in a file name survives", arguments: ["sp ace", "new\nline", "émoji🙂", "-rf", "*?[x]"])
    func oddNames(name: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file(name)
        try FileSystem.writeAtomically([1], to: path)
        #expect(try FileSystem.list(directory.path) == [name])
        #expect(try FileSystem.readAll(path) == [1])
    }

    @Test("names that are not UTF-8 survive, and are printed escaped")
    func foreignNames() throws {
        let directory = try TemporaryDirectory()
        let name = PathName.string(fromSystem: [0x61, 0xFF, 0x0A, 0xC3, 0x28, 0x62])
        try FileSystem.writeAtomically([7], to: directory.file(name))
        let listed = try FileSystem.list(directory.path)
        #expect(listed == [name])
        #expect(try FileSystem.readAll(directory.file(listed[0])) == [7])
        #expect(PathName.printable(name) == "a\\xFF\\n\\xC3(b")
        let error = #expect(throws: FileError.self) { _ = try OpenFile(directory.path + "/none/" + name) }
        #expect(error?.description == "cannot open \(directory.path)/none/a\\xFF\\n\\xC3(b: No such file or directory")
    }

    @Test("the mapping of names to strings loses nothing for random bytes")
    func foreignNamesProperty() {
        var generator = SeededGenerator(TestRun.seed)
        let pieces: [[UInt8]] = [
            [0xF4, 0x8F, 0xBE, 0x80], [0xF4, 0x8F, 0xBF, 0xBF], [0xE2, 0x82, 0xAC], [0xED, 0xA0, 0x80], [0x41], [0x80],
        ]
        for _ in 0..<TestRun.cases(2000) {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                bytes +=
                    Bool.random(using: &generator) ? pieces.randomElement(using: &generator)! : [.random(in: 1...255, using: &generator)]
            }
            #expect(PathName.systemBytes(PathName.string(fromSystem: bytes)) == bytes)
        }
    }

    @Test("a NUL in a path is refused, not cut off")
    func nul() throws {
        let error = #expect(throws: FileError.self) { _ = try OpenFile("/etc\0/nothing") }
        #expect(error?.code == EINVAL)
    }

    @Test("reading stops at the limit", arguments: [0, 1, 4095, 4096, 10000])
    func limit(count: Int) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write([UInt8](repeating: 5, count: count), to: "f")
        #expect(try FileSystem.readAll(path, limit: count).count == count)
        if count > 0 {
            let error = #expect(throws: FileError.self) { _ = try FileSystem.readAll(path, limit: count - 1) }
            #expect(error?.description == "cannot read \(path): larger than the limit of \(count - 1) bytes")
        }
        #expect(try FileSystem.readAll("/proc/self/stat").count > 10)
        #expect(throws: FileError.self) { _ = try FileSystem.readAll(directory.path) }
    }

    @Test("directories are made with their parents and removed with their content, links not followed")
    func directories() throws {
        let directory = try TemporaryDirectory()
        try FileSystem.createDirectories(directory.file("a/b/c"))
        try FileSystem.createDirectories(directory.file("a/b/c"))
        try directory.write("keep", to: "kept")
        symlink(directory.file("kept"), directory.file("a/link"))
        symlink("nowhere", directory.file("a/dangling"))
        try FileSystem.removeTree(directory.file("a"))
        #expect(try FileSystem.list(directory.path) == ["kept"])
        #expect(try !FileSystem.remove(directory.file("a")))
        let error = #expect(throws: FileError.self) { try FileSystem.createDirectories(directory.file("kept/x")) }
        #expect(error?.description == "cannot create directory \(directory.path)/kept: File exists")
    }

    @Test("paths divide into directory and name")
    func parts() {
        #expect(FileSystem.directory(of: "a") == "." && FileSystem.directory(of: "/a") == "/" && FileSystem.directory(of: "a/b/") == "a")
        #expect(FileSystem.name(of: "a/b/") == "b" && FileSystem.name(of: "a") == "a" && FileSystem.name(of: "/x.y") == "x.y")
    }

    @Test("a mapped file shows its bytes; loads are unaligned; an empty one is empty")
    func mapping() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write([1, 2, 3, 4, 5, 6, 7, 8, 9], to: "m")
        let file = try MappedFile(path: path)
        file.advise(.sequential, 3..<9)
        #expect(file.count == 9 && file.load(at: 1, as: UInt64.self) == 0x0908_0706_0504_0302)
        #expect(file.withBytes { Array($0) } == [1, 2, 3, 4, 5, 6, 7, 8, 9])
        let empty = try MappedFile(path: directory.write([], to: "e"))
        #expect(empty.count == 0 && empty.withBytes { $0.count } == 0)
        #expect(throws: FileError.self) { _ = try MappedFile(path: directory.path) }
        #expect(throws: FileError.self) { _ = try MappedFile(path: "/dev/null") }
    }

    @Test("a load beyond the end of a mapped file traps")
    func mappingTrap() async throws {
        await #expect(processExitsWith: .failure) {
            let directory = try TemporaryDirectory()
            let file = try MappedFile(path: directory.write([1, 2, 3, 4], to: "m"))
            _ = file.load(at: 1, as: UInt32.self)
        }
    }

    @Test("a stop signal sets the flag and the second one ends the process with 130")
    func stopSignal() async {
        await #expect(processExitsWith: .exitCode(130)) {
            StopSignal.install()
            guard !StopSignal.isRequested else { exit(1) }
            kill(getpid(), SIGINT)  // not raise: the threads that tests run on block signals
            for _ in 0..<60_000 where !StopSignal.isRequested { usleep(1000) }
            guard StopSignal.isRequested else { exit(2) }
            kill(getpid(), SIGTERM)
            sleep(60)  // ended by the signal
            exit(3)
        }
    }
}
