import Files
import JSON
import TestSupport
import Testing

@Suite("slwdata tokenizer")
struct TokenizerCommandTests {
    @Test("what encode prints, decode turns back into the same bytes", arguments: ["text", "u16le", "u32le"])
    func roundTrip(format: String) throws {
        var random = SeededGenerator(TestRun.seed)
        var inputs: [[UInt8]] = [[], Array("\n".utf8), Array("Hello world, naïve 東京 🎉\n".utf8), Array("<|endoftext|>".utf8)]
        for _ in 0..<TestRun.cases(4) {
            inputs.append((0..<Int.random(in: 1...5000, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        for input in inputs {
            let ids = try Tool.slwdata("tokenizer", "encode", "--format", format, input: input)
            #expect(ids.status == 0 && ids.errors == "")
            let text = try Tool.slwdata("tokenizer", "decode", "--format", format, input: ids.output)
            #expect(text.output == input, "seed \(TestRun.seed)")
        }
    }

    @Test("special tokens are made from text only when asked for")
    func specials() throws {
        let text = Array("<|endoftext|>".utf8)
        #expect(try Tool.slwdata("tokenizer", "encode", input: text).text != "0\n")
        #expect(try Tool.slwdata("tokenizer", "encode", "--allow-special", input: text).text == "0\n")
    }

    @Test("what is no token id is refused with its place")
    func mistakes() throws {
        expectComplaint(
            try Tool.slwdata("tokenizer", "decode", input: Array("12 x".utf8)), 1,
            "slwdata: standard input, byte 4: not a token id; ids are numbers separated by blanks")
        expectComplaint(
            try Tool.slwdata("tokenizer", "decode", input: Array("99999".utf8)), 1,
            "slwdata: no token has the id 99999 (the vocabulary has 2048 entries)")
        expectComplaint(
            try Tool.slwdata("tokenizer", "decode", "--format", "u16le", input: [1, 2, 3]), 1,
            "slwdata: standard input: 3 bytes are no whole number of u16le ids; was another --format meant?")
        expectComplaint(
            try Tool.slwdata("tokenizer", "decode", input: Array("5000000000".utf8)), 1,
            "slwdata: standard input, byte 10: a number too large for a token id")
    }

    @Test("a model in the hub's cache is found by its name; tokenizer_config.json decides the end of text")
    func hubCache() throws {
        let folder = try TemporaryDirectory()
        let model = "hub/models--lake--boats-1b"
        let tokenizer = try FileSystem.readAll(Place.fixture("golden/small-tokenizers/json-metaspace-first/tokenizer.json"))
        for revision in ["0123abcd", "4567ef01"] { try folder.write(tokenizer, to: "\(model)/snapshots/\(revision)/tokenizer.json") }
        try folder.write(#"{"eos_token": {"content": "<s>"}}"#, to: "\(model)/snapshots/0123abcd/tokenizer_config.json")
        func inspect(_ name: String, _ options: String...) throws -> CommandResult {
            try TestSupport.run(
                Place.products + "/slwdata", ["inspect", "tokenizer", name, "--json"] + options,
                environment: ["HF_HUB_CACHE": folder.file("hub")])
        }
        // Two snapshots and no main one: which is meant is not guessed.
        #expect(try inspect("lake/boats-1b").status == 1)
        try folder.write("0123abcd\n", to: "\(model)/refs/main")
        let found = try inspect("lake/boats-1b").json
        #expect(found["name"] == "boats-1b" && found["end_of_text"] == 1)
        #expect(found["end_of_text_decided_by"] == "tokenizer_config.json's eos_token, <s>")
        #expect(try inspect("lake/boats-1b", "--eod-token", "</s>").json["end_of_text"] == 2)
        try folder.write("4567ef01", to: "\(model)/refs/main")
        #expect(try inspect("lake/boats-1b").json["end_of_text_decided_by"] == "by its name, </s>")
        try folder.write("{", to: "\(model)/snapshots/4567ef01/tokenizer_config.json")
        #expect(try inspect("lake/boats-1b").errors.contains("tokenizer_config.json, byte 1: "))
        for name in ["lake/../boats-1b", "lake/", "/lake", "a/b/c", "..", "lake/.hidden"] { #expect(try inspect(name).status == 1) }
    }

    @Test("the bundled vocabulary is what training on the fixtures gives, and its three formats encode alike")
    func trainAndConvert() throws {
        let folder = try TemporaryDirectory()
        let trained = try Tool.slwdata(
            "tokenizer", "train", "--input", Place.fixture("some.jsonl"), "--vocab-size", "2048", "--output-dir", folder.file("mine"),
            "--json")
        #expect(try trained.json["vocabulary_size"] == 2048)
        let mine = try Tool.slwdata("inspect", "tokenizer", folder.file("mine"), "--json").json
        #expect(try Tool.slwdata("inspect", "tokenizer", "default", "--json").json["digest"] == mine["digest"])
        let converted = try Tool.slwdata(
            "tokenizer", "convert", folder.file("mine"), "--to", "vocab.bpe", "tokenizer.json", "--output-dir", folder.file("other"))
        #expect(converted.status == 0)
        let text = Array("A story of the lake, 1234 boats; naïve 東京!".utf8)
        let ids = try Tool.slwdata("tokenizer", "encode", "--tokenizer", folder.file("mine"), input: text).text
        for file in ["other/encoder.json", "other/tokenizer.json"] {
            #expect(try Tool.slwdata("tokenizer", "encode", "--tokenizer", folder.file(file), input: text).text == ids)
        }
    }

    @Test("bytes that --limit-alphabet leaves without tokens are named, and asked for in no format that cannot say so")
    func limitedAlphabet() throws {
        let folder = try TemporaryDirectory()
        try folder.write("aaab aab ab a\n", to: "in.txt")
        let words = ["tokenizer", "train", "--input", "in.txt", "--vocab-size", "256", "--limit-alphabet", "2", "--output-dir", "mine"]
        for format in ["vocab.bpe", "tiktoken"] {
            expectComplaint(
                try TestSupport.run(Tool.slwdata.path, words + ["--format", "tokenizer.json", format], directory: folder.path), 2,
                "slwdata: tokenizer train: --format: \(format) cannot say which bytes have no token, and --limit-alphabet leaves some without: write tokenizer.json"
            )
        }
        #expect(!FileSystem.exists(folder.file("mine")))
        let result = try TestSupport.run(Tool.slwdata.path, words + ["--json"], directory: folder.path)
        let dropped = try #require(try result.json["dropped_bytes"]?.array).compactMap(\.int)
        // Two bytes have tokens, and 13 occur in no text.
        #expect(dropped.count == 241 && dropped == dropped.sorted() && !dropped.contains(Int(UInt8(ascii: "a"))))
        #expect(result.errors.contains("241 bytes have no token"), "\(result.errors)")
    }

    @Test(
        "the file that training writes is the one that Hugging Face's tokenizers 0.23.3 saves after the same training",
        arguments: [
            ("gpt2", "b916fef7640cab6a"), ("cl100k", "53ac519155ef6e58"), ("o200k", "79d050e00aed7324"), ("llama3", "c5a766fa3fc244b5"),
            ("qwen2", "20262471205fe43a"), ("qwen35", "80baf965eca5b6b8"), ("tekken", "1af3954dcf11c002"),
            ("deepseek_v3", "9427198eb7a22657"),
        ])
    func trainedByPattern(pattern: String, digest: String) throws {
        let folder = try TemporaryDirectory()
        let words = [
            "tokenizer", "train", "--input", Place.fixture("some.jsonl"), "--vocab-size", "700", "--output-dir", folder.file("mine"),
            "--pattern", pattern, "--quiet",
        ]
        func sum() throws -> Substring {
            try TestSupport.run("/usr/bin/env", ["sha256sum", folder.file("mine/tokenizer.json")]).text.prefix(16)
        }
        #expect(try TestSupport.run(Place.products + "/slwdata", words).status == 0)
        #expect(try sum() == digest)
        #expect(try Tool.slwdata("inspect", "tokenizer", folder.file("mine"), "--json").json["cutting"] == .string(pattern))
        // What is there stays, and the way out that is printed works.
        _ = try folder.write("mine", to: "mine/tokenizer.json")
        let refused = try TestSupport.run(Place.products + "/slwdata", words)
        #expect(refused.status == 1 && refused.errors.hasSuffix("exists already; choose another output or say --overwrite\n"))
        #expect(try FileSystem.readAll(folder.file("mine/tokenizer.json")) == Array("mine".utf8))
        #expect(try TestSupport.run(Place.products + "/slwdata", words + ["--overwrite"]).status == 0)
        #expect(try sum() == digest)
    }

    @Test("GPT-2's files give GPT-2's ids", .needs(.shared("gpt2")))
    func gpt2() throws {
        let input = Array("Hello world".utf8)
        for file in ["gpt2/encoder.json", "gpt2/r50k_base.tiktoken"] {
            #expect(try Tool.slwdata("tokenizer", "encode", "--tokenizer", Place.shared(file)!, input: input).text == "15496 995\n")
        }
    }
}
