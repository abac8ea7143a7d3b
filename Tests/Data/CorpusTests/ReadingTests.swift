import Corpus
import Files
import Foundation
import Quantities
import TestSupport
import Testing

/// Compresses with the system's program of that name.
func compressed(_ bytes: [UInt8], _ program: String, _ arguments: [String] = ["-c"]) throws -> [UInt8]? {
    for folder in ["/usr/bin/", "/bin/", "/usr/local/bin/", "/opt/homebrew/bin/"] where FileSystem.exists(folder + program) {
        return try run(folder + program, arguments, input: bytes).output
    }
    return nil
}

@Suite("Reading a corpus") struct ReadingTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// Random documents: lengths over four orders of magnitude, empty ones, line breaks, other scripts.
    static func documents(_ count: Int, _ generator: inout SeededGenerator) -> [String] {
        (0..<count).map { index in
            let words = ["the", "fox", "über", "日本語", "😀", "a\"b", "back\\slash", "tab\tbed", "new\nline", "end."]
            let length = [0, 1, 3, 20, 300, 3000].randomElement(using: &generator)!
            return (0..<length).map { _ in words.randomElement(using: &generator)! }.joined(separator: " ")
                + (length > 0 ? " #\(index)" : "")
        }
    }

    /// The documents as JSON Lines, with blank lines and CRLF here and there.
    static func lines(_ documents: [String], _ generator: inout SeededGenerator) throws -> [UInt8] {
        var text = ""
        for (index, document) in documents.enumerated() {
            if index % 7 == 3 { text += "  \n" }
            let escaped = String(decoding: try JSONEncoder().encode(document), as: UTF8.self)
            text += "{\"id\":\(index),\"text\":\(escaped)}" + (index % 5 == 1 ? "\r\n" : "\n")
        }
        if Bool.random(using: &generator) { text.removeLast() }
        return Array(text.utf8)
    }

    @Test("documents do not depend on chunks, compression, or where reading was interrupted")
    func invariance() throws {
        var generator = SeededGenerator(TestRun.seed)
        for round in 0..<TestRun.cases(4) {
            let documents = Self.documents(60, &generator)
            let bytes = try Self.lines(documents, &generator)
            var paths = [try directory.write(bytes, to: "\(round).jsonl")]
            for (program, ending) in [("gzip", "gz"), ("xz", "xz"), ("bzip2", "bz2"), ("zstd", "zst"), ("lz4", "lz4")] {
                if let packed = try compressed(bytes, program) { paths.append(try directory.write(packed, to: "\(round).jsonl.\(ending)")) }
            }
            for path in paths {
                for chunkBytes in [256, 5000, 1 << 20] {
                    var options = CorpusOptions()
                    options.chunkBytes = chunkBytes
                    let whole = Reading([path], options)
                    #expect(whole.error == nil && whole.badLines == [])
                    #expect(whole.documents.map { String(decoding: $0, as: UTF8.self) } == documents, "seed \(TestRun.seed), \(path)")
                    #expect(whole.tally.position.byteOffset == bytes.count)
                    // Stop after some chunks, go on from there.
                    let reader = CorpusReader(try InputList([path]), options)
                    var seen = 0
                    for _ in 0..<Int.random(in: 0...20, using: &generator) { seen += try reader.next()?.documentCount ?? 0 }
                    let rest = Reading([path], options, from: reader.tally.position)
                    #expect(rest.documents == Array(whole.documents[seen...]), "seed \(TestRun.seed), \(path), \(reader.tally.position)")
                    #expect(rest.tally.position == whole.tally.position)
                }
            }
        }
    }

    @Test("an origin leads back to the line")
    func origins() throws {
        var generator = SeededGenerator(TestRun.seed)
        let bytes = try Self.lines(Self.documents(50, &generator), &generator)
        let inputs = try InputList([try directory.write(bytes, to: "o.jsonl")])
        var options = CorpusOptions()
        options.chunkBytes = 1000
        let (chunks, parser, batch) = (ChunkReader(inputs, options), ChunkParser(options), DocumentBatch())
        var tally = CorpusTally()
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        while let chunk = try chunks.next() {
            parser.parse(chunk, into: batch)
            for index in 0..<batch.documentCount {
                let origin = batch.origin(of: index, in: inputs, linesBefore: tally.linesBefore(batch))
                let line = lines[origin.line - 1]
                #expect(line.startIndex == origin.byteOffset)
                let again = Reading(
                    [inputs.inputs[0].path], options, from: CorpusPosition(input: 0, byteOffset: origin.byteOffset, line: origin.line - 1))
                #expect(again.documents.first == Array(batch.document(index)))
            }
            try tally.add(batch, of: inputs, options) { _ in }
        }
    }

    @Test("shards, one after the other, are the whole, for any number of them")
    func shards() throws {
        var generator = SeededGenerator(TestRun.seed)
        for index in 0..<5 {
            let bytes = try Self.lines(Self.documents(30, &generator), &generator)
            try directory.write(
                index == 2 ? try compressed(bytes, "gzip") ?? bytes : bytes, to: index == 2 ? "in/2.jsonl.gz" : "in/\(index).jsonl")
        }
        try directory.write([], to: "in/9.jsonl")
        var options = CorpusOptions()
        options.chunkBytes = 700
        let inputs = try InputList([directory.file("in")])
        let whole = Reading([directory.file("in")], options)
        for count in [1, 2, 3, 5, 16, 100] {
            var documents: [[UInt8]] = []
            for index in 0..<count {
                documents += Reading([directory.file("in")], options, parts: try inputs.shard(index, of: count, options: options)).documents
            }
            #expect(documents == whole.documents, "seed \(TestRun.seed), \(count) shards")
        }
        for (index, count) in [(0, 0), (3, 3), (-1, 2), (0, -1)] { #expect(try inputs.shard(index, of: count, options: options) == []) }
    }

    @Test("a shard border at every byte of a file loses and repeats nothing")
    func everyBorder() throws {
        let path = try directory.write("{\"text\":\"a\"}\n\n{\"text\":\"bc\"}\r\n{\"text\":\"d\"}", to: "b.jsonl")
        let size = try FileSystem.size(path)
        for border in 0...size {
            var options = CorpusOptions()
            options.chunkBytes = 256
            let parts = [0..<border, border..<size].filter { !$0.isEmpty }.map { InputPart(input: 0, bytes: $0) }
            let documents = parts.flatMap { Reading([path], options, parts: [$0]).documents }
            #expect(documents.map { String(decoding: $0, as: UTF8.self) } == ["a", "bc", "d"], "border \(border)")
        }
    }

    @Test("archives: every way to store a name, archives inside archives, and what is not a text")
    func archives() throws {
        let long = String(repeating: "directory/", count: 15) + "file.txt"
        var inner = TarMaker()
        inner.file("0001.txt", Array("inner one".utf8))
        inner.file("0002.txt", [])
        inner.file(".hidden", Array("no".utf8))
        let packed = try #require(try compressed(inner.finished(), "xz"))
        var tar = TarMaker()
        tar.file("texts/", [], type: "5")
        tar.file("a.txt", Array("first\n".utf8))
        tar.gnuLongFile(long, Array("second".utf8))
        tar.paxFile("ü/" + long, [UInt8](repeating: 0x78, count: 1500))
        tar.header("link", size: 0, type: "2")
        tar.file("b_data.xz", packed)
        tar.file("lines.jsonl", Array("{\"text\":\"j1\"}\n{\"text\":\"j2\"}".utf8))
        tar.file("old.txt", Array("v7".utf8), type: "7")
        let expected = ["first\n", "second", String(repeating: "x", count: 1500), "inner one", "", "j1", "j2", "v7"]
        for (bytes, name) in [(tar.finished(), "t.tar"), (try #require(try compressed(tar.finished(), "gzip")), "t.tar.gz")] {
            let path = try directory.write(bytes, to: name)
            for chunkBytes in [256, 1 << 20] {
                var options = CorpusOptions()
                options.chunkBytes = chunkBytes
                let reading = Reading([path], options)
                #expect(reading.error == nil && reading.badLines == [])
                #expect(reading.documents.map { String(decoding: $0, as: UTF8.self) } == expected)
                let reader = CorpusReader(try InputList([path]), options)
                var seen = 0
                while let batch = try reader.next() {
                    seen += batch.documentCount
                    #expect(Reading([path], options, from: reader.tally.position).documents == Array(reading.documents[seen...]))
                }
            }
        }
        // Cut anywhere, it is an error, never a short read.
        for _ in 0..<TestRun.cases(40) {
            var generator = SeededGenerator(TestRun.seed)
            let length = Int.random(in: 1..<tar.finished().count - 1024, using: &generator)
            let reading = Reading([try directory.write(Array(tar.finished()[..<length]), to: "cut.tar")])
            #expect(reading.error != nil)
        }
    }

    @Test("WikiExtractor without --json: the text as with it")
    func docElements() throws {
        let text = """
            <doc id="1" url="u" title="A &amp; B">
            A & B

            First paragraph.
            Second.

            </doc>
            <doc id="2" url="u" title="Empty">
            Empty

            </doc>
            <doc id="3" url="u" title="T">
            No title here.

            Gap kept.
            </doc>

            """
        for name in ["AA/wiki_00", "x.bin2"] {
            let path = try directory.write(text, to: name)
            for chunkBytes in [256, 1 << 20] {
                var options = CorpusOptions()
                options.chunkBytes = chunkBytes
                let reading = Reading([path], options)
                #expect(
                    reading.documents.map { String(decoding: $0, as: UTF8.self) } == [
                        "First paragraph.\nSecond.", "", "No title here.\n\nGap kept.",
                    ])
                #expect(reading.error == nil && reading.badLines == [] && reading.tally.position.line == 16)
            }
        }
        let cut = Reading([
            try directory.write("<doc id=\"1\" url=\"\" title=\"t\">\nt\n\na\n</doc>\nstray\n<doc id=\"2\">\nno end\n", to: "AB/wiki_00")
        ])
        #expect(cut.documents == [[0x61]] && cut.badLines == [6, 7])
    }

    @Test("stories: both forms, told apart, CRLF or not")
    func stories() throws {
        func read(_ text: String, _ name: String = "cc-stories.txt") throws -> [String] {
            Reading([try directory.write(text, to: name)]).documents.map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(try read("One sentence .\nTwo .\n\n\nNext one .\n") == ["One sentence .\nTwo .", "Next one ."])
        #expect(try read("One sentence .\r\nTwo .\r\n \r\nNext one .") == ["One sentence .\nTwo .", "Next one ."])
        #expect(try read("One document. All of it.\nAnother one.\r\nThird\n") == ["One document. All of it.", "Another one.", "Third"])
        #expect(
            try read("He came .\nHe saw .\n`` Won , '' he said .\nThe end !\n") == ["He came .\nHe saw .\n`` Won , '' he said .\nThe end !"]
        )
        #expect(try read("a\n\nb\n", "stories_corpus/x.txt") == ["a", "b"])
        // Elsewhere a .txt is one document.
        #expect(try read("a\n\nb\n", "other.txt") == ["a\n\nb\n"])
    }

    @Test("plain text: one document a file, byte for byte, whatever the bytes")
    func text() throws {
        // A NUL would else be taken for a sign that this is no text.
        var (anyBytes, untold) = (CorpusOptions(source: .text), CorpusOptions())
        (anyBytes.acceptsBinary, untold.acceptsBinary) = (true, true)
        let odd: [UInt8] = [0xFF, 0x00, 0xC3, 0x28, 0x0D, 0x0A, 0x0A]
        let paths = [
            try directory.write(odd, to: "t/a.txt"), try directory.write([], to: "t/b.txt"), try directory.write("x", to: "t/c.md"),
        ]
        #expect(Reading([directory.file("t")], anyBytes).documents == [odd, [], [0x78]])
        #expect(Reading([directory.file("t")], untold).documents == [odd, []])
        #expect(Reading(paths.reversed(), anyBytes).documents == [[0x78], [], odd])
    }

    @Test("records above the limits are bad lines, their neighbours are read, memory is not taken")
    func limits() throws {
        var options = CorpusOptions()
        (options.maximumLineBytes, options.maximumDocumentBytes, options.chunkBytes) = (1000, 500, 256)
        func line(_ count: Int) -> String { "{\"text\":\"\(String(repeating: "x", count: count))\"}\n" }
        let text = line(3) + line(5000) + line(600) + String(repeating: " ", count: 5000) + "\n" + line(4)
        let reading = Reading([try directory.write(text, to: "l.jsonl")], options)
        #expect(reading.documents.map(\.count) == [3, 4] && reading.badLines == [2, 3] && reading.tally.blankLines == 1)
        #expect(
            reading.reasons == [
                "a line of 5012 bytes is longer than the limit of 1000 (--max-line-bytes)",
                "a document of 600 bytes is longer than the limit of 500 (--max-document-bytes)",
            ])
        let exact = Reading([try directory.write(line(500) + line(988), to: "e.jsonl")], options)
        #expect(exact.documents.map(\.count) == [500] && exact.badLines == [2])
        for (bytes, count) in [(500, 1), (501, 0), (5000, 0)] {
            let file = Reading([try directory.write(String(repeating: "y", count: bytes), to: "y.txt")], options)
            #expect(file.documents.count == count && file.badLines == (count == 1 ? [] : [1]))
        }
        // However much of the file a chunk holds.
        (options.chunkBytes, options.maximumDocumentBytes) = (1 << 16, 1 << 16)
        let long = String(repeating: "y", count: 1001)
        let files: [(text: String, name: String, source: CorpusSource, badLine: Int)] = [
            ("a\n\(long)\nb\n", "limits/l.txt", .lines, 2), ("a\n\n\(long)\n\nb\n", "stories_corpus/l.txt", .auto, 3),
            ("<doc id=\"1\">\na\n</doc>\n<doc id=\"2\">\n\(long)\n</doc>\n<doc id=\"3\">\nb\n</doc>\n", "AA/wiki_00", .auto, 4),
        ]
        for file in files {
            options.source = file.source
            let reading = Reading([try directory.write(file.text, to: file.name)], options)
            #expect(reading.documents.map { String(decoding: $0, as: UTF8.self) } == ["a", "b"], "\(file.name)")
            #expect(reading.badLines == [file.badLine] && reading.reasons.first?.hasSuffix("(--max-line-bytes)") == true, "\(file.name)")
        }
        (options.source, options.chunkBytes, options.maximumDocumentBytes) = (.auto, 256, 500)
        let stories = "a\nb\n\n" + String(repeating: "word word\n", count: 300) + "\nc\n"
        let sentences = Reading([try directory.write(stories, to: "stories_corpus/s.txt")], options)
        #expect(sentences.documents.map { String(decoding: $0, as: UTF8.self) } == ["a\nb", "c"] && sentences.badLines == [4])
        #expect(sentences.tally.position == CorpusPosition(input: 0, byteOffset: stories.utf8.count, line: 305))
    }

    @Test("lz4 frames are read, and the legacy frame is named")
    func lz4() throws {
        let line = Array("{\"text\":\"plain\"}\n".utf8)
        // A frame of one stored block, and an end mark.
        let frame = [0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, UInt8(line.count), 0, 0, 0x80] + line + [0, 0, 0, 0]
        let reading = Reading([try directory.write(frame + frame, to: "l.jsonl.lz4")])
        #expect(reading.error == nil && reading.documents.map { String(decoding: $0, as: UTF8.self) } == ["plain", "plain"])
        try directory.write(frame, to: "d/l.jsonl.lz4")
        #expect(try InputList([directory.file("d")]).inputs.count == 1)
        for count in 1..<frame.count { #expect(Reading([try directory.write(Array(frame[..<count]), to: "c.jsonl.lz4")]).error != nil) }
        let legacy = Reading([try directory.write([0x02, 0x21, 0x4C, 0x18, 1, 0, 0, 0, 0], to: "o.jsonl.lz4")]).error
        #expect(legacy?.description.contains("legacy frame; recompress it") == true)
    }

    @Test("a zstd frame with a long window is refused with the option that allows it, and then read")
    func longWindow() throws {
        let line = Array("{\"text\":\"a\"}\n".utf8)
        guard let packed = try compressed(line, "zstd", ["--long=28", "-c"]) else { return }
        let path = try directory.write(packed, to: "w.jsonl.zst")
        #expect(Reading([path]).error?.description.contains("above the limit of 128 MiB; give it more (zstd-window 2GiB)") == true)
        var options = CorpusOptions()
        options.maximumWindowLog = 28
        #expect(Reading([path], options).error == nil && Reading([path], options).documents == [Array("a".utf8)])
    }

    @Test("damaged compressed files are named; what came before is delivered")
    func damage() throws {
        let bytes = Array("{\"text\":\"a\"}\n".utf8)
        let gz = try #require(try compressed(bytes, "gzip"))
        let cut = Reading([try directory.write(Array(gz.dropLast(6)), to: "c.jsonl.gz")])
        #expect(cut.documents.count <= 1)
        let early = "\(directory.file("c.jsonl.gz")): cannot decompress this at compressed byte \(gz.count - 6): the file ends early"
        #expect(cut.error?.description.hasPrefix(early) == true)
        let error = #expect(throws: FileError.self) { _ = try ChildProcess("no-such-program-slw", [], input: nil) }
        #expect(error?.isMissing == true)
    }
}
