import Files
import JSON
import Quantities
import TestSupport
import Testing

@testable import Tokenization

@Suite("TokenizerFormat")
struct TokenizerFormatTests {
    private func toy(specialTokens: [String] = ["<|endoftext|>"]) throws -> Vocabulary {
        let counter = PreTokenCounter()
        for text in ["low lower lowest", "new newer newest", "wide wider widest", "\"quoted\" \\ é 中 \u{7F}"] { counter.count(text) }
        return try BPETrainer(vocabularySize: 290, specialTokens: specialTokens).vocabulary(of: counter)
    }

    private func file(_ name: String, _ files: [(name: String, bytes: [UInt8])]) throws -> [UInt8] {
        try #require(files.first { $0.name == name }).bytes
    }

    @Test func `base64 pads to four digits`() {
        #expect(
            ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map { String(decoding: Base64.encode(Array($0.utf8)), as: UTF8.self) }
                == ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"])
        #expect(Base64.encode([0xFB, 0xFF, 0xFE]) == Array("+//+".utf8))
    }

    @Test func `tokenizer json holds vocabulary, merges and special tokens`() throws {
        let vocabulary = try toy()
        let json = try JSONValue.parse(try file("tokenizer.json", vocabulary.files(as: .huggingFace, name: "toy")))
        #expect(json["pre_tokenizer"]?["type"]?.string == "ByteLevel")
        #expect(json["added_tokens"]?[0]?["content"]?.string == "<|endoftext|>")
        #expect(json["model"]?["vocab"]?["<|endoftext|>"]?.int == 0)
        #expect(json["model"]?["vocab"]?["\""]?.int == 2)
        #expect(json["model"]?["merges"]?.array?.count == vocabulary.merges.count)
        #expect(json["model"]?["merges"]?[0]?.array?.compactMap(\.string) == ["w", "e"])
    }

    @Test func `empty lists stand on one line, as tokenizers writes them`() throws {
        let vocabulary = try BPETrainer(vocabularySize: 256, specialTokens: []).vocabulary(of: PreTokenCounter())
        let text = String(decoding: vocabulary.huggingFaceJSON(), as: UTF8.self)
        #expect(text.contains("\n  \"added_tokens\": [],\n"))
        #expect(text.contains("\n    \"merges\": []\n"))
    }

    @Test func `encoder json is ASCII and vocab bpe opens with its version`() throws {
        let files = try toy().files(as: .gpt2, name: "toy")
        let encoder = try file("encoder.json", files)
        #expect(encoder.allSatisfy { $0 < 0x7F })
        #expect(try JSONValue.parse(encoder)["Ġ"]?.int == 1 + 188 + 32)
        #expect(String(decoding: try file("vocab.bpe", files), as: UTF8.self).hasPrefix("#version: 0.2\nw e\n"))
    }

    @Test func `ranks imply the merges they were learned with`() throws {
        let vocabulary = try toy()
        #expect(vocabulary.mergesByRank().map(\.merge) == vocabulary.merges)
        let lines = String(decoding: try file("toy.tiktoken", vocabulary.files(as: .tiktoken, name: "toy")), as: UTF8.self).split(
            separator: "\n")
        #expect(lines.count == vocabulary.count - 1)
        #expect(lines[0] == "IQ== 1")
    }

