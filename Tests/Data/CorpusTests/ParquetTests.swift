import Corpus
import Files
import Foundation
import JSON
import TestSupport
import Testing
import Quantities

@Suite("Parquet") struct ParquetTests {
    static let folder = Place.fixture("parquet")

    /// The rows of a list of texts in JSON; nil where there is none.
    static func rows(_ name: String) throws -> [String?] {
        try JSONValue.parse(FileSystem.readAll(folder + "/" + name)).array!.map(\.string)
    }

    static func path(_ name: String) -> String { folder + "/" + name + ".parquet" }

    /// The fixtures of the texts in `texts.json`: all that are not listed.
    static let plain: [String] = {
        let others = ["all-null", "no-rows", "null-type", "number", "not-utf8", "brotli", "nested", "required", "lists-v1", "lists-v2"]
        let names = (try? FileSystem.list(folder)) ?? []
        return names.filter { $0.hasSuffix(".parquet") }.map { String($0.dropLast(8)) }.filter { !others.contains($0) }
    }()

    static func options(key: String = "text", chunkBytes: Int = 1 << 20) -> CorpusOptions {
        var options = CorpusOptions(textKey: key)
        options.chunkBytes = chunkBytes
        return options
    }

    private func texts(_ reading: Reading) -> [String] { reading.documents.map { String(decoding: $0, as: UTF8.self) } }

    @Test("each codec, page version and encoding gives the texts, in chunks of any size", arguments: plain)
    func fixture(_ name: String) throws {
        let rows = try Self.rows("texts.json")
        for chunkBytes in [1 << 20, 256] {
            let reading = Reading([Self.path(name)], Self.options(chunkBytes: chunkBytes))
            #expect(reading.error == nil && reading.badLines == [] && texts(reading) == rows.compactMap { $0 })
            // Rows without a text are no documents, and rows all the same.
            #expect(reading.tally.position == CorpusPosition(byteOffset: reading.tally.textBytes, line: rows.count))
            #expect(reading.tally.emptyDocuments == rows.count { $0 == "" })
        }
    }

