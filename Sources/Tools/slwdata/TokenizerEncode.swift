import CommandKit
import Files
import JSON
import Tokenization

/// `slwdata tokenizer encode`
enum TokenizerEncodeCommand {
    static let format = Option.choice(
        "--format", "FORMAT", of: TokenText.formats, default: "text", "ids as text separated by blanks, or as raw little-endian numbers")
    static let special = Option.flag("--allow-special", "make special tokens from their text; otherwise it is text like any other")

    static let command = Command(
        "encode", "turn the text on standard input into token ids",
        discussion: ["Any bytes are taken, valid UTF-8 or not, and come back unchanged from decode. For corpora use preprocess."],
        examples: ["echo Hello world | slwdata tokenizer encode", "slwdata tokenizer encode --tokenizer gpt2 --format u16le < text > ids"],
        options: [OptionGroup("Tokens", TokenizerFlags.all + [special, format])], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let tokenizer = try TokenizerFlags.load(call)
        let format = call[format]
        if format == "u16le" && tokenizer.vocabularySize > 1 << 16 {
            throw call.misuse(
                "--format u16le has no room for the \(tokenizer.vocabularySize) tokens of \(tokenizer.name)", hint: "use u32le")
        }
        let input = try StandardInput.read()
        let ids: [TokenID]
        if call[special] {
            guard let text = String(validating: input, as: UTF8.self) else {
                throw CommandEnd.failed(
                    "standard input: not valid UTF-8: special tokens can only be found in text; leave out --allow-special")
            }
            ids = tokenizer.encode(text, allowedSpecial: Set(tokenizer.specialTokens.map(\.text)))
        } else {
            ids = tokenizer.encode(input)
        }
        if call.wantsJSON {
            let json: JSONValue = [
                "tokenizer": JSONValue(tokenizer.name), "bytes": JSONValue(input.count), "tokens": JSONValue(ids.count),
                "ids": .array(ids.map { JSONValue(Int($0)) }),
            ]
            return call.console.print(json.serialized())
        }
        call.console.write(TokenText.bytes(ids, format: format))
    }
}
