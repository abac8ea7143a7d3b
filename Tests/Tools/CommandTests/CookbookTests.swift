import Files
import Foundation
import IndexedDatasets
import JSON
import TestSupport
import Testing

/// Every line of the cookbook is run over a tiny imitation of the layout that it is for.
@Suite("The cookbook")
struct CookbookTests {
    /// A line, and the heading that it stands under.
    struct Recipe: Sendable, CustomTestStringConvertible {
        let section: String
        let line: String
        var words: [String] { CookbookTests.words(of: line) }
        var testDescription: String { line }
    }

    /// Lines in blocks of code and in cells of tables.
    static let recipes: [Recipe] = {
        let text = (try? String(contentsOfFile: Place.package + "/docs/cookbook.md", encoding: .utf8)) ?? ""
        var (section, recipes): (String, [Recipe]) = ("", [])
        for line in text.split(separator: "\n") {
            if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
            if line.hasPrefix("slwdata ") { recipes.append(Recipe(section: section, line: String(line))) }
            if let cell = line.firstMatch(of: /^\|.*\| `(slwdata .*)` \|$/) {
                recipes.append(Recipe(section: section, line: String(cell.1)))
            }
        }
        return recipes
    }()

    /// As a shell takes them apart, quotes and all.
    private static func words(of line: String) -> [String] {
        var (words, isQuoted): ([String], Bool) = ([""], false)
        for character in line {
            if character == "'" {
                isQuoted.toggle()
            } else if character == " ", !isQuoted {
                words.append("")
            } else {
                words[words.count - 1].append(character)
            }
        }
        return words.filter { !$0.isEmpty }
    }

    let folder: TemporaryDirectory
    init() throws { folder = try TemporaryDirectory() }

    // MARK: imitations

    private func json(_ text: String, _ more: String = "") -> String { "{\"text\":\"\(text)\"\(more)}\n" }

    private func pack(_ text: String, _ program: String, _ arguments: String..., to name: String) throws {
        try pack(Array(text.utf8), program, arguments, to: name)
    }

    private func pack(_ bytes: [UInt8], _ program: String, _ arguments: [String], to name: String) throws {
        let packed = try run("/usr/bin/env", [program, "-c"] + arguments, input: bytes)
        try #require(packed.status == 0, "\(program): \(packed.errors)")
        try folder.write(packed.output, to: name)
    }

    /// A tar of a folder here.
    private func tar(_ folderName: String, _ compression: String = "", in place: String = ".", to name: String) throws {
        let path = folder.file(name)
        try FileSystem.createDirectories(FileSystem.directory(of: path))
        let made = try run("/usr/bin/env", ["tar", "-c\(compression)f", path, "-C", folder.file(place), folderName])
        try #require(made.status == 0, "\(made.errors)")
    }

    private func parquet(_ name: String, _ fixture: String = "snappy-v1-plain") throws {
        try folder.write(try FileSystem.readAll(Place.fixture("parquet/\(fixture).parquet")), to: name)
    }