    @Test("there are fixtures of each codec")
    func fixtures() {
        #expect(Self.plain.count > 45)
        for codec in ["none", "snappy", "gzip", "zstd", "lz4"] { #expect(Self.plain.count { $0.hasPrefix(codec + "-v") } == 8) }
    }

    @Test("nested columns by dots, lists joined by an empty line, columns that are always there")
    func shapes() throws {
        let rows = try Self.rows("texts.json")
        #expect(texts(Reading([Self.path("nested")], Self.options(key: "meta.text"))) == rows.compactMap { $0 })
        #expect(texts(Reading([Self.path("required")], Self.options())) == rows.map { $0 ?? "" })
        let lists = try Self.rows("lists.json").compactMap { $0 }
        for version in ["lists-v1", "lists-v2"] {
            for key in ["text", "text.list.element"] {
                let reading = Reading([Self.path(version)], Self.options(key: key, chunkBytes: 256))
                #expect(reading.error == nil && texts(reading) == lists, "\(version), \(key)")
            }
        }
        for name in ["all-null", "no-rows"] {
            let reading = Reading([Self.path(name)], Self.options())
            #expect(reading.error == nil && reading.documents.isEmpty)
        }
    }

    @Test("reading goes on from any place between two chunks, and shards hold every row once")
    func places() throws {
        for name in ["zstd-v1-dictionary", "snappy-v2-prefixes", "dictionary-then-plain", "lists-v1", "all-null"] {
            let path = Self.path(name)
            let options = Self.options(chunkBytes: 256)
            let whole = Reading([path, path], options)
            let reader = CorpusReader(try InputList([path, path]), options)
            var given = 0
            while let batch = try reader.next() {
                given += batch.documentCount
                let rest = Reading([path, path], options, from: reader.tally.position)
                #expect(rest.documents == Array(whole.documents[given...]), "\(name) from \(reader.tally.position)")
            }
            let inputs = try InputList([path, path])
            for count in [1, 2, 3, 7, 40] {
                let shards = try (0..<count).map { try inputs.shard($0, of: count, options: options) }
                #expect(shards.flatMap { Reading([path, path], options, parts: $0).documents } == whole.documents, "\(name) in \(count)")
                // The middle of a shard is found again, too.
                for shard in shards where !shard.isEmpty {
                    let part = Reading([path, path], options, parts: shard)
                    let reader = CorpusReader(inputs, options, parts: shard)
                    guard let first = try reader.next() else { continue }
                    let rest = Reading([path, path], options, parts: shard, from: reader.tally.position)
                    #expect(rest.documents == Array(part.documents[first.documentCount...]))
                }
            }
        }
        #expect(try InputList([Self.path("snappy-v1-plain")]).shard(1, of: 2, options: CorpusOptions()).count == 1)
    }

    @Test(
        "what is not read is named, with what there is instead",
        arguments: [
            ("null-type", "text", "column text is of type null, not text"), ("number", "text", "is INT64, not text; texts are in body"),
            ("nested", "text", "there is no column text; there are id, meta.lang, meta.text"),
            ("nested", "meta", "column meta is a group of columns, not text; inside it there are meta.lang, meta.text"),
            ("other-columns", "pairs", "column pairs is a list or map, not text"),
            ("brotli", "text", "row group 0, column text: it is compressed with BROTLI"),
        ])
    func refused(_ name: String, _ key: String, _ reason: String) throws {
        let error = try #require(Reading([Self.path(name)], Self.options(key: key)).error?.description)
        #expect(error.hasPrefix(Self.path(name) + ": ") && error.contains(reason), "\(error)")
        #expect(!error.contains("\n"))
    }

    @Test("a text that is no UTF-8 and one that is too long are bad rows, named by row and row group")
    func badRows() throws {
        let path = Self.path("not-utf8")
        let skipping = Reading([path], Self.options())
        #expect(texts(skipping) == ["fine"] && skipping.badLines == [2] && skipping.reasons == ["the text is not UTF-8"])
        let reader = CorpusReader(try InputList([path]), CorpusOptions())
        let error = #expect(throws: CorpusError.self) { while try reader.next() != nil {} }
        #expect(error?.description == "\(path), row 2 (in row group 0), byte 4: the text is not UTF-8")
        var short = Self.options()
        short.maximumDocumentBytes = 20
        let rows = try Self.rows("texts.json")
        let reading = Reading([Self.path("snappy-v1-plain")], short)
        #expect(texts(reading) == rows.compactMap { $0 }.filter { $0.utf8.count <= 20 })
        #expect(reading.badLines == rows.indices.filter { (rows[$0]?.utf8.count ?? 0) > 20 }.map { $0 + 1 })
    }

    @Test("told by its first bytes or its name, as a file of its own and not with --source text")
    func recognised() throws {
        let directory = try TemporaryDirectory()
        let bytes = try FileSystem.readAll(Self.path("snappy-v1-plain"))
        let count = try Self.rows("texts.json").compactMap { $0 }.count
        for name in ["d/part-0", "d/UPPER.PARQUET", "d/a.pq", "d/b.jsonl"] {
            #expect(Reading([try directory.write(bytes, to: name)]).documents.count == count, "\(name)")
        }
        try directory.write("{}", to: "d/_delta_log/0.json")
        try directory.write("x", to: "d/_SUCCESS")
        let list = try InputList([directory.file("d")])
        #expect(list.inputs.count == 4)
        #expect(list.ignored.map(\.reason) == [.documentation, .tableLog])
        let text = Reading([directory.file("d/a.pq")], CorpusOptions(source: .text)).error
        #expect(text == .foreignFormat(.parquet, path: directory.file("d/a.pq")))
        for (name, wanted) in [("a.parquet", "the file is empty"), ("b.parquet", "is no Parquet file"), ("c.parquet", "git lfs pull")] {
            let content = [
                "a.parquet": "", "b.parquet": "<html>an error page</html>", "c.parquet": "version https://git-lfs.github.com/spec/v1\n",
            ]
            let error = Reading([try directory.write(content[name]!, to: name)]).error
            #expect(error?.description.contains(wanted) == true, "\(String(describing: error))")
        }
        if let packed = try compressed(bytes, "gzip") {
            let error = Reading([try directory.write(packed, to: "g.parquet.gz")]).error
            #expect(error?.description.contains("unpack it first") == true)
        }
    }

    @Test("two files joined into one are not taken for the last of them")
    func joined() throws {
        let directory = try TemporaryDirectory()
        let (first, second) = (try FileSystem.readAll(Self.path("none-v1-plain")), try FileSystem.readAll(Self.path("none-v2-lengths")))
        for pair in [first + second, first + first] {
            let error = Reading([try directory.write(pair, to: "j.parquet")]).error
            #expect(error?.description.contains("several Parquet files joined into one") == true)
        }
    }

    @Test("no beginning of a file is read as if it were whole")
    func cut() throws {
        let directory = try TemporaryDirectory()
        let bytes = try FileSystem.readAll(Self.path("checksums"))
        for count in stride(from: 0, to: bytes.count, by: 7) {
            let reading = Reading([try directory.write(Array(bytes[..<count]), to: "c.parquet")])
            #expect(reading.documents.isEmpty && reading.error != nil)
        }
    }

    @Test("damaged files give an error, bad rows or texts, and take no memory by what they claim")
    func mutations() throws {
        let directory = try TemporaryDirectory()
        let files = try (Self.plain + ["lists-v1", "lists-v2", "required"]).map { try FileSystem.readAll(Self.path($0)) }
        // Damage to the footer is damage to everything: half of it goes elsewhere.
        for key in ["text", "body"] {
            try mutate("parquet-\(key)", files, cases: TestRun.cases(2500), expecting: CorpusError.self) { bytes in
                let reader = CorpusReader(
                    try InputList([try directory.write(bytes, to: "m.parquet")]), Self.options(key: key, chunkBytes: 4096))
                while try reader.next() != nil {}
            }
        }
    }

    @Test("no byte of a page can change unseen where pages have checksums")
    func checksums() throws {
        let directory = try TemporaryDirectory()
        let (bytes, whole) = (try FileSystem.readAll(Self.path("checksums")), Reading([Self.path("checksums")]).documents)
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(300) {
            var damaged = bytes
            damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            let reading = Reading([try directory.write(damaged, to: "s.parquet")])
            #expect(reading.error != nil || reading.documents == whole)
        }
    }
}
