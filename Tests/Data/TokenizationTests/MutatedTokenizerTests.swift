import Files
import TestSupport
import Testing

@testable import Tokenization

@Suite("Damaged tokenizers") struct MutatedTokenizerTests {
    private static let texts = ["low lower 12345 newest\n\n  wide", "\u{0}<|endoftext|>é中\u{7F}e\u{301}", ""].map { Array($0.utf8) }

    @Test(
        "a damaged tokenizer encodes and decodes, or is refused",
        arguments: [
            (TokenizerFormat.huggingFace, "tokenizer.json"), (.gpt2, "vocab.bpe"), (.gpt2, "encoder.json"), (.tiktoken, "toy.tiktoken"),
        ])
    func read(format: TokenizerFormat, name: String) throws {
        let counter = PreTokenCounter()
        for text in ["low lower lowest", "new newer newest", "wide wider widest", "\"quoted\" \\ é 中"] { counter.count(text) }
        let vocabulary = try BPETrainer(vocabularySize: 290, specialTokens: ["<|endoftext|>"]).vocabulary(of: counter)
        let folder = try TemporaryDirectory()
        let patterns = format == .huggingFace ? PreTokenPattern.allCases : [.gpt2]
        var good: [[UInt8]] = []
        for pattern in patterns {
            _ = try Tokenizer(name: "toy", vocabulary: vocabulary, pattern: pattern).write(as: format, to: folder.path)
            good.append(try FileSystem.readAll(folder.file(name)))
        }
        if format == .huggingFace {
            let text = String(decoding: vocabulary.huggingFaceJSON(normalizer: .nfc), as: UTF8.self)
            good.append(Array(text.replacing("\"special\": true", with: "\"special\": false").utf8))
        }
        let tally = try mutate("tokenizer-\(name)", good, cases: TestRun.cases(250), expecting: TokenizerError.self) { bytes in
            try folder.write(bytes, to: name)
            let tokenizer = try Tokenizer.load(folder.file(name))
            for text in Self.texts {
                // A damaged vocabulary may lack a byte's token and so give something shorter, but what it gives are its own ids.
                let ids = tokenizer.encode(text)
                #expect(ids.allSatisfy { Int($0) < tokenizer.vocabularySize })
                _ = try? tokenizer.decode(ids)
            }
            _ = try? tokenizer.decode([0, 300, .max])
            _ = (tokenizer.digest, tokenizer.endOfText)
        }
        // Nothing in an encoder.json can change without another token going missing.
        #expect((tally.accepted > 0 || name == "encoder.json") && tally.refused > 0)
    }

    @Test("a damaged SentencePiece model encodes, or is refused", arguments: ["sp-rules", "sp-rules-bytes", "sp-extra-blanks"])
    func model(name: String) throws {
        let good = try FileSystem.readAll(Place.fixture("golden/small-tokenizers/\(name)/tokenizer.model"))
        let folder = try TemporaryDirectory()
        let texts = Self.texts + ["A\u{301}x<mask>  ...ﬁ ~ ", "\u{1}\u{2}", "   "].map { Array($0.utf8) } + [[0xEF, 0xAC, 0x41, 0xFF]]
        let tally = try mutate("model-\(name)", [good], cases: TestRun.cases(250), expecting: TokenizerError.self) { bytes in
            try folder.write(bytes, to: "toy.model")
            let tokenizer = try Tokenizer.load(folder.file("toy.model"))
            for text in texts { #expect(tokenizer.encode(text).allSatisfy { Int($0) < tokenizer.vocabularySize }) }
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }
}
