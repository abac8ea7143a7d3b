import Files
import JSON
import TestSupport
import Testing

@testable import Tokenization

@Suite("Encoder")
struct EncoderTests {
    static let gpt2: Result<Tokenizer, TokenizerError> = Result { () throws(TokenizerError) in
        try Tokenizer.load(Place.shared("gpt2")!)
    }

    @Test(.needs(.shared("gpt2/encoder.json")))
    func `known texts have known ids`() throws {
        let gpt2 = try Self.gpt2.get()
        #expect(gpt2.encode("Hello world") == [15496, 995])
        #expect(gpt2.encode("") == [])
        #expect(gpt2.vocabularySize == 50257)
        #expect(gpt2.endOfText == 50256)
        // Zeros, one to seventeen, as in OpenAI's own test.
        let zeros: [[TokenID]] = [
            [15], [405], [830], [2388], [20483], [10535], [24598], [8269], [10535, 830], [8269, 405], [8269, 830],
            [8269, 2388], [8269, 20483], [8269, 10535], [8269, 24598], [25645], [8269, 10535, 830],
        ]
        for (index, ids) in zeros.enumerated() { #expect(gpt2.encode(String(repeating: "0", count: index + 1)) == ids) }
        #expect(gpt2.encode("rer") == [11751])
        #expect(gpt2.encode("'rer") == [821, 81])
        #expect(gpt2.encode("today\n ") == [40838, 198, 220])
        #expect(gpt2.encode("today\n \n") == [40838, 198, 220, 198])
        #expect(gpt2.encode("today\n  \n") == [40838, 198, 220, 220, 198])
    }

    @Test(.needs(.shared("gpt2/encoder.json")))
    func `special tokens are made from text only when asked for`() throws {
        let gpt2 = try Self.gpt2.get()
        #expect(gpt2.encode("<|endoftext|>") == [27, 91, 437, 1659, 5239, 91, 29])
        #expect(gpt2.encode("a<|endoftext|>b", allowedSpecial: ["<|endoftext|>"]) == [64, 50256, 65])
    }

    @Test(.needs(.shared("gpt2/encoder.json")))
    func `the three formats of GPT-2 are one tokenizer`() throws {
        let release = try Self.gpt2.get()
        let ranks = try Tokenizer.load(try #require(Place.shared("gpt2/r50k_base.tiktoken")))
        let scratch = try TemporaryDirectory()
        try release.write(as: .huggingFace, to: scratch.path)
        let json = try Tokenizer.load(scratch.path)
        #expect(release.digest == ranks.digest)
        #expect(release.digest == json.digest)
        #expect(ranks.vocabularySize == 50257 && ranks.endOfText == 50256)
    }

    // MARK: against the pattern, alternative by alternative

    static let bundled: Result<Tokenizer, TokenizerError> = Result { () throws(TokenizerError) in
        try Tokenizer.load(Place.fixture("tokenizers/default"))
    }

    /// Texts that meet every alternative, broken characters included when asked for.
    private func randomText(_ generator: inout SeededGenerator, pieces: Int, broken: Bool) -> [UInt8] {
        let words = [
            "the", " The", "word", "'s", "'t", "'re", "'ve", "'ll", "'d", "'m", "'", " ", "  ", "\n", "\r\n", "\t", "\u{A0}", "\u{3000}",
            "\u{85}",
            "\u{2028}", "é", "中文", "한글", "0", "123", "½", "٣", "!", "--", "😀", "e\u{301}", "\0", "a\0", "ſ", "ǅ",
            String(repeating: "a", count: 40),
            String(repeating: " ", count: 70),
        ]
        var bytes: [UInt8] = []
        for _ in 0..<pieces {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0 where broken: bytes.append(UInt8.random(in: 0x80...0xFF, using: &generator))
            case 1:
                // Old blocks only: the standard library's Unicode version, on which the reference stands, is another one.
                if let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x780, using: &generator)) { bytes += String(scalar).utf8 }
            default: bytes += words.randomElement(using: &generator)!.utf8
            }
        }
        return bytes
    }

    private func reference(_ text: [UInt8], _ tokenizer: Tokenizer) -> [TokenID] {
        let scratch = MergeScratch(tokenizer.model.merges)
        var ids: [TokenID] = []
        text.withUnsafeBufferPointer { text in
            ReferencePreTokenizer.forEachPreToken(in: text) { start, end in
                let count = scratch.encode(text.baseAddress! + start, count: end - start)
                ids += (0..<count).map { scratch.tokens[$0] }
            }
        }
        return ids
    }

    @Test func `a buffer has ids of two bytes or of four, whatever width was asked for`() {
        #expect([Int.min, 0, 1, 2, 3, 4, 5, .max].map { TokenBuffer(width: $0).width } == [2, 2, 2, 2, 4, 4, 4, 4])
    }

    @Test(arguments: [0, 1, 2] as [UInt32])
    func `a batch at every vector level equals the pattern on each document alone`(level: UInt32) throws {
        let tokenizer = try Self.bundled.get()
        var generator = SeededGenerator(TestRun.seed &+ UInt64(level))
        let encoder = Encoder(tokenizer, cacheBytes: 1 << 20, scanLevel: level)
        for round in 0..<TestRun.cases(12) {
            let documents = (0..<20).map { _ in
                randomText(&generator, pieces: Int.random(in: 0..<[3, 30, 1000][round % 3], using: &generator), broken: false)
            }
            let expected = documents.map { reference($0, tokenizer) }
            let found = encoder.encode(documents, width: round % 2 == 0 ? 2 : 4)
            try #require(found.counts == expected.map { Int32($0.count) }, "seed \(TestRun.seed), round \(round)")
            try #require(found.ids == Array(expected.joined()), "seed \(TestRun.seed), round \(round)")
        }
    }

    @Test func `bytes that are not UTF-8 come back unchanged, alike at every vector level`() throws {
        let tokenizer = try Self.bundled.get()
        var generator = SeededGenerator(TestRun.seed)
        for _ in 0..<TestRun.cases(8) {
            let documents = (0..<10).map { _ in randomText(&generator, pieces: 200, broken: true) }
            let portable = Encoder(tokenizer, cacheBytes: 0, scanLevel: 0).encode(documents)
            #expect(try tokenizer.decode(portable.ids) == Array(documents.joined()))
            for level in [1, 2] as [UInt32] {
                let other = Encoder(tokenizer, cacheBytes: 0, scanLevel: level).encode(documents)
                #expect(other.ids == portable.ids && other.counts == portable.counts)
            }
            #expect(documents.flatMap { tokenizer.encode($0) } == portable.ids)
        }
    }

    @Test(arguments: [false, true], [0, 2] as [UInt32])
    func `memory that grows while a text is encoded changes nothing`(ignoresMerges: Bool, level: UInt32) throws {
        let folder = try TemporaryDirectory()
        // More words than the second table has room for at first, with and without a limit, some longer than its keys; half of them tokens.
        var generator = SeededGenerator(TestRun.seed)
        let letters = Array("aeinorst".utf8)
        var words = Set<[UInt8]>()
        while words.count < 50_000 {
            words.insert([0x20] + (0..<Int.random(in: 4...20, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
        }
        let sorted = words.sorted { $0.lexicographicallyPrecedes($1) }
        var vocabulary = try BPETrainer(vocabularySize: 256, specialTokens: []).vocabulary(of: PreTokenCounter())
        for number in stride(from: 0, to: sorted.count, by: 2) { vocabulary.append(sorted[number]) }
        let text = String(decoding: try Tokenizer(name: "toy", vocabulary: vocabulary).files(as: .huggingFace)[0].bytes, as: UTF8.self)
            .replacing("\"ignore_merges\": false", with: "\"ignore_merges\": \(ignoresMerges)")
        let tokenizer = try Tokenizer.load(try folder.write(text, to: "tokenizer.json"))
        #expect(tokenizer.model.ignoresMerges == ignoresMerges)
        let mixed = sorted.shuffled(using: &generator)
        let expected: [TokenID] = mixed.flatMap { word in
            if let whole = word.withUnsafeBytes({ tokenizer.model.wholeToken($0) }) { return [whole] }
            return word.map { tokenizer.model.merges.byteTokens[Int($0)] }
        }
        #expect(expected.contains { $0 > 255 } == ignoresMerges)
        for cacheBytes in [1 << 25, 0] {
            let found = Encoder(tokenizer, cacheBytes: cacheBytes, scanLevel: level).encode([Array(mixed.joined())])
            #expect(found.ids == expected)
        }
    }

    @Test(arguments: [0, 1, 2] as [UInt32])
    func `new words that come again at once, and words across the ends of chunks, are encoded as any other`(level: UInt32) throws {
        let tokenizer = try Self.bundled.get()
        var generator = SeededGenerator(TestRun.seed &+ UInt64(level))
        let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
        let encoder = Encoder(tokenizer, cacheBytes: 1 << 20, scanLevel: level)
        for round in 0..<TestRun.cases(4) {
            var recent: [[UInt8]] = [[0x20, 0x61]]
            var text: [UInt8] = []
            while text.count < 200_000 {
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    let longest = [8, 16, 64, 300].randomElement(using: &generator)!
                    var word =
                        [0x20] + (0..<Int.random(in: 1...longest, using: &generator)).map { _ in letters.randomElement(using: &generator)! }
                    // Punctuation may end in a zero byte; with rounds that have none, the faster look-ups are met as well.
                    if round % 2 == 1, Bool.random(using: &generator) { word = [0x20] + word.map { _ in 0x21 } + [0] }
                    recent = recent.suffix(5) + [word]
                }
                text += recent.randomElement(using: &generator)!
            }
            let found = encoder.encode([text])
            try #require(found.ids == reference(text, tokenizer), "seed \(TestRun.seed), round \(round)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a million of one letter takes no quadratic time`() throws {
        let tokenizer = try Self.bundled.get()
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        #expect(try tokenizer.decode(tokenizer.encode(text)) == text)
    }

    @Test func `end of text follows each document that is not empty`() throws {
        let tokenizer = try Self.bundled.get()
        let eot = try #require(tokenizer.endOfText)
        let output = TokenBuffer(width: 2)
        Array("ab".utf8).withUnsafeBytes { text in
            [0, 1, 1, 2, 2].withUnsafeBufferPointer {
                Encoder(tokenizer).encode(text, documentEnds: $0, appendEndOfText: true, into: output)
            }
        }
        #expect(output.documentTokenCounts == [0, 2, 0, 2, 0])
        #expect(output.tokens == tokenizer.encode("a") + [eot] + tokenizer.encode("b") + [eot])
    }

    @Test(
        .needs(.shared("gpt2/encoder.json"), .shared("corpora")),
        arguments: [
            ("stories/stories.jsonl", 1_238_607), ("realnews/realnews.jsonl", 826_113), ("openwebtext/openwebtext.jsonl", 1_368_482),
            ("wikipedia/AA/wiki_02", 287_861),
        ])
    func `token counts of the shared corpora`(file: String, tokens: Int) throws {
        let path = try #require(Place.shared("corpora/" + file))
        let documents = try FileSystem.readAll(path).split(separator: 0x0A).map { line in
            Array(try #require(JSONValue.parse(Array(line))["text"]?.string).utf8)
        }
        let found = try Encoder(Self.gpt2.get()).encode(documents)
        #expect(found.ids.count == tokens)
    }
}
