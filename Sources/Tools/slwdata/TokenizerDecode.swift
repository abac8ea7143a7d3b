import CommandKit
import Tokenization

/// `slwdata tokenizer decode`
enum TokenizerDecodeCommand {
    static let command = Command(
        "decode", "turn the token ids on standard input back into text",
        examples: ["echo Hello world | slwdata tokenizer encode | slwdata tokenizer decode"],
        options: [OptionGroup("Tokens", TokenizerFlags.all + [TokenizerEncodeCommand.format])], run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let tokenizer = try TokenizerFlags.load(call)
        let ids = try TokenText.ids(StandardInput.read(), format: call[TokenizerEncodeCommand.format])
        call.console.write(try tokenizer.decode(ids))
    }
}
