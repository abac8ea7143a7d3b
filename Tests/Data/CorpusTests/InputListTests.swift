import Corpus
import Files
import Foundation
import Quantities
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Finding inputs") struct InputListTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    func names(_ paths: [String], _ source: CorpusSource = .auto) throws -> [String] {
        try InputList(paths, source: source).inputs.map { String($0.path.dropFirst(directory.path.count + 1)) }
    }

    @Test("directories are searched to any depth, in natural order; what promises no text is ignored and told")
    func directories() throws {
        for name in [
            "c/shard-10.jsonl", "c/shard-9.jsonl", "c/sub/x.jsonl.zst", "c/AA/wiki_00", "c/README.md", "c/.hidden.jsonl", "c/out.idx",
            "c/out.bin", "c/a.txt.gz", "c/t.tar", "c/b.jsonl.partial",
        ] { try directory.write("", to: name) }
        try directory.write("{\n  \"format\": \"slwdata dataset\", \"version\": 1\n}\n", to: "c/out.json")
        #expect(
            try names([directory.file("c")]) == [
                "c/AA/wiki_00", "c/a.txt.gz", "c/shard-9.jsonl", "c/shard-10.jsonl", "c/sub/x.jsonl.zst", "c/t.tar",
            ])
        #expect(try names([directory.file("c/sub/x.jsonl.zst"), directory.file("c/AA")]) == ["c/sub/x.jsonl.zst", "c/AA/wiki_00"])
        let ignored = try InputList([directory.file("c")]).ignored
        #expect(
            ignored.map { FileSystem.name(of: $0.path) } == [
                ".hidden.jsonl", "README.md", "b.jsonl.partial", "out.bin", "out.idx", "out.json",
            ])
        #expect(ignored.map(\.reason) == [.hidden, .documentation, .unfinished, .tokenIndex, .tokenIndex, .tokenIndex])
        #expect(try InputList([directory.file("c")], unknownFiles: .fail).inputs.count == 6)
        #expect(try names([directory.file("c")], .text).contains("c/README.md"))
    }

    @Test("nothing found is explained")
    func nothing() throws {
        try FileSystem.createDirectories(directory.file("empty/deeper"))
        try directory.write("", to: "docs/README.md")
        try directory.write("", to: "docs/b.pdf")
        func message(_ path: String) -> String? { #expect(throws: CorpusError.self) { _ = try InputList([path]) }?.description }
        #expect(message(directory.file("empty")) == "\(directory.path)/empty: nothing to read here: the directory is empty")
        #expect(
            message(directory.file("docs"))
                == "\(directory.path)/docs: nothing to read here: passed over 2 files: \(directory.path)/docs/b.pdf (its name promises no text), \(directory.path)/docs/README.md (documentation or checksums); to have a file read, name it, with source to say what it holds"
        )
        #expect(
            message(directory.file("*.jsonl"))
                == "\(directory.path)/*.jsonl: nothing to read here: no name matches this pattern (quote it, so that the shell leaves it alone)"
        )
        #expect(message(directory.file("gone.jsonl")) == "cannot inspect \(directory.path)/gone.jsonl: No such file or directory")
    }

    @Test("patterns match names, never hidden ones, at one level or any")
    func patterns() throws {
        for name in [
            "p/a1.jsonl", "p/a10.jsonl", "p/a2.jsonl", "p/b.jsonl", "p/.a3.jsonl", "p/q/a4.jsonl", "p/q/r/a5.jsonl", "p/[x].jsonl",
        ] {
            try directory.write("", to: name)
        }
        #expect(try names([directory.file("p/a*.jsonl")]) == ["p/a1.jsonl", "p/a2.jsonl", "p/a10.jsonl"])
        #expect(try names([directory.file("p/a?.jsonl")]) == ["p/a1.jsonl", "p/a2.jsonl"])
        #expect(try names([directory.file("p/[ac-z]*.jsonl")]) == ["p/a1.jsonl", "p/a2.jsonl", "p/a10.jsonl"])
        #expect(try names([directory.file("p/[!a]*.jsonl")]) == ["p/[x].jsonl", "p/b.jsonl"])
        #expect(try names([directory.file("p/**/a[45].jsonl")]) == ["p/q/a4.jsonl", "p/q/r/a5.jsonl"])
        #expect(try names([directory.file("*/q/*/*.jsonl")]) == ["p/q/r/a5.jsonl"])
        // A name that exists is that name, not a pattern.
        #expect(try names([directory.file("p/[x].jsonl")]) == ["p/[x].jsonl"])
        // A pattern that would be exponential for a naive matcher.
        try directory.write("", to: "z/" + String(repeating: "a", count: 200))
        #expect(throws: CorpusError.self) { try names([directory.file("z/" + String(repeating: "a*", count: 30) + "b")]) }
    }

    @Test("odd names are names", arguments: ["sp ace.jsonl", "new\nline.jsonl", "-rf.jsonl", "é😀.jsonl", "a*b.jsonl", "quote'\".jsonl"])
    func oddNames(name: String) throws {
        try directory.write("{\"text\":\"x\"}\n{bad\n", to: "odd/" + name)
        for path in [directory.file("odd/" + name), directory.file("odd")] {
            let reader = CorpusReader(try InputList([path]))
            #expect(try reader.next()?.documentCount == 1)
            let error = #expect(throws: CorpusError.self) { _ = try reader.next() }
            #expect(error?.description.contains("\n") == false)
        }
    }

    @Test("names that are not UTF-8 are names too")
    func foreignNames() throws {
        let name = PathName.string(fromSystem: [0xFF, 0xFE] + Array(".jsonl".utf8))
        try FileSystem.createDirectories(directory.file("f"))
        try FileSystem.writeAtomically(Array("{\"text\":\"x\"}\n{".utf8), to: directory.file("f/" + name))
        let reader = CorpusReader(try InputList([directory.file("f")]))
        #expect(try reader.next()?.documentCount == 1)
        let error = #expect(throws: CorpusError.self) { _ = try reader.next() }
        #expect(error?.description.hasPrefix(directory.path + "/f/\\xFF\\xFE.jsonl, line 2, byte 2 (offset 14): ") == true)
    }

    @Test("links are followed, loops of them are not walked twice, dangling ones are ignored")
    func links() throws {
        try directory.write("{\"text\":\"x\"}\n", to: "l/a.jsonl")
        symlink("a.jsonl", directory.file("l/b.jsonl"))
        symlink("nowhere", directory.file("l/c.jsonl"))
        symlink("..", directory.file("l/up"))
        symlink(".", directory.file("l/self"))
        #expect(try names([directory.file("l")]) == ["l/a.jsonl", "l/b.jsonl"])
        #expect(Reading([directory.file("l")]).documents.count == 2)
    }

    @Test("a named pipe is read when it is named, and not waited for when it only lies there")
    func pipes() async throws {
        try directory.write("{\"text\":\"file\"}\n", to: "n/a.jsonl")
        let pipe = directory.file("n/pipe.jsonl")
        mkfifo(pipe, 0o600)
        #expect(Reading([directory.file("n")]).documents.count == 1)
        let packed = try compressed(Array("{\"text\":\"through\"}\n{\"text\":\"pipe\"}\n".utf8), "gzip")!
        let writer = Thread {
            let file = try? OpenFile(pipe, .write)
            packed.withUnsafeBytes { try? file?.write($0) }
        }
        writer.start()
        let reading = Reading([pipe])
        #expect(reading.documents.count == 2 && reading.error == nil)
    }

    #if DEBUG
        @Test("a file that cannot be opened, or fails while it is read, is an error that names it")
        func failing() throws {
            let path = try directory.write(String(repeating: "{\"text\":\"x\"}\n", count: 1000), to: "e.jsonl")
            ForcedFailure.add(.open, pathContaining: path, code: EACCES)
            #expect(Reading([path]).error?.description == "cannot open \(path): Permission denied")
            ForcedFailure.remove(pathContaining: path)
            var options = CorpusOptions()
            options.chunkBytes = 4096
            ForcedFailure.add(.read, pathContaining: path, code: EIO, skipping: 4)
            defer { ForcedFailure.remove(pathContaining: path) }
            let reading = Reading([path], options)
            #expect(reading.documents.count > 100 && reading.error?.description == "cannot read \(path): Input/output error")
        }
    #endif

    @Test("a file whose content nobody can tell is asked about")
    func unknown() throws {
        let path = try directory.write("hello\n", to: "data")
        #expect(
            Reading([path]).error?.description
                == "\(path): cannot tell what this holds; say it with source (auto, jsonl, text, lines, paragraphs, wikipedia, cc-stories, realnews, openwebtext, pile)"
        )
        #expect(Reading([try directory.write("\u{FEFF} \n{\"text\":\"x\"}", to: "data2")]).documents.count == 1)
        #expect(Reading([try directory.write("\n \n", to: "data3")]).tally.blankLines == 2)
    }

    @Test("damage to compressed files and archives never crashes, hangs or takes memory")
    func fuzz() throws {
        var generator = SeededGenerator(TestRun.seed)
        let text = Array((0..<300).map { "{\"text\":\"document \($0) \(String(repeating: "word ", count: $0 % 40))\"}\n" }.joined().utf8)
        var tar = TarMaker()
        tar.file("a.jsonl", text)
        tar.paxFile(String(repeating: "long/", count: 40) + "b.txt", Array("b".utf8))
        tar.gnuLongFile(String(repeating: "long/", count: 40) + "c.txt", Array("c".utf8))
        var seeds: [(String, [UInt8])] = [("f.jsonl", text), ("f.tar", tar.finished())]
        for (program, ending) in [("zstd", "zst"), ("gzip", "gz"), ("xz", "xz"), ("bzip2", "bz2")] {
            if let packed = try compressed(text, program) { seeds.append(("f.jsonl." + ending, packed)) }
        }
        for round in 0..<TestRun.cases(300) {
            // Those that need another program cost a thousand times more: fewer of them.
            let (name, seed) =
                round % 10 == 0
                ? seeds.randomElement(using: &generator)! : seeds[[0, 1, min(2, seeds.count - 1)].randomElement(using: &generator)!]
            var bytes = seed
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0...4, using: &generator) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
                case 1: bytes[min(place, Int.random(in: 0...20, using: &generator))] = .random(in: 0...255, using: &generator)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 0...600, using: &generator)))
                case 3: bytes.insert(contentsOf: bytes.prefix(Int.random(in: 0...600, using: &generator)), at: place)
                default: bytes.replaceSubrange(place..., with: seed.suffix(min(seed.count, bytes.count - place)))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            var options = CorpusOptions()
            options.chunkBytes = 4096
            let reading = Reading([try directory.write(bytes, to: name)], options)
            #expect(reading.tally.documents <= 4 * text.count)
            #expect(reading.error?.description.contains("\n") != true)
        }
    }
}
