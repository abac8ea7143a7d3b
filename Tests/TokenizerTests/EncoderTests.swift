import Files
import JSON
import TestSupport
import Testing

@testable import Tokenizer

@Suite("Encoder")
struct EncoderTests {
    static let hasGPT2 = Place.shared("gpt2/encoder.json") != nil

    static let gpt2: Result<Tokenizer, TokenizerError> = Result { () throws(TokenizerError) in
        try Tokenizer.load(Place.shared("gpt2")!)
    }

    @Test(.enabled(if: hasGPT2))
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

    @Test(.enabled(if: hasGPT2))
    func `special tokens are made from text only when asked for`() throws {
        let gpt2 = try Self.gpt2.get()
        #expect(gpt2.encode("<|endoftext|>") == [27, 91, 437, 1659, 5239, 91, 29])
        #expect(gpt2.encode("a<|endoftext|>b", allowedSpecial: ["<|endoftext|>"]) == [64, 50256, 65])
    }

    @Test(.enabled(if: hasGPT2))
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
}
