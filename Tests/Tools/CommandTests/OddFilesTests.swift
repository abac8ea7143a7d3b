import Files
import Foundation
import JSON
import TestSupport
import Testing

/// Files that open and then do not behave, and names that nobody would choose.
@Suite("Odd files")
struct OddFilesTests {
    let folder: TemporaryDirectory
    let good: [[UInt8]]
    init() throws {
        folder = try TemporaryDirectory()
        try folder.write("{\"text\":\"one two three\"}\n{\"text\":\"four\"}\n", to: "in/a.jsonl")
        let made = try Tool.slwdata("preprocess", "--input", folder.file("in/a.jsonl"), "--output-prefix", folder.file("good"), "--quiet")
        try #require(made.status == 0, "\(made.errors)")
        good = try Self.files(folder.file("good"))
    }

    private static func files(_ prefix: String) throws -> [[UInt8]] {
        try [".bin", ".idx", ".sums"].map { try FileSystem.readAll(prefix + $0) }
    }

    /// A file that opens and whose every read fails with EIO: a process has nothing at address 0.
    private static let failing = "/proc/self/mem"

    @Test(
        "a file that cannot be read is named in one line, and what was there before stays",
        .needs(.machine(FileSystem.exists(failing), "no /proc")))
    func failingReads() throws {
        for name in ["in/b.jsonl", "x.tiktoken", "x.jsonl", "x.idx"] { symlink(Self.failing, folder.file(name)) }
        let output = ["--output-prefix", folder.file("good"), "--overwrite"]
        let cases: [(Tool, [String], String)] = [
            (.slwdata, ["preprocess", "--input", folder.file("in")] + output, "in/b.jsonl"),
            (.slwdata, ["preprocess", "--input", Self.failing, "--source", "text"] + output, Self.failing),
            (
                .slwdata, ["preprocess", "--input", folder.file("in/a.jsonl"), "--tokenizer", folder.file("x.tiktoken")] + output,
                "x.tiktoken"
            ),
            (
                .slwdata,
                ["tokenizer", "train", "--input", folder.file("x.jsonl"), "--vocab-size", "300", "--output-dir", folder.file("t")],
                "x.jsonl"
            ),
            (.slwdata, ["tokenizer", "encode", "--tokenizer", folder.file("x.tiktoken")], "x.tiktoken"),
            (.slwTrain, ["report", folder.file("x.jsonl")], "x.jsonl"),
        ]
        for (tool, arguments, name) in cases {
            let result = try run(tool.path, arguments)
            #expect(result.status == 1 && !result.signalled && result.text.isEmpty, "\(arguments)")
            #expect(result.complaints.count == 1, "\(result.errors)")
            #expect(result.errors.contains("cannot read") && result.errors.contains("\(name)"), "\(result.errors)")
            #expect(result.errors.contains("Input/output error"), "\(result.errors)")
            #expect(try Self.files(folder.file("good")) == good)
        }
        // A map of nothing is empty: the pair is refused for what it lacks.
        #expect(try Tool.slwdata("verify", folder.file("x")).status == 1)
    }

    @Test("names with blanks, line ends and bytes that are not UTF-8 are read, and written about in one line")
    func names() throws {
        let names = [
            " a b .jsonl", "line\nend.jsonl", "quote\"'$(x).jsonl", "-dash.jsonl",
            PathName.string(fromSystem: [0xFF, 0xC3, 0x28] + Array(".jsonl".utf8)),
        ]
        try FileSystem.createDirectories(folder.file("odd names"))
        for name in names {
            try FileSystem.writeAtomically(Array("{\"text\":\"one two three\"}\n".utf8), to: folder.file("odd names/" + name))
        }
        let result = try Tool.slwdata(
            "preprocess", "--input", folder.file("odd names"), "--output-prefix", folder.file("odd\nout put"), "--json", "--quiet")
        #expect(result.status == 0 && result.complaints.isEmpty, "\(result.errors)")
        #expect(try result.json["documents"]?.int == names.count)
        #expect(try Tool.slwdata("verify", folder.file("odd\nout put")).status == 0)
        for name in names {
            try FileSystem.writeAtomically(Array("{\"text\":\n".utf8), to: folder.file("odd names/" + name))
            let result = try Tool.slwdata("preprocess", "--input", folder.file("odd names"), "--output-prefix", folder.file("bad"))
            #expect(result.status == 1 && result.complaints.count == 1, "\(result.errors)")
            #expect(result.errors.utf8.dropLast().allSatisfy { $0 >= 0x20 }, "\(result.errors)")
            try FileSystem.remove(folder.file("odd names/" + name))
        }
    }

    @Test("a named pipe is read to its end; its run cannot be resumed but is whole")
    func pipe() throws {
        let path = folder.file("pipe.jsonl")
        mkfifo(path, 0o600)
        let text = try FileSystem.readAll(folder.file("in/a.jsonl"))
        let reading = try Tool.slwdata.start(
            ["preprocess", "--input", path, "--source", "jsonl", "--output-prefix", folder.file("piped"), "--quiet", "--json"], in: folder)
        let writer = Thread {
            let file = try? OpenFile(path, .write)
            text.withUnsafeBytes { try? file?.write($0) }
        }
        writer.start()
        let result = try reading.finish()
        #expect(result.status == 0, "\(result.errors)")
        #expect(try Self.files(folder.file("piped")) == good)
    }

    @Test("an input that grows or shrinks while it is read gives whole lines or an error, never a torn data set")
    func changing() throws {
        let line = "{\"text\":\"\(String(repeating: "word ", count: 40))\"}\n"
        let path = folder.file("changing.jsonl")
        for shrinks in [false, true] {
            try folder.write(String(repeating: line, count: 40_000), to: "changing.jsonl")
            let prefix = folder.file("changing")
            let command = try Tool.slwdata.start(
                [
                    "preprocess", "--input", path, "--output-prefix", prefix, "--overwrite", "--workers", "1", "--durable-every", "0.02",
                    "--quiet",
                ],
                in: folder)
            command.wait(until: prefix + ".bin.partial")
            // Cut in the middle of a line, or made longer by half a line.
            if shrinks {
                truncate(path, off_t(line.utf8.count * 30_000 + 17))
            } else {
                let file = try FileHandle(forWritingTo: URL(filePath: path))
                try file.seekToEnd()
                try file.write(contentsOf: Data(line.utf8.prefix(20)))
                try file.close()
            }
            let result = try command.finish()
            #expect(!result.signalled && (result.status == 0 || result.complaints.count == 1), "\(result.errors)")
            if result.status == 0 {
                #expect(try Tool.slwdata("verify", prefix).status == 0)
            } else {
                #expect(!FileSystem.exists(prefix + ".idx"), "\(result.errors)")
            }
            for name in try FileSystem.list(folder.path) where name.hasPrefix("changing.") && name != "changing.jsonl" {
                try FileSystem.removeTree(folder.file(name))
            }
        }
    }
}
