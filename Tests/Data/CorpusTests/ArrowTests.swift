import Corpus
import Files
import Foundation
import TestSupport
import Testing
import Quantities

@Suite("Arrow") struct ArrowTests {
    static let folder = Place.fixture("arrow")
    static let names: [String] = {
        let others = ["dictionary-delta.arrows", "nested.arrows", "no-rows.arrow", "list.arrows"]
        return ((try? FileSystem.list(folder)) ?? []).filter { !others.contains($0) }
    }()

    private func path(_ name: String) -> String { Self.folder + "/" + name }

    private func texts(_ reading: Reading) -> [String] { reading.documents.map { String(decoding: $0, as: UTF8.self) } }

    @Test("streams and files of every kind of string and compression give the texts, from any place", arguments: names)
    func fixture(_ name: String) throws {
        let rows = try ParquetTests.rows("texts.json")
        let options = ParquetTests.options(chunkBytes: 256)
        for options in [CorpusOptions(), options] {
            let reading = Reading([path(name)], options)
            #expect(reading.error == nil && reading.badLines == [] && texts(reading) == rows.compactMap { $0 })
            #expect(reading.tally.position == CorpusPosition(byteOffset: reading.tally.textBytes, line: rows.count))
        }
        let reader = CorpusReader(try InputList([path(name)]), options)
        var given = 0
        while let batch = try reader.next() {
            given += batch.documentCount
            let rest = Reading([path(name)], options, from: reader.tally.position)
            #expect(texts(rest) == Array(rows.compactMap { $0 }[given...]))
        }
        let shards = try (0..<3).map { try InputList([path(name)]).shard($0, of: 3, options: options) }
        #expect(shards.flatMap { texts(Reading([path(name)], options, parts: $0)) } == rows.compactMap { $0 })
    }

    @Test("there are fixtures, and dictionaries that grow, columns inside others and no rows are read")
    func shapes() throws {
        #expect(Self.names.count > 20)
        #expect(texts(Reading([path("dictionary-delta.arrows")])) == ["one", "two", "three", "one"])
        let nested = Reading([path("nested.arrows")], ParquetTests.options(key: "meta.text"))
        #expect(texts(nested) == (try ParquetTests.rows("texts.json").compactMap { $0 }))
        let none = Reading([path("no-rows.arrow")])
        #expect(none.error == nil && none.documents.isEmpty)
    }

    @Test(
        "what is not read is named, with what there is instead",
        arguments: [
            ("list.arrows", "text", "column text is a list, not text; no column is text"),
            ("one-batch.arrows", "body", "there is no column body; texts are in text"),
            ("one-batch.arrows", "id", "column id is a column of integers, not text; texts are in text"),
            ("nested.arrows", "meta", "column meta is a group of columns, not text; texts are in meta.lang, meta.text"),
        ])
    func refused(_ name: String, _ key: String, _ reason: String) throws {
        let error = Reading([path(name)], ParquetTests.options(key: key)).error
        #expect(error?.description == path(name) + ": " + reason)
    }

    @Test("told by its first bytes; what `datasets` leaves beside is passed over")
    func recognised() throws {
        let directory = try TemporaryDirectory()
        for name in ["data-0.arrow", "cache-1"] { try directory.write(FileSystem.readAll(path("string-none.arrows")), to: "d/" + name) }
        for name in ["dataset_info.json", "state.json"] { try directory.write("{}", to: "d/" + name) }
        let list = try InputList([directory.file("d")])
        #expect(list.inputs.map { FileSystem.name(of: $0.path) } == ["cache-1", "data-0.arrow"])
        #expect(list.ignored.map(\.reason) == [.documentation, .documentation])
        let text = Reading([directory.file("d/cache-1")], CorpusOptions(source: .text)).error
        #expect(text == .foreignFormat(.arrow, path: directory.file("d/cache-1")))
        let feather = Reading([try directory.write("FEA1 and more", to: "f.feather")]).error
        #expect(feather?.description.contains("Feather of version 1") == true)
    }

    @Test("no beginning of a file, and none of a stream but at a border of messages, is read as if it were whole")
    func cut() throws {
        let directory = try TemporaryDirectory()
        for (name, least) in [("string-zstd.arrow", Int.max), ("string-none.arrows", 4)] {
            let bytes = try FileSystem.readAll(path(name))
            var whole = 0
            for count in stride(from: 0, to: bytes.count, by: 8) {
                if Reading([try directory.write(Array(bytes[..<count]), to: "c.arrow")]).error == nil { whole += 1 }
            }
            #expect(whole <= (least == .max ? 0 : least), "\(name)")
        }
    }

    @Test("damaged files give an error, bad rows or texts, and take no memory by what they claim")
    func mutations() throws {
        let directory = try TemporaryDirectory()
        let files = try (Self.names + ["dictionary-delta.arrows"]).map { try FileSystem.readAll(path($0)) }
        try mutate("arrow", files, cases: TestRun.cases(4000), expecting: CorpusError.self) { bytes in
            let options = ParquetTests.options(chunkBytes: 4096)
            let reader = CorpusReader(try InputList([try directory.write(bytes, to: "m.arrow")]), options)
            while try reader.next() != nil {}
        }
    }
}
