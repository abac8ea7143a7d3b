import Files
import Quantities
import TestSupport
import Testing

@testable import Tokenization

/// What a file does not say is known or refused, never guessed.
@Suite("RankFamily")
struct RankFamilyTests {
    /// A file of `count` ranks: the bytes, then strings that cannot be anything else. The ids of special tokens are no ranks.
    private func ranks(_ count: Int, without specials: [TokenID] = []) -> [UInt8] {
        var text: [UInt8] = []
        for rank in (0..<count + specials.count).lazy.filter({ !specials.contains(TokenID($0)) }).prefix(count) {
            let token = rank < 256 ? [UInt8(rank)] : [UInt8(1 + rank % 200), UInt8(1 + rank / 200 % 200), UInt8(1 + rank / 40000), 0]
            text += Base64.encode(token) + Array(" \(rank)\n".utf8)
        }
        return text
    }

    private func read(_ text: [UInt8], _ families: [RankFamily]) throws(TokenizerError) -> Tokenizer {
        try VocabularyReader.readRanks(text, path: "some.tiktoken", name: "some", options: TokenizerOptions(), families: families)
    }

    @Test(arguments: RankFamily.all.filter { !$0.rankCounts.isEmpty }.map(\.name))
    func `a family that is taken out of the table is refused`(name: String) throws {
        let family = try #require(RankFamily.all.first { $0.name == name })
        for count in family.rankCounts {
            let text = ranks(count, without: family.specials.map(\.id))
            let tokenizer = try read(text, RankFamily.all)
            #expect(tokenizer.origin.family == name && tokenizer.endOfText == family.specials[0].id)
            let error = #expect(throws: TokenizerError.self) { try read(text, RankFamily.all.filter { $0.name != name }) }
            #expect(error?.description.contains("\(count) ranks are those of no family that is known") == true)
            #expect(error?.description.contains("pattern NAME") == true)
        }
    }

    @Test func `no two families have one number of ranks, and names are names`() {
        let counts = RankFamily.all.flatMap(\.rankCounts)
        #expect(Set(counts).count == counts.count)
        #expect(Set(RankFamily.all.map(\.name)).count == RankFamily.all.count)
        // Settings beside ranks name a pattern by a family.
        for pattern in PreTokenPattern.allCases { #expect(RankFamily.all.contains { $0.name == pattern.rawValue }) }
    }

    @Test func `a file that was cut off is refused`() {
        let error = #expect(throws: TokenizerError.self) { try read(ranks(50_000), RankFamily.all) }
        #expect(error?.description.contains("was it cut off?") == true)
    }

    @Test func `the end of text may be named by text or id, and a wrong name lists what there is`() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write(ranks(300), to: "some.tiktoken")
        let specials = try folder.write(#"{"<a>": 300, "<b>": 301}"#, to: "specials.json")
        func load(_ end: String?) throws(TokenizerError) -> Tokenizer {
            try Tokenizer.load(path, options: TokenizerOptions(pattern: "llama3", specialTokensFile: specials, endOfText: end))
        }
        #expect(try load(nil).endOfText == nil)
        #expect(try load("<b>").endOfText == 301)
        #expect(try load("300").endOfText == 300)
        let error = #expect(throws: TokenizerError.self) { try load("</s>") }
        #expect(error?.description.contains("there are <a> (300), <b> (301)") == true)
    }

    @Test func `a vocabulary with merges of no known family is refused`() throws {
        let folder = try TemporaryDirectory()
        let bytes = ByteAlphabet.bytesInScalarOrder.enumerated().map { id, byte in
            let spelling = ByteAlphabet.spelling(of: [byte])
            return (spelling == "\"" || spelling == "\\" ? "\"\\\(spelling)\"" : "\"\(spelling)\"") + ":\(id)"
        }
        let path = try folder.write("{\((bytes + ["\"ab\":256"]).joined(separator: ","))}", to: "vocab.json")
        try folder.write("#version: 0.2\na b\n", to: "merges.txt")
        let error = #expect(throws: TokenizerError.self) { try Tokenizer.load(path) }
        #expect(error?.description.contains("none of those that are known (gpt2 (50257), qwen2 (151643))") == true)
        #expect(try Tokenizer.load(path, options: TokenizerOptions(pattern: "llama3")).pattern == .llama3)
    }

    @Test(.enabled(if: Place.shared("gpt2/encoder.json") != nil))
    func `GPT-2's files are known by any of their usual names`() throws {
        let folder = try TemporaryDirectory()
        let gpt2 = try #require(Place.shared("gpt2"))
        for (vocabulary, merges) in [("vocab.json", "merges.txt"), ("gpt2-vocab.json", "gpt2-merges.txt")] {
            try FileSystem.writeAtomically(FileSystem.readAll(gpt2 + "/encoder.json"), to: folder.file(vocabulary))
            try FileSystem.writeAtomically(FileSystem.readAll(gpt2 + "/vocab.bpe"), to: folder.file(merges))
            for file in [vocabulary, merges] { #expect(try Tokenizer.load(folder.file(file)).encode("Hello world") == [15496, 995]) }
            for families in [MergeFamily.all.filter { $0.name != "gpt2" }, []] {
                #expect(throws: TokenizerError.self) {
                    try VocabularyReader.readGPT2(
                        encoder: folder.file(vocabulary), merges: folder.file(merges), name: "x", families: families)
                }
            }
        }
    }
}
