import CommandKit
import Tokenization

/// Which tokenizer, and what its files do not say: the options of every command that encodes.
enum TokenizerFlags {
    static let pattern = Option<String?>.text(
        "--pattern", "NAME",
        "the family by whose pattern texts are cut, for a .tiktoken file or a vocab.json that is none of the known ones")
    static let specialTokens = Option<String?>.text(
        "--special-tokens", "FILE", "JSON {\"text\": id, …} with the special tokens of a .tiktoken file")
    static let endOfText = Option<String?>.text(
        "--eod-token", "TEXT|ID", "the token that ends documents; else the special token with one of the usual names")

    static let merges = Option<String?>.text(
        "--merge-file", "FILE", "the merges of a vocabulary in JSON (--vocab-file), of any names; else they lie beside it")

    static let kind = Option<String?>.choice(
        "--tokenizer-type", "NAME", of: ["GPT2BPETokenizer"],
        "Megatron's word for a vocabulary and merges that are used with GPT-2's pattern")

    /// What the files of a tokenizer do not say.
    static let settings: [any AnyOption] = [merges, kind, pattern, specialTokens, endOfText]
    static let all: [any AnyOption] = [SharedOptions.tokenizer] + settings

    static func load(_ call: Invocation) throws -> Tokenizer { try load(call[SharedOptions.tokenizer], call) }

    static func load(_ name: String, _ call: Invocation) throws -> Tokenizer {
        var options = TokenizerOptions(
            pattern: call[pattern], specialTokensFile: call[specialTokens], mergesFile: call[merges], endOfText: call[endOfText])
        if name == SharedOptions.defaultTokenizer {
            if options.mergesFile != nil { throw call.misuse("--merge-file goes with --vocab-file, which is missing") }
            if let kind = call[kind] {
                throw call.misuse(
                    "--tokenizer-type \(kind) goes with --vocab-file and --merge-file, or --tokenizer gpt2, which are missing")
            }
        }
        if call[kind] != nil, options.mergesFile != nil { options.pattern = options.pattern ?? PreTokenPattern.gpt2.rawValue }
        let tokenizer = try Tokenizer.load(name, options: options, furtherPlaces: Tokenizer.checkoutPlaces)
        if let kind = call[kind], tokenizer.pattern != .gpt2 {
            throw call.misuse("--tokenizer-type: \(name) is no \(kind): it cuts texts by the pattern of \(tokenizer.cutting.prefix(40))")
        }
        return tokenizer
    }
}
