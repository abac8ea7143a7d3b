import Files
import Foundation
import JSON
import TestSupport
import Testing

/// What `preprocess` is told about its input, as a person types it.
@Suite("Options of the corpus")
struct CorpusOptionTests {
    let folder: TemporaryDirectory
    init() throws {
        folder = try TemporaryDirectory()
        let lines = [
            #"{"content":"one two","path":"a","lang":"en","meta":{"n":1,"text":"first"}}"#,
            #"{"content":"drei","path":"b","lang":"de","meta":{"n":2,"text":"second"}}"#,
            #"{"content":"four","path":"c","lang":"en","meta":{"n":3,"text":"third"}}"#,
        ]
        try folder.write(lines.joined(separator: "\n") + "\n", to: "c.jsonl")
    }

    private func preprocess(_ words: String..., input: String = "c.jsonl", prefix: String = "o") throws -> CommandResult {
        let arguments = ["preprocess", "--quiet", "--overwrite", "--input", folder.file(input), "--output-prefix", folder.file(prefix)]
        return try run(Tool.slwdata.path, arguments + words, environment: ["LC_ALL": "C"])
    }

    private func files(_ prefix: String) throws -> [[UInt8]] {
        try [".bin", ".idx"].map { try FileSystem.readAll(folder.file(prefix) + $0) }
    }

    @Test("several keys make a data set each, as each alone does, with Megatron's names")
    func keys() throws {
        let both = try preprocess("--json-keys", "content", "path", "--json")
        #expect(both.status == 0, "\(both.errors)")
        let sets = try #require(try both.json["data_sets"]?.array)
        #expect(sets.map { $0["documents"]?.int } == [3, 3])
        #expect(sets.map { $0["output_prefix"]?.string } == ["o_content_document", "o_path_document"].map { folder.file($0) })
        for key in ["content", "path"] {
            #expect(try preprocess("--text-key", key, prefix: "alone").status == 0)
            #expect(try files("alone") == (try files("o_\(key)_document")))
        }
        #expect(try preprocess("--text-key", "content", "--megatron-names", prefix: "m").status == 0)
        #expect(try files("m_content_document") == (try files("o_content_document")))
        #expect(try preprocess("--text-key", "path", "path").status == 2)
        let train = try Tool.slwdata(
            "tokenizer", "train", "--input", folder.file("c.jsonl"), "--text-key", "path", "lang", "--output-dir", folder.file("t"))
        #expect(train.status == 2 && train.errors.contains("a vocabulary is learnt from one"))
    }

    @Test("keys inside objects, and documents selected by what is under any key")
    func selection() throws {
        #expect(try preprocess("--text-key", "meta.text", "--json").json["documents"]?.int == 3)
        let german = try preprocess("--text-key", "content", "--where", "lang=de", "--json").json
        #expect(german["documents"]?.int == 1 && german["filtered_documents"]?.int == 2)
        let some = try preprocess("--text-key", "content", "--where", "meta.n=1", "meta.n=3", "lang=en", "--json").json
        #expect(some["documents"]?.int == 2)
        let none = try preprocess("--text-key", "content", "--where", "lang=fr")
        #expect(none.status == 0 && none.errors.contains("no document is as wanted: all 3 are of others (seen: de, en)"))
        #expect(try preprocess("--where", "lang").status == 2)
        try folder.write("plain\n", to: "p.txt")
        let text = try preprocess("--where", "lang=de", input: "p.txt")
        #expect(text.status == 1 && text.errors.contains("documents are selected by keys, which only JSON Lines have"))
    }

    @Test("no text says why: the sets and the keys that are there")
    func reasons() throws {
        try folder.write(#"{"text":"x","meta":{"pile_set_name":"Pile-CC"}}"# + "\n", to: "pile.jsonl")
        let sets = try preprocess("--source", "pile", "--pile-set", "pile-cc", input: "pile.jsonl")
        #expect(sets.status == 0 && sets.errors.contains("no document is of the set pile-cc: all 1 are of others (seen: Pile-CC)"))
        let keys = try preprocess("--bad-lines", "skip")
        #expect(
            keys.status == 0
                && keys.errors.contains("all its 3 lines are bad (the first: the object has no key \"text\"; it has \"content\", "))
        try folder.write("[{\"text\":\"x\"}]\n", to: "array.json")
        let array = try preprocess(input: "array.json")
        #expect(array.status == 1 && array.errors.contains("write its elements a line each (jq -c '.[]')"))
    }

    @Test("lines and paragraphs of plain text")
    func plain() throws {
        try folder.write("one\n\ntwo\nthree\n\n\nfour", to: "l.txt")
        #expect(try preprocess("--source", "lines", "--json", input: "l.txt").json["documents"]?.int == 4)
        #expect(try preprocess("--source", "paragraphs", "--json", input: "l.txt").json["documents"]?.int == 3)
        #expect(try preprocess("--json", input: "l.txt").json["documents"]?.int == 1)
    }

    @Test("a text that is no Unicode stops the run, is passed over, or is read with U+FFFD")
    func invalidText() throws {
        let lines = [#"{"text":"a"}"#, #"{"text":"b\ud800c"}"#, #"{"text":"d"}"#].joined(separator: "\n").utf8
        try folder.write(Array(lines) + Array("\n{\"text\":\"e".utf8) + [0xFF] + Array("f\"}\n".utf8), to: "s.jsonl")
        #expect(try preprocess(input: "s.jsonl").status == 1)
        let skipped = try preprocess("--invalid-text", "skip", "--json", input: "s.jsonl")
        #expect(try skipped.json["documents"]?.int == 2 && skipped.json["bad_lines"]?.int == 2)
        #expect(try preprocess("--invalid-text", "replace", "--json", input: "s.jsonl").json["documents"]?.int == 4)
        let wanted = ["a", "b\u{FFFD}c", "d", "e\u{FFFD}f"].map { "{\"text\":\"\($0)\"}\n" }.joined()
        try folder.write(wanted, to: "w.jsonl")
        let replaced = try files("o")
        #expect(try preprocess(input: "w.jsonl").status == 0)
        #expect(try files("o") == replaced)
        // What Python writes for no number is no JSON, and harmless beside the text when that is asked for.
        try folder.write("{\"text\":\"a\",\"score\":NaN}\n{\"text\":\"b\",\"score\":-Infinity}\n", to: "n.jsonl")
        let strict = try preprocess(input: "n.jsonl")
        #expect(strict.status == 1 && strict.errors.contains("(NaN and Infinity are no JSON); --invalid-text replace passes over them"))
        for policy in ["skip", "replace"] {
            #expect(try preprocess("--invalid-text", policy, "--json", input: "n.jsonl").json["documents"]?.int == 2)
        }
        // Other mistakes stop the run as ever.
        try folder.write("{\"text\":\"a\\ud800\"}\n{\"text\":1}\n", to: "x.jsonl")
        for policy in ["skip", "replace"] { #expect(try preprocess("--invalid-text", policy, input: "x.jsonl").status == 1) }
    }
}
