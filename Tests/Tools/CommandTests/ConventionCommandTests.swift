import DatasetFixtures
import Files
import Foundation
import IndexedDatasets
import JSON
import TestSupport
import Testing

/// What `preprocess` says and remembers of the tokenizer and of the ends of documents, and what `verify` makes of it.
@Suite("Conventions on the command line")
struct ConventionCommandTests {
    let folder: TemporaryDirectory
    init() throws {
        folder = try TemporaryDirectory()
        try folder.write("{\"text\":\"one two\"}\n{\"text\":\"\"}\n{\"text\":\"three\"}\n", to: "a.jsonl")
        try FileSystem.createDirectories(folder.file("elsewhere"))
    }

    private func slwdata(_ words: [String], in place: String = "") throws -> CommandResult {
        try run(Tool.slwdata.path, words, environment: ["LC_ALL": "C"], directory: folder.file(place))
    }

    private func preprocess(_ words: String..., prefix: String = "o") throws -> CommandResult {
        try slwdata(["preprocess", "--input", "a.jsonl", "--output-prefix", prefix, "--overwrite", "--quiet"] + words)
    }

    /// A tokenizer of some files, `vocab` and `merges`, of any names.
    private func merges(_ vocab: String, _ merges: String) throws {
        let made = try slwdata(["tokenizer", "convert", "default", "--to", "vocab.bpe", "--output-dir", "made", "--overwrite"])
        try #require(made.status == 0, "\(made.errors)")
        for (from, to) in [("encoder.json", vocab), ("vocab.bpe", merges)] {
            try folder.write(try FileSystem.readAll(folder.file("made/" + from)), to: to)
        }
    }

