import Corpus
import Files
import Foundation
import Quantities
import TestSupport
import Testing

@Suite("What is read of what lies there") struct SelectionTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func ignored(_ path: String, _ source: CorpusSource = .auto) throws -> [String: IgnoredInput.Reason] {
        try InputList([directory.file(path)], source: source).ignored.reduce(into: [:]) { $0[FileSystem.name(of: $1.path)] = $1.reason }
    }

    @Test("a .json beside an .idx is text, unless it describes a data set")
    func jsonBesideIndex() throws {
        for name in ["d/a.idx", "d/a.bin", "d/b.idx"] { try directory.write("MMIDIDX", to: name) }
        try directory.write("{\"text\":\"one\"}\n", to: "d/a.json")
        try directory.write("{\"format\":\"slwdata dataset\",\"version\":1}\n", to: "d/b.json")
        let list = try InputList([directory.file("d")])
        #expect(list.inputs.map { FileSystem.name(of: $0.path) } == ["a.json"])
        #expect(try ignored("d")["b.json"] == .tokenIndex)
        #expect(try InputList([directory.file("d/*.json")]).inputs.count == 1)
    }

    @Test("what a run leaves half done is never an input")
    func unfinished() throws {
        try directory.write("{\"text\":\"one\"}\n", to: "d/a.jsonl")
        try directory.write("{}", to: "d/o.partial/run.json")
        try directory.write("", to: "d/o.lock")
        try directory.write("", to: "d/o.sums.partial")
        #expect(try InputList([directory.file("d")]).inputs.count == 1)
        #expect(try ignored("d") == ["o.partial": .unfinished, "o.lock": .tokenIndex, "o.sums.partial": .unfinished])
    }

    @Test("files of formats that we do not read are named by their content, and can be made an error")
    func foreign() throws {
        try directory.write("{\"text\":\"one\"}\n", to: "d/a.jsonl")
        try directory.write(Array("PK\u{3}\u{4}rest of it".utf8), to: "d/b.dat")
        try directory.write([0x0B, 0x00, 0x80], to: "d/c.jsonl.br")
        try directory.write("something", to: "d/part-00001")
        let found = try ignored("d")
        #expect(found == ["b.dat": .foreign(.zip), "c.jsonl.br": .foreign(.brotli), "part-00001": .unknownName])
        let remark = IgnoredInput.remark(try InputList([directory.file("d")]).ignored, count: 3)?.text(.commandLine)
        #expect(remark?.hasPrefix("passed over 3 files: ") == true && remark?.contains("unzip -p") == true)
        let error = #expect(throws: CorpusError.self) { _ = try InputList([directory.file("d")], unknownFiles: .fail) }
        #expect(
            error?.description.contains("b.dat: not read: a ZIP archive (and 2 more); unpack it, or read it through a pipe: unzip -p ")
                == true)
        // Who says what the files hold means those whose names say nothing, too.
        #expect(try ignored("d", .jsonl)["part-00001"] == nil)
    }

    @Test(
        "bytes that are no text are named, whatever the source says",
        arguments: [
            ("PK\u{3}\u{4}", ForeignFormat.zip), ("%PDF-1.7\n", .pdf), ("SQLite format 3\u{0}", .sqlite),
            ("Obj\u{1}avro.schema", .avro), ("ORC\u{3}", .orc), ("WARC/1.0\r\n", .warc), ("  <mediawiki xmlns=\"x\">\n", .mediaWiki),
            ("text with a NUL \u{0} in it, once", .binary),
        ])
    func named(_ text: String, _ format: ForeignFormat) throws {
        try directory.write(text, to: "f.txt")
        for source in [CorpusSource.auto, .text, .ccStories] where format != .binary || source != .auto {
            let error = Reading([directory.file("f.txt")], CorpusOptions(source: source)).error
            #expect(error == .foreignFormat(format, path: directory.file("f.txt")), "\(source)")
        }
        var insisting = CorpusOptions(source: .text)
        insisting.acceptsBinary = true
        #expect(Reading([directory.file("f.txt")], insisting).documents == [Array(text.utf8)])
    }

    @Test("UTF-16 and UTF-32 are named, with and without a byte order mark")
    func wide() throws {
        let text = "Plain words, twice: plain words."
        let encodings: [(String.Encoding, ForeignFormat)] = [
            (.utf16LittleEndian, .utf16LE), (.utf16BigEndian, .utf16BE), (.utf16, .utf16), (.utf32LittleEndian, .utf32LE),
            (.utf32BigEndian, .utf32BE), (.utf32, .utf32),
        ]
        for (encoding, format) in encodings {
            try directory.write(Array(text.data(using: encoding)!), to: "w.txt")
            #expect(Reading([directory.file("w.txt")]).error == .foreignFormat(format, path: directory.file("w.txt")), "\(encoding)")
        }
        #expect(Reading([directory.file("w8.txt")]).error != nil)
        try directory.write("Ünïcödé, 日本語, and plain.", to: "w8.txt")
        #expect(Reading([directory.file("w8.txt")]).documents.count == 1)
    }

    @Test("archives are read as folders are, and what is passed over in them is counted")
    func archives() throws {
        func program(_ words: [String]) throws {
            let program = Process()
            program.executableURL = URL(filePath: "/bin/tar")
            program.arguments = words
            try program.run()
            program.waitUntilExit()
        }
        for name in ["t/corpus/en.jsonl", "t/corpus/.ipynb_checkpoints/en-checkpoint.jsonl", "t/corpus/._en.jsonl"] {
            try directory.write("{\"text\":\"one\"}\n", to: name)
        }
        for name in ["t/corpus/README.md", "t/corpus/SHA256SUMS", "t/corpus/more.yaml"] { try directory.write("no JSON", to: name) }
        try program(["-cf", directory.file("t.tar"), "-C", directory.file("t"), "corpus"])
        for source in [CorpusSource.auto, .jsonl] {
            let reading = Reading([directory.file("t.tar")], CorpusOptions(source: source))
            #expect(reading.documents.count == 1 && reading.error == nil)
            #expect(Reading([directory.file("t")], CorpusOptions(source: source)).documents == reading.documents)
        }
        let members = IgnoredMembers()
        let reader = ChunkReader(try InputList([directory.file("t.tar")]), CorpusOptions(), ignored: members)
        while try reader.next() != nil {}
        #expect(members.before(input: 0).count == 0 && members.before(input: 1).count == 5)
        #expect(Set(members.before(input: 1).ignored.map(\.reason)) == [.hidden, .documentation, .unknownName])
        var strict = CorpusOptions()
        strict.unknownFiles = .fail
        #expect(Reading([directory.file("t.tar")], strict).error?.description.contains("corpus/more.yaml: not read: ") == true)
        // What reads a file by itself does not read it in an archive.
        try directory.write("PK\u{3}\u{4}packed", to: "t/corpus/packed.txt")
        try program(["-czf", directory.file("z.tgz"), "-C", directory.file("t"), "corpus/packed.txt"])
        #expect(
            Reading([directory.file("z.tgz")]).error?.description
                == "\(directory.path)/z.tgz/corpus/packed.txt: this is a ZIP archive; unpack what it lies in, and give it by itself")
        // A bad line is named with the file that it is in.
        try directory.write("{\"text\":\"one\"}\n{\"text\":2}\n", to: "t/corpus/en.jsonl")
        try program(["-cf", directory.file("b.tar"), "-C", directory.file("t"), "corpus/en.jsonl"])
        let bad = CorpusReader(try InputList([directory.file("b.tar")]))
        #expect(try bad.next()?.documentCount == 1)
        #expect(
            #expect(throws: CorpusError.self) { _ = try bad.next() }?.description
                == "\(directory.path)/b.tar, line 2, byte 9 (offset 23), in corpus/en.jsonl: \"text\" must be a string, found a number")
    }
}
