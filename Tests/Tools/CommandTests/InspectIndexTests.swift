import Files
import Foundation
import JSON
import TestSupport
import Testing

/// `slwdata inspect index` on documents that were chosen for it.
@Suite("Looking at a token index")
struct InspectIndexTests {
    /// `some`: six documents, of which two repeat others and one is empty.
    static func dataset() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        let texts = ["The lake is deep.", "The lake is deep.", "A hedgehog.", "", "A hedgehog.", "zzz"]
        try folder.write(texts.map { "{\"text\": \"\($0)\"}\n" }.joined(), to: "some.jsonl")
        #expect(try Tool.slwdata("preprocess", "--input", "some.jsonl", "--append-eod", in: folder.path).status == 0)
        return folder
    }

    @Test("without --full only the index is read; with it vocabulary, bytes a token and duplicates are counted")
    func full() throws {
        let folder = try Self.dataset()
        let quick = try Tool.slwdata("inspect", "index", "some", "--json", in: folder.path).json
        #expect(quick["vocabulary"] == nil && quick["duplicates"] == nil)
        let full = try Tool.slwdata("inspect", "index", "some", "--full", "--memory", "1", "--json", in: folder.path).json
        #expect(full["documents"] == quick["documents"] && full["tokens"] == quick["tokens"] && full["lengths"] == quick["lengths"])
        #expect(full["duplicates"]?["documents"] == 2 && full["duplicates"]?["passes"]?.int ?? 0 > 1)
        let vocabulary = try #require(full["vocabulary"])
        // The end-of-text tokens are no text.
        #expect(vocabulary["text_bytes"]?.int == 17 * 2 + 11 * 2 + 3)
        #expect(vocabulary["text_tokens"]?.int == full["tokens"]!.int! - (full["documents"]!.int! - full["empty_documents"]!.int!))
        #expect(vocabulary["used"]!.int! + vocabulary["unused"]!.int! == vocabulary["size"]!.int!)
        let top = try #require(vocabulary["top"]?.array)
        #expect(top.compactMap { $0["count"]?.int }.reduce(0, +) <= full["tokens"]!.int!)
        #expect(top.contains { $0["text"] == "The" || $0["text"] == "." })

        let page = try Tool.slwdata("inspect", "index", "some", "--full", "--top", "4", in: folder.path).text
        for words in ["Tokens in a document: ", "Vocabulary: ", "bytes a token", "Duplicates: 2 documents", "the first is document 1"] {
            #expect(page.contains(words), "\(words)")
        }
    }

    @Test("without its tokenizer a set still has counts, and one line says why there is no text")
    func withoutTokenizer() throws {
        let folder = try Self.dataset()
        try FileManager.default.removeItem(atPath: folder.file("some.meta"))
        let result = try Tool.slwdata("inspect", "index", "some", "--full", in: folder.path)
        #expect(result.status == 0 && result.text.contains("different tokens occur") && !result.text.contains("bytes a token"))
        #expect(result.complaints == ["no text: nothing says which tokenizer made these tokens; name it with --tokenizer"])
        let json = try Tool.slwdata("inspect", "index", "some", "--full", "--json", in: folder.path).json
        #expect(json["vocabulary"]?["bytes_per_token"]?.isNull == true && json["vocabulary"]?["used"]?.int ?? 0 > 0)
    }

    @Test("a position shows its document, its place there and the text on both sides")
    func position() throws {
        let folder = try Self.dataset()
        let first = try Tool.slwdata("inspect", "index", "some", "--at", "0", "--json", in: folder.path).json
        let length = try #require(first["document_tokens"]?.int)
        #expect(first["document"] == 0 && first["text_before"] == "")
        let second = try Tool.slwdata("inspect", "index", "some", "--at", "\(length + 1)", "--json", in: folder.path).json
        #expect(second["document"] == 1 && second["offset_in_document"] == 1 && second["byte_offset"]?.int == 2 * (length + 1))
        let whole = second["text_before"]!.string! + second["text"]!.string! + second["text_after"]!.string!
        #expect(whole.hasPrefix("The lake is deep."))
        #expect(second["ids_before"] == [first["id"]!])
        let page = try Tool.slwdata("inspect", "index", "some", "--at", "\(length + 1)", in: folder.path).text
        #expect(page.contains("document     1, its token 1 of \(length)"))
        expectComplaint(
            try Tool.slwdata("inspect", "index", "some", "--at", "1K", in: folder.path), 1,
            "slwdata: --at 1000: some has \(try Tool.slwdata("inspect", "index", "some", "--json", in: folder.path).json["tokens"]!.int!) tokens: choose a smaller one"
        )
        #expect(try Tool.slwdata("inspect", "index", "some", "some", "--at", "1", in: folder.path).status == 2)
    }

    @Test("samples and positions name the input and the line that they came from")
    func origins() throws {
        let folder = try Self.dataset()
        try folder.write("{\"text\": \"A second file.\"}\n\n{\"text\": \"With a blank line.\"}\n", to: "tome.jsonl")
        let made = try Tool.slwdata("preprocess", "--input", "some.jsonl", "tome.jsonl", "--output-prefix", "both", in: folder.path)
        #expect(made.status == 0, "\(made.errors)")
        var end = -1
        for (document, place) in [
            (0, "1 of some.jsonl"), (1, "2 of some.jsonl"), (2, "3 of some.jsonl"), (4, "5 of some.jsonl"), (5, "6 of some.jsonl"),
        ] {
            let json = try Tool.slwdata("inspect", "index", "both", "--at", "\(end + 1)", "--json", in: folder.path).json
            #expect(
                json["document"]?.int == document && json["origin"]?["line"]?.int == Int(place.prefix(1))
                    && json["origin"]?["path"] == "some.jsonl")
            let page = try Tool.slwdata("inspect", "index", "both", "--at", "\(end + 1)", in: folder.path).text
            #expect(page.contains("line \(place)"))
            end += json["document_tokens"]!.int!
        }
        // The blank line is no document, so of these two only the stretch is known.
        let last = try Tool.slwdata("inspect", "index", "both", "--at", "\(end + 1)", "--json", in: folder.path).json
        #expect(last["origin"]?["path"] == "tome.jsonl" && last["origin"]?["line"]?.isNull == true && last["origin"]?["lines"] == [1, 3])

        let options = [
            "inspect", "samples", "both", "--seq-length", "4", "--global-batch-size", "2", "--slw-start", "4", "--split", "1,0,0",
        ]
        let samples = try run(Tool.slwdata.path, options + ["--step", "1", "--json"], directory: folder.path).json
        let rows = try #require(samples["rows"]?.array)
        #expect(!rows.isEmpty)
        for slice in rows.flatMap({ $0.array ?? [] }) {
            let token = try #require(slice["token_offset"]?.int)
            let place = try Tool.slwdata("inspect", "index", "both", "--at", "\(token)", "--json", in: folder.path).json
            #expect(
                slice["document"] == place["document"] && slice["origin"] == place["origin"]
                    && slice["offset_in_document"] == place["offset_in_document"])
        }
        #expect(try run(Tool.slwdata.path, options, directory: folder.path).text.contains("some.jsonl:1"))
        // A set that somebody else made has no such record.
        try FileManager.default.removeItem(atPath: folder.file("both.meta"))
        #expect(try Tool.slwdata("inspect", "index", "both", "--at", "0", "--json", in: folder.path).json["origin"]?.isNull == true)
    }

    @Test("the page stands alone and holds the same numbers")
    func page() throws {
        let folder = try Self.dataset()
        let result = try Tool.slwdata("inspect", "index", "some", "--full", "--html", "some.html", in: folder.path)
        #expect(result.status == 0 && result.text.hasSuffix("\n\nsome.html\n"))
        let page = try String(contentsOfFile: folder.file("some.html"), encoding: .utf8)
        for words in ["<!doctype html>", "Lengths of documents", "Use of the vocabulary", "2 documents (33.3%)", "The lake is deep."] {
            #expect(page.contains(words), "\(words)")
        }
        for words in ["<script", "http://", "https://", "@import", "nan"] { #expect(!page.contains(words), "\(words)") }
        // Without --full there is nothing about the vocabulary; without documents there are no figures.
        #expect(try Tool.slwdata("inspect", "index", "some", "--html", "some.html", in: folder.path).status == 0)
        #expect(try !String(contentsOfFile: folder.file("some.html"), encoding: .utf8).contains("Vocabulary"))
        try folder.write("", to: "none.jsonl")
        #expect(try Tool.slwdata("preprocess", "--input", "none.jsonl", in: folder.path).status == 0)
        let none = try Tool.slwdata("inspect", "index", "none", "--full", "--html", "none.html", in: folder.path)
        #expect(none.status == 0 && none.text.contains("There are no documents."))
        #expect(try !String(contentsOfFile: folder.file("none.html"), encoding: .utf8).contains("<svg"))
        expectComplaint(
            try Tool.slwdata("inspect", "index", "some", "--full", "--html", "nowhere/some.html", in: folder.path), 1,
            "slwdata: cannot open nowhere/some.html.partial: No such file or directory")
    }

    @Test("several sets: shares of the tokens, and of training when they have weights")
    func sources() throws {
        let folder = try Self.dataset()
        let one = try Tool.slwdata("inspect", "index", "some", "--json", in: folder.path).json
        let two = try Tool.slwdata("inspect", "index", "some=3", "some=1", "--full", "--json", in: folder.path).json
        #expect(two["tokens"]!.int! == 2 * one["tokens"]!.int! && two["prefix"]?.isNull == true)
        #expect(two["sources"]?.array?.compactMap { $0["weight"]?.double } == [3, 1])
        #expect(two["duplicates"]?["documents"]?.int == 2 + one["documents"]!.int! - one["empty_documents"]!.int!)
        let page = try Tool.slwdata("inspect", "index", "some=3", "some=1", in: folder.path).text
        #expect(page.contains("75.0%") && page.contains("1.50") && page.contains("passes per epoch"))
        expectComplaint(
            try Tool.slwdata("inspect", "index", "some", "some=1", in: folder.path), 2,
            "slwdata: inspect index: some has no weight: all data sets have one, or none has")
        // A prefix may have an equals sign in its name.
        for ending in [".bin", ".idx"] {
            try FileManager.default.copyItem(atPath: folder.file("some" + ending), toPath: folder.file("lr=x" + ending))
        }
        #expect(try Tool.slwdata("inspect", "index", "lr=x", "--json", in: folder.path).json["tokens"] == one["tokens"])
    }
}
