import Files
import JSON
import TestSupport
import Testing

@testable import Tokenization

@Suite("VocabularyReader")
struct VocabularyReaderTests {
    /// The 256 bytes as `encoder.json` spells them, with ids from 0.
    private var byteMembers: [String] {
        ByteAlphabet.bytesInScalarOrder.enumerated().map { id, byte in
            let spelling = ByteAlphabet.spelling(of: [byte])
            return (spelling == "\"" || spelling == "\\" ? "\"\\\(spelling)\"" : "\"\(spelling)\"") + ":\(id)"
        }
    }

    private func message(_ encoder: String, _ merges: String) throws -> String {
        let folder = try TemporaryDirectory()
        let path = try folder.write(encoder, to: "encoder.json")
        try folder.write(merges, to: "vocab.bpe")
        do {
            _ = try Tokenizer.load(path)
            return "none"
        } catch {
            return "\(error)".replacing(folder.path + "/", with: "")
        }
    }

    @Test func `each byte has a stand-in, and nothing else is one`() {
        for (byte, scalar) in ByteAlphabet.scalars.enumerated() { #expect(ByteAlphabet.byte(ofCodePoint: scalar.value) == UInt8(byte)) }
        let standIns = Set(ByteAlphabet.scalars.map(\.value))
        #expect((0...0x10FFFF).allSatisfy { standIns.contains($0) || ByteAlphabet.byte(ofCodePoint: $0) == nil })
    }

    @Test func `a release in order is read`() throws {
        let members = byteMembers + ["\"ab\":256", "\"<|endoftext|>\":257"]
        #expect(try message("{\(members.joined(separator: ","))}", "#version: 0.2\na b\n") == "none")
    }

    @Test func `what is wrong with a release is said in one line`() throws {
        let bytes = byteMembers.joined(separator: ",")
        let few = byteMembers.dropLast().joined(separator: ",")
        #expect(try message("{\(few)}", "").hasPrefix("encoder.json: there is no token for the byte "))
        #expect(try message("{\(bytes),\"ab\":7}", "") == "encoder.json: two tokens have the id 7")
        #expect(try message("{\(bytes),\"ab\":99999999999}", "").contains("the id 99999999999 is not in 0 ..< 2097151"))
        #expect(try message("{\(bytes),\"ab\":-1}", "").contains("the id -1 is not in"))
        #expect(try message("{\(bytes),\"ab\":256,\"ab\":257}", "").contains("two tokens have the bytes of token 257"))
        #expect(try message("{\(bytes)}", "#version\na b\n") == "vocab.bpe, byte 9: the result of a merge is not in the vocabulary")
        #expect(try message("{\(bytes)}", "a\n") == "vocab.bpe, byte 0: a merge is two words, here is one")
        #expect(try message("{\(bytes)}", "a b c\n") == "vocab.bpe, byte 3: a merge is two words, here are more")
        #expect(try message("{\(bytes)}", "a 中\n") == "vocab.bpe, byte 0: a merge is not spelled in the byte alphabet")
        #expect(try message("{\(bytes)", "").contains("encoder.json, byte "))
    }

    @Test(arguments: [0, 1, 30, 31, 32, 33, 63, 64, 99])
    func `a flaw in any merge of a list is found, and where it is`(number: Int) throws {
        let pairs = "abcdefghij".flatMap { left in "klmnopqrst".map { (left, $0) } }
        let members = byteMembers + pairs.enumerated().map { "\"\($1.0)\($1.1)\":\(256 + $0)" }
        var lines = pairs.map { "\($0.0) \($0.1)\n" }
        #expect(try message("{\(members.joined(separator: ","))}", lines.joined()) == "none")
        for (line, reason) in [
            ("xx a\n", "the left side of a merge is not in the vocabulary"),
            ("a xx\n", "the right side of a merge is not in the vocabulary"),
            ("x y\n", "the result of a merge is not in the vocabulary"), ("a 中\n", "a merge is not spelled in the byte alphabet"),
        ] {
            lines[number] = line
            #expect(try message("{\(members.joined(separator: ","))}", lines.joined()) == "vocab.bpe, byte \(4 * number): \(reason)")
        }
    }

    private func huggingFace(_ change: (String, String)) throws -> String {
        let folder = try TemporaryDirectory()
        let text = String(decoding: try FileSystem.readAll(Place.fixture("tokenizers/default/tokenizer.json")), as: UTF8.self)
        #expect(text.contains(change.0))
        let path = try folder.write(text.replacing(change.0, with: change.1), to: "tokenizer.json")
        do {
            return "\(try Tokenizer.load(path).pattern?.rawValue ?? "none")"
        } catch {
            return "\(error)".replacing(folder.path + "/", with: "")
        }
    }

    @Test(arguments: [5, 40, 300])
    func `a merge that is wrong in a tokenizer json is named`(number: Int) throws {
        let folder = try TemporaryDirectory()
        let text = String(decoding: try FileSystem.readAll(Place.fixture("tokenizers/default/tokenizer.json")), as: UTF8.self)
        var file = try JSONValue.parse(Array(text.utf8))
        var merges = try #require(file["model"]?["merges"]?.array)
        var model = try #require(file["model"]?.object)
        var object = try #require(file.object)
        for (merge, reason) in [
            (JSONValue.array(["zzzq", "b"]), "the left side of a merge is not in the vocabulary"),
            ("a zzzq", "the right side of a merge is not in the vocabulary"), ("x", "a merge is two words with a blank between them"),
        ] {
            merges[number] = merge
            model["merges"] = .array(merges)
            object["model"] = .object(model)
            file = .object(object)
            let path = try folder.write(file.serialized(), to: "tokenizer.json")
            let error = #expect(throws: TokenizerError.self) { try Tokenizer.load(path) }
            #expect("\(try #require(error))".contains(reason))
        }
    }

    @Test func `what cannot be encoded exactly is refused by name`() throws {
        let end = ", which is not supported: only what can be encoded exactly is accepted"
        #expect(
            try huggingFace(("\"normalizer\": null", "\"normalizer\": {\"type\": \"Lowercase\"}"))
                == "tokenizer.json: it asks for the normalizer Lowercase" + end)
        #expect(try huggingFace(("\"type\": \"BPE\"", "\"type\": \"Unigram\"")) == "tokenizer.json: its model is Unigram, not BPE" + end)
        #expect(
            try huggingFace(("\"end_of_word_suffix\": null", "\"end_of_word_suffix\": \"</w>\""))
                == "tokenizer.json: it asks for end_of_word_suffix" + end)
        #expect(try huggingFace(("\"normalizer\": null", "\"normalizer\":  null")) == "gpt2")
    }

    /// A `tokenizer.json` of the bytes, one merge and two added tokens, its parts in the order given.
    private func shuffled(_ order: [String], model: [String]) throws -> String {
        let parts = [
            "added_tokens": #"[{"id":257,"content":"<|endoftext|>","special":true},{"id":258,"content":"zz","special":false}]"#,
            "normalizer": "null",
            "pre_tokenizer": #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#,
            "model": "{" + model.map { "\"\($0)\":" + modelParts[$0]! }.joined(separator: ",") + "}",
        ]
        return "{" + order.map { "\"\($0)\":" + parts[$0]! }.joined(separator: ",") + "}"
    }

    private var modelParts: [String: String] {
        [
            "type": "\"BPE\"", "vocab": "{" + (byteMembers + ["\"ab\":256"]).joined(separator: ",") + "}", "merges": #"[["a","b"]]"#,
            "byte_fallback": "false",
        ]
    }

    @Test func `the parts of a tokenizer json may come in any order, but each once`() throws {
        var generator = SeededGenerator(TestRun.seed)
        let folder = try TemporaryDirectory()
        let (top, inner) = (["added_tokens", "normalizer", "pre_tokenizer", "model"], ["type", "byte_fallback", "vocab", "merges"])
        let usual = try Tokenizer.load(try folder.write(try shuffled(top, model: inner), to: "tokenizer.json"))
        #expect(usual.encode("abzzab") == [256, 258, 256])
        for _ in 0..<TestRun.cases(40) {
            let text = try shuffled(top.shuffled(using: &generator), model: inner.shuffled(using: &generator))
            let tokenizer = try Tokenizer.load(try folder.write(text, to: "tokenizer.json"))
            #expect(tokenizer.digest == usual.digest && tokenizer.encode("abzzab") == [256, 258, 256], "\(text)")
        }
        for twice in top + inner {
            let text = try shuffled(top.contains(twice) ? top + [twice] : top, model: inner.contains(twice) ? inner + [twice] : inner)
            let path = try folder.write(text, to: "tokenizer.json")
            do {
                _ = try Tokenizer.load(path)
                Issue.record("\(twice) is there twice")
            } catch {
                #expect("\(error)".contains("\(twice) is there twice"))
            }
        }
        // Whatever else is wrong with its merges, a feature that is not known is what is said.
        let foreign = try shuffled(top, model: inner).replacing("\"ByteLevel\"", with: "\"Whitespace\"").replacing(#"["a","b"]"#, with: "7")
        do {
            _ = try Tokenizer.load(try folder.write(foreign, to: "tokenizer.json"))
            Issue.record("a foreign tokenizer was read")
        } catch {
            #expect("\(error)".contains("Whitespace"))
        }
    }

    @Test func `what has no effect is no reason to refuse a file`() throws {
        #expect(try huggingFace(("\"byte_fallback\": false", "\"byte_fallback\": true")) == "gpt2")
        #expect(try huggingFace(("\"unk_token\": null", "\"unk_token\": \"<|endoftext|>\"")) == "gpt2")
        #expect(try huggingFace(("\"lstrip\": false", "\"lstrip\": true")) == "gpt2")
        #expect(try huggingFace(("\"single_word\": false", "\"single_word\": true")) == "gpt2")
    }

    @Test func `merges that are missing are an error`() throws {
        let members = byteMembers + (256..<400).map { "\"a\(String($0, radix: 36))\":\($0)" }
        #expect(
            try message("{\(members.joined(separator: ","))}", "#version: 0.2\n") == "vocab.bpe: no merges for 400 tokens: was it cut off?")
    }

    @Test func `a name that is nowhere is an error that says where it was looked for`() {
        #expect(throws: TokenizerError.self) { try Tokenizer.load("no-such-tokenizer") }
        #expect(throws: TokenizerError.self) { try Tokenizer.load("no/such/file.json") }
    }
}
