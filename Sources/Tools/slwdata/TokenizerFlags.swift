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

    /// What the files of a tokenizer do not say.
    static let settings: [any AnyOption] = [merges, pattern, specialTokens, endOfText]
    static let all: [any AnyOption] = [SharedOptions.tokenizer] + settings

    static func load(_ call: Invocation) throws -> Tokenizer { try load(call[SharedOptions.tokenizer], call) }

    static func load(_ name: String, _ call: Invocation) throws -> Tokenizer {
        let options = TokenizerOptions(
            pattern: call[pattern], specialTokensFile: call[specialTokens], mergesFile: call[merges], endOfText: call[endOfText])
        if options.mergesFile != nil, name == SharedOptions.defaultTokenizer {
            throw call.misuse("--merge-file goes with --vocab-file, which is missing")
        }
        return try Tokenizer.load(name, options: options, furtherPlaces: Tokenizer.checkoutPlaces)
    }
}
