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

    static let all: [any AnyOption] = [SharedOptions.tokenizer, pattern, specialTokens, endOfText]

    static func options(_ call: Invocation) -> TokenizerOptions {
        TokenizerOptions(pattern: call[pattern], specialTokensFile: call[specialTokens], endOfText: call[endOfText])
    }

    static func load(_ call: Invocation) throws -> Tokenizer {
        try Tokenizer.load(call[SharedOptions.tokenizer], options: options(call), furtherPlaces: Tokenizer.checkoutPlaces)
    }
}