    @Test("the end of a run says which tokenizer made the tokens and what documents end with")
    func summary() throws {
        let plain = try preprocess().text
        #expect(
            plain.contains(/tokenizer +default, 2,048 tokens, digest [0-9a-f]{16}; documents end with no token of their own\n/), "\(plain)")
        let both = try preprocess("--append-eod", "--bos-token", "<|endoftext|>").text
        #expect(both.contains("; documents begin with token 0 and end with token 0\n"), "\(both)")
        let json = try preprocess("--append-eod", "--json").json
        #expect(json["documents_end_with"]?.int == 0 && json["documents_begin_with"]?.isNull == true)
        #expect(json["tokenizer_digest"]?.string?.count == 16)
    }

    @Test("a beginning token is put before each document that has one, whatever the number of workers, and verify knows")
    func beginning() throws {
        try #require(try preprocess("--append-eod", prefix: "ends").status == 0)
        try #require(try preprocess("--append-eod", "--bos-token", "5", prefix: "both").status == 0)
        let (ends, both) = (try IndexedDataset(prefix: folder.file("ends")), try IndexedDataset(prefix: folder.file("both")))
        #expect(both.documentCount == 3 && both.sequenceCount == 2)
        for sequence in 0..<2 { #expect(both.tokens(ofSequence: sequence) == [5] + ends.tokens(ofSequence: sequence)) }
        let verified = try slwdata(["verify", "both"]).text
        #expect(verified.contains("every document ends with token 0; every document begins with token 5"))
        #expect(try slwdata(["verify", "ends", "--json"]).json["documents_end_with"]?["of"]?.int == 2)
        let resumed = try slwdata(
            ["preprocess", "--input", "a.jsonl", "--output-prefix", "both", "--resume", "--append-eod", "--bos-token", "5", "--json"])
        #expect(resumed.errors.contains("nothing is left to do"))
        let other = try slwdata(["preprocess", "--input", "a.jsonl", "--output-prefix", "both", "--resume", "--append-eod"])
        #expect(other.status == 1, "\(other.errors)")
    }

    @Test("vocabulary and merges of any names, in Megatron's words, also with underscores; found again from elsewhere")
    func megatronWords() throws {
        try merges("f/my-words.json", "g/my-merges")
        let files = ["--vocab-file", "f/my-words.json", "--merge-file", "g/my-merges"]
        let pair = files + ["--tokenizer-type", "GPT2BPETokenizer"]
        let made = try slwdata(
            ["preprocess", "--input", "a.jsonl", "--output_prefix=o", "--json_keys", "text", "--append_eod", "--quiet"] + pair)
        #expect(made.status == 0, "\(made.errors)")
        try #require(try preprocess("--append-eod", prefix: "default").status == 0)
        for ending in [".bin", ".idx"] {
            #expect(try FileSystem.readAll(folder.file("o" + ending)) == FileSystem.readAll(folder.file("default" + ending)))
        }
        // From another directory, and with the data set moved.
        for ending in [".bin", ".idx", ".meta"] {
            try FileSystem.rename(folder.file("o" + ending), to: folder.file("elsewhere/o" + ending))
        }
        let shown = try slwdata(["inspect", "index", "o"], in: "elsewhere")
        #expect(shown.text.contains("one two<|endoftext|>"), "\(shown.text) \(shown.errors)")
        // Another file in its place is not taken for it.
        try folder.write("{\"a\":0}", to: "f/my-words.json")
        #expect(try slwdata(["inspect", "index", "o"], in: "elsewhere").errors.contains("is not at hand; name it with --tokenizer"))

        expectComplaint(
            try slwdata(["tokenizer", "encode", "--merge-file", "g/my-merges"]), 2,
            "slwdata: tokenizer encode: --merge-file goes with --vocab-file, which is missing: see slwdata tokenizer encode --help")
        expectComplaint(
            try slwdata(["tokenizer", "encode", "--vocab-file", "f/my-words.json"]), 1,
            "slwdata: f/my-words.json: a vocabulary without its merges: name their file with --merge-file")
        #expect(try slwdata(["tokenizer", "encode", "--tokenizer-type", "GPT2BPETokenizer"]).status == 2)
        // A vocabulary of no known family says so, and takes the pattern that is named.
        try merges("f/other.json", "f/other")
        let others = ["tokenizer", "encode", "--vocab-file", "f/other.json", "--merge-file", "f/other"]
        #expect(try slwdata(others).errors.contains("does not say how texts are cut: give the tokenizer.json, or say --pattern NAME (gpt2"))
        #expect(try slwdata(others + ["--pattern", "gpt2"]).status == 0)
        #expect(try slwdata(others + ["--pattern", "llama3", "--tokenizer-type", "GPT2BPETokenizer"]).status == 2)
        try merges("f/gpt2-vocab.json", "f/gpt2-merges.txt")
        #expect(try preprocess("--tokenizer", "f/gpt2-vocab.json", "--pattern", "gpt2").status == 0)
    }

    @Test("a folder's tokenizer is found from any directory, for texts and for a model's exports")
    func place() throws {
        let trained = try slwdata([
            "tokenizer", "train", "--input", "a.jsonl", "--vocab-size", "270", "--output-dir", "sub/mine", "--quiet",
        ])
        try #require(trained.status == 0)
        try #require(try preprocess("--tokenizer", "sub/mine", "--append-eod").status == 0)
        let place = try slwdata(["inspect", "index", "../o", "--json"], in: "elsewhere")
        #expect(place.status == 0)
        let shown = try slwdata(["inspect", "index", "../o"], in: "elsewhere")
        #expect(shown.text.contains("one two<|endoftext|>"), "\(shown.text)")
        #expect(try slwdata(["verify", "../o", "--tokenizer", "../sub/mine"], in: "elsewhere").status == 0)
        // A model that was trained on it writes with it from there, too.
        let more = try slwdata(
            [
                "preprocess", "--input", Place.fixture("some.jsonl"), "--output-prefix", "some", "--tokenizer", "sub/mine", "--append-eod",
                "--quiet",
            ])
        try #require(more.status == 0, "\(more.errors)")
        let run = try Tool.slwTrain.start(["--data", "some", "--run-dir", "run"] + RoadTests.small, in: folder).finish()
        #expect(run.status == 0, "\(run.errors)")
        let sample = try Tool.slwTrain("sample", "../run", "--tokens", "2", "--threads", "1", "--quiet", in: folder.file("elsewhere"))
        #expect(sample.status == 0, "\(sample.errors)")
        let other = try slwdata(["verify", "../o", "--tokenizer", "default"], in: "elsewhere")
        #expect(other.status == 1 && other.errors.contains("../o.meta: its tokens were made by the tokenizer mine, and default is another"))
    }

    @Test("the same set given twice is checked once, and sets of different tokenizers are told")
    func several() throws {
        let trained = try slwdata(["tokenizer", "train", "--input", "a.jsonl", "--vocab-size", "270", "--output-dir", "mine", "--quiet"])
        try #require(trained.status == 0)
        try #require(try preprocess().status == 0)
        try #require(try preprocess("--tokenizer", "mine", prefix: "p").status == 0)
        let twice = try slwdata(["verify", "o", "./o.idx", "elsewhere/../o"])
        #expect(twice.status == 0 && twice.text.split(separator: "\n").count == 1)
        #expect(twice.complaints == ["./o", "elsewhere/../o"].map { "slwdata: warning: \($0) is given twice (the first time as o)" })
        let mixed = try slwdata(["verify", "o", "p"])
        #expect(
            mixed.status == 0 && mixed.errors.contains("p and o were made by different tokenizers, mine and default: do not train on both"))
    }

    @Test("some documents with an end and some without are told, with how many")
    func mixed() throws {
        try #require(try preprocess().status == 0)
        try #require(try preprocess("--append-eod", prefix: "p").status == 0)
        try #require(try slwdata(["merge", "o", "p", "--output-prefix", "q"]).status == 0)
        let first = try IndexedDataset(prefix: folder.file("o")).tokens(ofSequence: 0)
        expectComplaint(
            try slwdata(["verify", "q"]), 1,
            "slwdata: q.bin: 2 of 4 documents end with token 0; the first that does not, document 0, ends with \(first.last!) at byte \((first.count - 1) * 2)"
        )
    }
}