    /// Lays out what a recipe reads. Returns the number of documents that it must find, nil where a fixture says it.
    private func layOut(_ recipe: Recipe) throws -> Int? {
        let input = recipe.words.firstIndex(of: "--input").map { recipe.words[$0 + 1] } ?? recipe.words[2]
        switch input {
        case "wikipedia/20231101.en":
            for shard in 0..<2 { try parquet("wikipedia/20231101.en/train-0000\(shard)-of-00002.parquet") }
            try folder.write("# Wikipedia", to: "wikipedia/README.md")
            return nil
        case "wiki":
            try folder.write(#"{"id": "1", "revid": "2", "url": "u", "title": "T", "text": "First.\nMore."}"# + "\n", to: "wiki/AA/wiki_00")
            try folder.write(#"{"id": "3", "revid": "4", "url": "u", "title": "E", "text": ""}"# + "\n", to: "wiki/AB/wiki_00")
            return 2
        case "stories_corpus":
            try folder.write("He ran .\nShe ran .\n\nIt `` rained '' .\nAll day .\n", to: "stories_corpus/part-0.txt")
            return 2
        case "cc-stories.txt.gz":
            try pack("A story of one line.\nAnother one.\nA third.\n", "gzip", to: input)
            return 3
        case "realnews.tar.gz":
            let records = [
                #"{"title":"A","text":"First.\nSecond.\n","summary":null,"authors":[],"url":"http:\/\/a.org\/","split":"train"}"#,
                #"{"url":"u","url_used":"v","title":"B","text":"D\u00e9j\u00e0.\n","status":"success_wayback","split":"train"}"#,
                #"{"title":"C","text":"Kept apart.\n","split":"val"}"#,
            ]
            try folder.write(records.joined(separator: "\n"), to: "realnews/realnews.jsonl")
            try tar("realnews", "z", to: input)
            return 2
        case "openwebtext.tar.xz", "openwebtext/subsets":
            for subset in 0..<2 {
                for document in 0..<3 {
                    try folder.write("Page \(document) of \(subset).\n\n\n\nEnd.", to: "texts/\(subset)/\(document)-ab.txt")
                }
                try tar("\(subset)", "J", in: "texts", to: "openwebtext/urlsf_subset00-\(subset)_data.xz")
            }
            if input.hasSuffix(".xz") {
                try tar("openwebtext", "J", to: input)
            } else {
                try tar("openwebtext", to: "set.tar")
                try FileSystem.createDirectories(folder.file(input))
                try FileSystem.rename(folder.file("set.tar"), to: folder.file(input + "/urlsf_subset00.tar"))
            }
            return 6
        case "openwebtext/plain_text":
            try parquet("openwebtext/plain_text/train-00000-of-00001.parquet")
            return nil
        case "pile/train":
            let sets = ["Pile-CC", "OpenWebText2", "Github"]
            let lines = sets.map { json("from \($0)", ",\"meta\":{\"pile_set_name\":\"\($0)\"}") } + ["\n"]
            for shard in ["00", "01"] { try pack(lines.joined(), "zstd", "-q", to: "pile/train/\(shard).jsonl.zst") }
            // The second file holds the same texts.
            return recipe.line.contains("--dedup") ? 2 : 6
        case "c4/en/c4-train.*.json.gz":
            for (name, text) in [("train.00000-of-01024", "one"), ("train.00001-of-01024", "two"), ("validation.00000-of-00008", "no")] {
                try pack(json(text, ",\"timestamp\":\"2019-04-25T12:57:54Z\",\"url\":\"u\""), "gzip", to: "c4/en/c4-\(name).json.gz")
            }
            return 2
        case "fineweb/sample/10BT":
            try parquet("fineweb/sample/10BT/000_00000.parquet", "zstd-v1-plain")
            return nil
        case "slimpajama/train":
            for chunk in 1...4 {
                let set = chunk % 2 == 0 ? "RedPajamaC4" : "RedPajamaGithub"
                try pack(
                    json("chunk \(chunk)", ",\"meta\":{\"redpajama_set_name\":\"\(set)\"}"), "zstd", "-q",
                    to: "slimpajama/train/chunk\(chunk)/example_train_0.jsonl.zst")
            }
            return recipe.line.contains("--shard") ? 1 : 2
        case "dolma/documents":
            try pack(json("one", ",\"id\":\"a\",\"metadata\":{\"x\":1}"), "gzip", to: "dolma/documents/web/part-0.json.gz")
            try pack(json("two"), "zstd", "-q", to: "dolma/documents/code/deep/shard_00000000_processed.jsonl.zst")
            return 2
        case "part-0-00000.npy", "train.bin":
            try folder.write([15, 0, 16, 0, 0x50, 0xC4, 17, 0, 0x50, 0xC4], to: input)
            return 2
        case "the-stack/data":
            try parquet("the-stack/data/data-00000-of-00001.parquet", "other-columns")
            return nil
        case "reddit":
            try pack("{\"body\":\"a comment\"}\n{\"body\":\"another\"}\n", "zstd", "-q", "--long=31", to: "reddit/RC_2010-01.zst")
            return 2
        case "saved/train":
            let arrow = try FileSystem.list(Place.fixture("arrow")).first { $0.hasSuffix(".arrow") }
            try folder.write(try FileSystem.readAll(Place.fixture("arrow/" + #require(arrow))), to: "saved/train/data-00000-of-00001.arrow")
            for name in ["dataset_info.json", "state.json"] { try folder.write("{}", to: "saved/train/" + name) }
            return nil
        case "my-corpus.json":
            try folder.write(json("one") + json("two"), to: input)
            let made = try Tool.slwdata("tokenizer", "convert", "default", "--to", "vocab.bpe", "--output-dir", "t", in: folder.path)
            try #require(made.status == 0)
            try FileSystem.rename(folder.file("t/encoder.json"), to: folder.file("gpt2-vocab.json"))
            try FileSystem.rename(folder.file("t/vocab.bpe"), to: folder.file("gpt2-merges.txt"))
            return 2
        default:
            Issue.record("no imitation of \(input): a recipe without a test")
            return nil
        }
    }

    // MARK: tests

    @Test(
        "each line makes the data set that it says, over a tiny imitation of its corpus",
        .needs(.machine(AdviceTests.has("zstd", "xz", "gzip", "tar"), "no zstd, xz, gzip or tar")), arguments: recipes)
    func line(recipe: Recipe) throws {
        let documents = try layOut(recipe)
        var words = Array(recipe.words.dropFirst())
        // A fresh clone has a vocabulary of its own, and no more than a file's names say about GPT-2's.
        if let place = words.firstIndex(of: "gpt2") { words[place] = "default" }
        // The fixtures have their texts under one name.
        if let place = words.firstIndex(of: "content"), words[place - 1] == "--text-key" { words[place] = "text" }
        let made = try Tool.slwdata.start(words + ["--json"], in: folder).finish()
        try #require(made.status == 0, "\(words.joined(separator: " ")): \(made.errors)")
        #expect(!made.errors.contains("promises no text"), "\(made.errors)")
        let json = try made.json
        let prefix = try #require((json["output_prefix"] ?? json["output"])?.string)
        let verified = try Tool.slwdata("verify", prefix, "--json", in: folder.path)
        #expect(verified.status == 0, "\(verified.errors)")
        let found = try IndexedDataset(prefix: folder.file(prefix))
        #expect(found.tokenCount > 0 && found.documentCount > 0)
        if let documents { #expect(found.documentCount == documents) }
        // Each document that is not empty ends as the page says: all lines append the end of text.
        let ends = try verified.json["documents_end_with"]
        #expect(recipe.line.contains("convert") || ends?["documents"]?.int == ends?["of"]?.int)
    }

    @Test("the five corpora of the paper and three more have a section, each with lines")
    func sections() {
        let sections = Set(Self.recipes.map(\.section))
        for (number, name) in [
            "Wikipedia", "CC-Stories", "RealNews", "OpenWebText", "The Pile", "C4", "FineWeb and FineWeb-Edu", "SlimPajama",
        ]
        .enumerated() { #expect(sections.contains("\(number + 1). \(name)")) }
        #expect(Self.recipes.count >= 18)
    }
}
