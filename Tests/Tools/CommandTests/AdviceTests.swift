import Corpus
import DatasetFixtures
import Files
import Foundation
import IndexedDatasets
import JSON
import Quantities
import TestSupport
import Testing

/// What our messages tell people to do is done here, word for word.
@Suite("Advice that is followed")
struct AdviceTests {
    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    static func has(_ programs: String...) -> Bool {
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return programs.allSatisfy { program in places.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") } }
    }

    /// A line as a person would type it, in the folder.
    @discardableResult
    private func shell(_ line: String) throws -> CommandResult {
        let path = Place.products + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")
        return try run("/bin/sh", ["-c", line], environment: ["PATH": path, "LC_ALL": "C"], directory: folder.path)
    }

    private func preprocess(_ words: String...) throws -> CommandResult {
        try Tool.slwdata.start(["preprocess", "--quiet", "--overwrite", "--output-prefix", "o", "--json", "--input"] + words, in: folder)
            .finish()
    }

    /// What comes of the same texts as plain JSON Lines.
    private func wanted() throws -> [[UInt8]] {
        try folder.write(Self.lines, to: "plain.jsonl")
        try #require(try preprocess("plain.jsonl").status == 0)
        return try made()
    }

    private func made() throws -> [[UInt8]] { try [".bin", ".idx"].map { try FileSystem.readAll(folder.file("o" + $0)) } }

    private static let texts = ["one two three", "four, five", "Übung macht"]
    private static let lines = texts.map { "{\"text\":\"\($0)\"}\n" }.joined()

    // MARK: files that hold no text as they lie there

    /// The format, its file's name, what makes it of `in.jsonl`, and the programs for making and for reading it.
    struct Packed: Sendable, CustomTestStringConvertible {
        let format: ForeignFormat
        let name: String
        let maker: String
        let programs: [String]
        var testDescription: String { "\(format)" }
        var isThere: Bool { programs.allSatisfy { AdviceTests.has($0) } }
    }

    static let packed = [
        Packed(format: .zip, name: "f.zip", maker: "zip -q f.zip in.jsonl", programs: ["zip", "unzip"]),
        Packed(format: .sevenZip, name: "f.7z", maker: "7z a f.7z in.jsonl", programs: ["7z"]),
        Packed(format: .lzma, name: "f.lzma", maker: "xz --format=lzma -c in.jsonl > f.lzma", programs: ["xz"]),
        Packed(format: .lzw, name: "f.jsonl.Z", maker: "true", programs: ["gzip"]),
        Packed(format: .brotli, name: "f.jsonl.br", maker: "brotli -c in.jsonl > f.jsonl.br", programs: ["brotli"]),
        Packed(format: .snappyFrames, name: "f.sz", maker: "snzip -c in.jsonl > f.sz", programs: ["snzip"]),
    ]

    /// As `compress` packs a short text: its letters in nine bits each.
    private func lzw(_ text: [UInt8]) -> [UInt8] {
        var (bytes, bits, count): ([UInt8], Int, Int) = ([0x1F, 0x9D, 0x90], 0, 0)
        for letter in text {
            bits |= Int(letter) << count
            count += 9
            while count >= 8 {
                bytes.append(UInt8(bits & 0xFF))
                bits >>= 8
                count -= 8
            }
        }
        return count > 0 ? bytes + [UInt8(bits)] : bytes
    }

    @Test("packed files are read through the pipe that is told, named or found", arguments: packed.filter(\.isThere))
    func pipes(packed: Packed) throws {
        let wanted = try wanted()
        try folder.write(Self.lines, to: "in.jsonl")
        try #require(try shell(packed.maker).status == 0)
        if packed.format == .lzw { try folder.write(lzw(Array(Self.lines.utf8)), to: packed.name) }
        try FileSystem.createDirectories(folder.file("found/deeper"))
        try FileSystem.rename(folder.file(packed.name), to: folder.file("found/deeper/" + packed.name))
        try folder.write(Self.lines, to: "found/other.jsonl")
        let named = try preprocess("found/deeper/" + packed.name)
        let found = try preprocess("found", "--unknown-files", "fail")
        #expect(named.complaints.count == 1 && named.errors.contains(": this is \(packed.format.title); "), "\(named.errors)")
        #expect(found.errors.contains("leave such files out with --unknown-files ignore"), "\(found.errors)")
        for result in [named, found] {
            #expect(result.status == 1)
            let pipe = try #require(result.errors.firstMatch(of: /read it through a pipe: (.*) …/), "\(result.errors)").1
            let piped = try shell(pipe + " --output-prefix o --overwrite --quiet")
            #expect(try piped.status == 0 && made() == wanted, "\(pipe): \(piped.errors)")
        }
        #expect(try preprocess("found", "--unknown-files", "ignore").status == 0)
    }

    @Test("every format that is told to go through a pipe is among those that are tried")
    func allPipes() {
        for format in ForeignFormat.allCases where format.advice("F").text(.init { $0 }).contains("pipe: ") {
            #expect(Self.packed.contains { $0.format == format }, "\(format)")
        }
        #expect(Self.packed.filter(\.isThere).count > 1)
    }

    @Test(
        "text in UTF-16 and UTF-32 is read after the conversion that is told", .needs(.machine(has("iconv"), "no iconv")),
        arguments: ["UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32", "UTF-32LE", "UTF-32BE"])
    func wide(encoding: String) throws {
        let text = "plain words, a Übung, and plain words again\n"
        try folder.write(text, to: "t.txt")
        try #require(try preprocess("t.txt").status == 0)
        let wanted = try made()
        try #require(try shell("iconv -f UTF-8 -t \(encoding) t.txt > w.txt").status == 0)
        let result = try preprocess("w.txt")
        #expect(result.status == 1)
        let command = try #require(result.errors.firstMatch(of: /convert it to UTF-8: (.*)\n/), "\(result.errors)").1
        try #require(try shell(command + " > back.txt").status == 0)
        #expect(try preprocess("back.txt").status == 0 && made() == wanted, "\(command)")
        // In JSON Lines the first line says it.
        let lines = try self.wanted()
        try #require(try shell("iconv -f UTF-8 -t \(encoding) plain.jsonl > w.jsonl").status == 0)
        let bad = try preprocess("w.jsonl")
        let filter = try #require(bad.errors.firstMatch(of: /(iconv -f [-A-Z0-9]+ -t UTF-8)/), "\(bad.errors)").1
        try #require(try shell("\(filter) w.jsonl > back.jsonl").status == 0)
        #expect(try preprocess("back.jsonl").status == 0 && made() == lines)
    }

    @Test("arrays, objects over several lines and chats are read after the jq that is told", .needs(.machine(has("jq"), "no jq")))
    func jq() throws {
        let wanted = try wanted()
        let objects = Self.texts.map { "{\n  \"text\": \"\($0)\"\n}" }
        try folder.write("[" + objects.joined(separator: ",\n") + "]\n", to: "array.json")
        try folder.write("[" + Self.texts.map { "{\"text\":\"\($0)\"}" }.joined(separator: ",") + "]\n", to: "line.json")
        try folder.write(objects.joined(separator: "\n"), to: "pretty.json")
        for name in ["array.json", "line.json", "pretty.json"] {
            let result = try preprocess(name)
            #expect(result.status == 1 && result.complaints.count == 1)
            let filter = try #require(result.errors.firstMatch(of: /\((jq .*)\)\n/), "\(result.errors)").1
            try #require(try shell("\(filter) \(name) > fixed.jsonl").status == 0)
            #expect(try preprocess("fixed.jsonl").status == 0 && made() == wanted, "\(name): \(filter)")
        }
        let chat = #"{"messages":[{"role":"user","content":"Why?"},{"role":"assistant","content":"\"So.\""}]}"# + "\n"
        try folder.write(chat, to: "chat.jsonl")
        for words in [["chat.jsonl"], ["chat.jsonl", "--text-key", "messages"]] {
            let result = try Tool.slwdata.start(
                ["preprocess", "--quiet", "--output-prefix", "o", "--overwrite", "--input"] + words, in: folder
            )
            .finish()
            #expect(result.status == 1)
            let filter = try #require(result.errors.firstMatch(of: /\((jq .*)\) puts/), "\(result.errors)").1
            #expect(try shell("\(filter) chat.jsonl").text == #"{"text":"user: Why?\nassistant: \"So.\""}"# + "\n")
        }
    }

    @Test("lists of texts, bytes that are no text, and files that are not known are read with the option that is told")
    func options() throws {
        try folder.write("{\"text\":[\"a\",\"b\"]}\n", to: "list.jsonl")
        #expect(try preprocess("list.jsonl").errors.contains("--source pile joins a list of texts by empty lines"))
        #expect(try preprocess("list.jsonl", "--source", "pile").json["documents"]?.int == 1)
        try folder.write([0x61, 0, 0x62], to: "b.txt")
        #expect(try preprocess("b.txt").errors.contains("or say --binary-input to take its bytes as they are"))
        #expect(try preprocess("b.txt", "--binary-input").json["text_bytes"]?.int == 3)
        try folder.write("a: b\n", to: "d/notes.yaml")
        try folder.write(Self.lines, to: "d/a.jsonl")
        let passed = try preprocess("d")
        #expect(passed.status == 0 && passed.errors.contains("to have a file read, name it, with --source to say what it holds"))
        #expect(try preprocess("d/a.jsonl", "d/notes.yaml", "--source", "lines").json["documents"]?.int == 4)
        try folder.write(try FileSystem.readAll(Place.fixture("parquet/snappy-v1-plain.parquet")), to: "t.parquet")
        #expect(try preprocess("t.parquet", "--source", "text").errors.contains("leave out --source to have its column of texts read"))
        #expect(try preprocess("t.parquet").status == 0)
        try #require(try shell("gzip -c plain.jsonl > x.jsonl.zst 2> /dev/null || gzip -c d/a.jsonl > x.jsonl.zst").status == 0)
        #expect(try preprocess("x.jsonl.zst").errors.contains("named like zstd but holds gzip data; rename it after what it holds"))
        try FileSystem.rename(folder.file("x.jsonl.zst"), to: folder.file("x.jsonl.gz"))
        #expect(try preprocess("x.jsonl.gz").json["documents"]?.int == 3)
    }

    @Test(
        "old lz4 frames, packed tables and tables with a log are read as is told",
        .needs(.machine(has("lz4", "gzip"), "no lz4 or gzip")))
    func others() throws {
        let wanted = try wanted()
        try #require(try shell("lz4 -l -q plain.jsonl old.jsonl.lz4").status == 0)
        let old = try preprocess("old.jsonl.lz4")
        let pipe = try #require(old.errors.firstMatch(of: /recompress it with a newer lz4 \((.*)\)/), "\(old.errors)").1
        try #require(try shell(pipe.replacing(" F ", with: " old.jsonl.lz4 ") + " > new.jsonl.lz4").status == 0)
        #expect(try preprocess("new.jsonl.lz4").status == 0 && made() == wanted)
        try folder.write(try FileSystem.readAll(Place.fixture("parquet/snappy-v1-plain.parquet")), to: "t/a.parquet")
        try folder.write("{}", to: "t/_delta_log/0.json")
        let documents = try preprocess("t/a.parquet").json["documents"]
        let table = try preprocess("t")
        #expect(table.status == 0 && table.errors.contains("give the files that the table still has, one by one"))
        #expect(try preprocess("t", "--unknown-files", "fail").status == 1)
        #expect(try preprocess("t/a.parquet", "--unknown-files", "fail").json["documents"]?.int == documents?.int)
        try #require(try shell("gzip -k t/a.parquet").status == 0)
        #expect(try preprocess("t/a.parquet.gz").errors.contains("unpack it first"))
        try #require(try shell("gzip -dc t/a.parquet.gz > again.parquet").status == 0)
        #expect(try preprocess("again.parquet").json["documents"]?.int == documents?.int)
    }

    @Test("what training a tokenizer passes over is counted and named, in folders and in archives")
    func training() throws {
        for name in ["d/a.jsonl", "d/c/en.jsonl", "d/c/.old/en.jsonl"] { try folder.write(Self.lines, to: name) }
        try folder.write("x", to: "d/part-1")
        try #require(try shell("tar -cf d/t.tar -C d c && rm -r d/c").status == 0)
        let trained = try Tool.slwdata(
            "tokenizer", "train", "--input", "d", "--vocab-size", "260", "--output-dir", "mine", "--quiet", "--json", in: folder.path)
        #expect(trained.status == 0)
        #expect(try trained.json["ignored_files"]?.int == 2)
        #expect(try trained.json["ignored"]?.array?.compactMap { $0["path"]?.string } == ["d/part-1", "d/t.tar/c/.old/en.jsonl"])
        #expect(trained.complaints.count == 2)
        let strict = try Tool.slwdata(
            "tokenizer", "train", "--input", "d", "--unknown-files", "fail", "--output-dir", "none", in: folder.path)
        #expect(strict.status == 1 && strict.errors.contains("d/part-1: not read: its name promises no text"))
    }

    // MARK: tokenizers and data sets

    @Test("a tokenizer without an end of text takes one that is named, and says which tokens there are")
    func endOfText() throws {
        try folder.write(Self.lines, to: "a.jsonl")
        let trained = try Tool.slwdata(
            "tokenizer", "train", "--input", "a.jsonl", "--vocab-size", "300", "--output-dir", "mine", "--quiet", "--special-tokens",
            "<begin>",
            "<im_end>", "<pad>", in: folder.path)
        try #require(trained.status == 0, "\(trained.errors)")
        let words = ["a.jsonl", "--tokenizer", "mine", "--append-eod"]
        func with(_ more: String...) throws -> CommandResult {
            try Tool.slwdata.start(
                ["preprocess", "--output-prefix", "o", "--overwrite", "--quiet", "--json", "--input"] + words + more, in: folder
            )
            .finish()
        }
        let none = try with()
        #expect(none.status == 1 && none.errors.contains("name one with --eod-token (inspect tokenizer lists the special ones)"))
        let listed = try Tool.slwdata("inspect", "tokenizer", "mine", "--json", in: folder.path).json
        #expect(listed["special_tokens"]?["<im_end>"]?.int == 1)
        for name in ["<im_end>", "1"] {
            #expect(try with("--eod-token", name).json["documents_end_with"]?.int == 1)
            #expect(try Tool.slwdata("verify", "o", "--json", in: folder.path).json["documents_end_with"]?["documents"]?.int == 3)
        }
        let wrong = try with("--eod-token", "<eos>")
        #expect(wrong.errors.contains("there are <begin> (0), <im_end> (1), <pad> (2)"))
    }

    @Test("a side file that cannot be used is removed, a set of another type is converted, and then they work")
    func datasets() throws {
        try folder.dataset("a", [[1, 2], [3]])
        try folder.write("{", to: "a.meta")
        let merged = try Tool.slwdata("inspect", "index", "a", in: folder.path)
        #expect(merged.status == 0)
        try folder.dataset("b", [[4]], type: .int32)
        let mixed = try Tool.slwdata("merge", "a", "b", "--output-prefix", "c", in: folder.path)
        #expect(mixed.status == 1 && mixed.errors.contains("it holds int32, a holds uint16"))
        #expect(try Tool.slwdata("convert", "b", "--dtype", "uint16", "--output", "d", in: folder.path).status == 0)
        #expect(try Tool.slwdata("merge", "a", "d", "--output-prefix", "c", in: folder.path).status == 0)
        // As DeepSpeed's library numbers types, which Megatron's files cannot.
        var index = try FileSystem.readAll(folder.file("b.idx"))
        index[17] = 7
        try folder.write(index, to: "u.idx")
        try folder.write(try FileSystem.readAll(folder.file("b.bin")), to: "u.bin")
        let dialect = try Tool.slwdata("merge", "u", "--output-prefix", "v", in: folder.path)
        #expect(dialect.status == 1 && dialect.errors.contains("Megatron has no uint32; use `slwdata convert` on it first"))
        #expect(try Tool.slwdata("convert", "u", "--output", "w", in: folder.path).status == 0)
        #expect(try Tool.slwdata("merge", "w", "--output-prefix", "v", in: folder.path).status == 0)
        // An array where a corpus is asked for.
        #expect(try Tool.slwdata("convert", "a", "--to", "npy", "--output", "t.npy", in: folder.path).status == 0)
        let array = try preprocess("t.npy")
        let command = try #require(array.errors.firstMatch(of: /slwdata (convert t.npy --output P)\n/), "\(array.errors)").1
        #expect(try Tool.slwdata.start(command.split(separator: " ").map(String.init), in: folder).finish().status == 0)
        #expect(try Tool.slwdata("verify", "P", "--json", in: folder.path).json["tokens"]?.int == 3)
    }
}