    @Test func `merges out of the order of ids are refused as ranks`() throws {
        var vocabulary = try toy()
        vocabulary.merges.swapAt(0, 1)
        #expect(throws: TokenizerError.notExpressible(format: ".tiktoken", reason: "its merges are not in the order of its ids")) {
            try vocabulary.files(as: .tiktoken, name: "toy")
        }
    }

    /// Texts that each pattern cuts in its own way.
    private static let samples = [
        "I'LL pay 12345 for a.b()\r\n\r\n  indented  \n \n  ", "ÀÉa Ǆabc DON'T x'ſ ½²३४५\u{301}e\u{301}", " \n\n\t x/y//\n/", "   ",
        "中文。日本 語\u{3000}\u{A0}!",
    ]

    @Test(arguments: PreTokenPattern.allCases) func `each pattern is read back from the tokenizer json that was written`(
        _ pattern: PreTokenPattern
    ) throws {
        let folder = try TemporaryDirectory()
        let tokenizer = Tokenizer(name: "toy", vocabulary: try toy(), pattern: pattern)
        let read = try Tokenizer.load(try tokenizer.write(as: .huggingFace, to: folder.path)[0])
        #expect(read.pattern == pattern && read.digest == tokenizer.digest)
        for sample in Self.samples { #expect(read.encode(sample) == tokenizer.encode(sample)) }
    }

    @Test func `a format that stands for another pattern is refused by name`() throws {
        for pattern in PreTokenPattern.allCases where pattern != .gpt2 {
            let error = #expect(throws: TokenizerError.self) {
                try Tokenizer(name: "toy", vocabulary: try toy(), pattern: pattern).files(as: .gpt2)
            }
            #expect(error?.description.contains("that of \(pattern.rawValue)") == true)
        }
    }

    @Test(arguments: PreTokenPattern.allCases) func `ranks of no known number are read back by the settings beside them`(
        _ pattern: PreTokenPattern
    ) throws {
        let folder = try TemporaryDirectory()
        let tokenizer = Tokenizer(name: "toy", vocabulary: try toy(specialTokens: ["<|a|>", "<|endoftext|>"]), pattern: pattern)
        let paths = try tokenizer.write(as: .tiktoken, to: folder.path)
        #expect(paths.map { FileSystem.name(of: $0) } == ["toy.tiktoken", "toy.tiktoken.json"])
        let read = try Tokenizer.load(paths[0])
        #expect(read.digest == tokenizer.digest && read.endOfText == tokenizer.endOfText && read.pattern == pattern)
        for sample in Self.samples { #expect(read.encode(sample) == tokenizer.encode(sample)) }
        // Without them nobody knows, and nobody guesses.
        try FileSystem.remove(paths[1])
        let error = #expect(throws: TokenizerError.self) { try Tokenizer.load(paths[0]) }
        #expect(error?.description.contains("ranks are those of no family that is known (gpt2 (50256), p50k (50280)") == true)
        let chosen = try Tokenizer.load(paths[0], options: TokenizerOptions(pattern: pattern.rawValue))
        #expect(chosen.pattern == pattern && chosen.specialTokens.isEmpty)
    }

    @Test func `what a tokenizer json says of merges and added tokens is written again`() throws {
        let folder = try TemporaryDirectory()
        let text = String(decoding: try toy().huggingFaceJSON(), as: UTF8.self)
            .replacing("\"ignore_merges\": false", with: "\"ignore_merges\": true").replacing(
                "\"special\": true", with: "\"special\": false")
        let tokenizer = try Tokenizer.load(try folder.write(text, to: "tokenizer.json"))
        #expect(try tokenizer.files(as: .huggingFace)[0].bytes == Array(text.utf8))
        #expect(throws: TokenizerError.self) { try tokenizer.files(as: .gpt2) }
        #expect(throws: TokenizerError.self) { try tokenizer.files(as: .tiktoken) }
    }

    @Test func `ranks that are not merges are written as ranks only`() throws {
        let folder = try TemporaryDirectory()
        // "abc" cannot be reached: neither "ab" nor "bc" is a token.
        let bytes = (0...255).map { "\(Base64.encode([UInt8($0)]).text) \($0)\n" }.joined()
        let path = try folder.write(bytes + "\(Base64.encode(Array("abc".utf8)).text) 256\n", to: "odd.tiktoken")
        let tokenizer = try Tokenizer.load(path, options: TokenizerOptions(pattern: "gpt2"))
        #expect(tokenizer.encode("abc") == [256])
        #expect(try tokenizer.files(as: .tiktoken)[0].bytes == FileSystem.readAll(path))
        #expect(throws: TokenizerError.notExpressible(format: "tokenizer.json", reason: "some of its ranks are not merges")) {
            try tokenizer.files(as: .huggingFace)
        }
    }

    @Test(.needs(.shared("gpt2/r50k_base.tiktoken")))
    func `from GPT-2's ranks come its published encoder json and vocab bpe, byte for byte`() throws {
        let folder = try #require(Place.shared("gpt2"))
        let published = try FileSystem.readAll(folder + "/r50k_base.tiktoken")
        var vocabulary = Vocabulary()
        for line in published.split(separator: UInt8(ascii: "\n")) {
            vocabulary.append(decodedBase64(line.prefix { $0 != UInt8(ascii: " ") }))
        }
        vocabulary.merges = try vocabulary.mergesByRank().map { try #require($0.merge) }
        vocabulary.append("<|endoftext|>".utf8)
        vocabulary.specialTokens = [.init(text: "<|endoftext|>", id: 50256)]

        let files = try vocabulary.files(as: .gpt2, name: "gpt2")
        #expect(try file("vocab.bpe", files) == FileSystem.readAll(folder + "/vocab.bpe"))
        #expect(try file("encoder.json", files) == FileSystem.readAll(folder + "/encoder.json"))
        #expect(try file("gpt2.tiktoken", vocabulary.files(as: .tiktoken, name: "gpt2")) == published)
    }

    private func decodedBase64(_ text: ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var result: [UInt8] = []
        var bits = 0
        var held = 0
        for digit in text where digit != UInt8(ascii: "=") {
            bits = (bits << 6 | digits.firstIndex(of: digit)!) & 0xFFFF
            held += 6
            if held >= 8 {
                held -= 8
                result.append(UInt8(bits >> held & 0xFF))
            }
        }
        return result
    }
}

extension Vocabulary {
    /// The files of a tokenizer with this vocabulary and GPT-2's pattern.
    func files(as format: TokenizerFormat, name: String) throws(TokenizerError) -> [(name: String, bytes: [UInt8])] {
        try Tokenizer(name: name, vocabulary: self).files(as: format)
    }
}

extension [UInt8] {
    fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
