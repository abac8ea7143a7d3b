import CommandKit
import Files
import JSON
import Tokenization

/// `slwdata tokenizer convert T`
enum TokenizerConvertCommand {
    static let formats = Option.list("--to", "FORMAT", isRequired: true, "file formats to write: tokenizer.json, vocab.bpe, tiktoken")
    static let directory = Option.required("--output-dir", "DIR", "where the files go").also("--output")

    static let command = Command(
        "convert", "write a tokenizer in other file formats",
        discussion: [
            "A format that would be read back as another tokenizer is refused. Beside a .tiktoken file whose number of ranks is that of no known family goes NAME.tiktoken.json with pattern and special tokens."
        ],
        examples: ["slwdata tokenizer convert default --to vocab.bpe tiktoken --output-dir converted"],
        operands: [.one("T", "file, directory or installed name")],
        options: [
            OptionGroup("Tokens", TokenizerFlags.settings),
            OptionGroup("Output", [formats, directory, SharedOptions.overwrite]),
        ],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let formats = try TokenizerFormats.parse(call[formats], call, option: "--to")
        let tokenizer = try TokenizerFlags.load(call.operands[0], call)
        if !call[SharedOptions.overwrite] { try TokenizerFormats.refuseExisting(formats, of: tokenizer.name, in: call[directory]) }
        let files = try formats.flatMap { format throws(TokenizerError) in try tokenizer.write(as: format, to: call[directory]) }
        if call.wantsJSON {
            return call.console.print(
                JSONValue.object(["tokenizer": JSONValue(tokenizer.name), "files": .array(files.map { JSONValue($0) })]).serialized())
        }
        for file in files { call.console.print(PathName.printable(file)) }
    }
}
