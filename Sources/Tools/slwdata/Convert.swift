import CommandKit
import Files
import IndexedDatasets
import JSON
import Quantities

/// `slwdata convert FILE`
enum ConvertCommand {
    static let from = Option<String?>.choice(
        "--from", "FORMAT", of: TokenFileFormat.allCases.map(\.rawValue), "format of the input; otherwise told by its name and first bytes")
    static let to = Option.choice(
        "--to", "FORMAT", of: TokenFileFormat.allCases.filter { $0 != .tnt }.map(\.rawValue), default: "megatron", "format of the output")
    static let output = Option.required("--output", "PATH", "where to write: a prefix for megatron, else the file").also("--output-prefix")
    static let type = Option<String?>.choice(
        "--dtype", "TYPE", of: TokenType.allCases.filter(\.isInteger).map(\.rawValue),
        "how the output stores tokens; otherwise as the input")

    static let command = Command(
        "convert", "turn token files of other programs into Megatron's and back",
        discussion: [
            """
            Reads Megatron's and DeepSpeed's pairs, the old TNTIDX, datatrove's .ds, llm.c's and nanoGPT's .bin. Tokens stay the same, \
            document boundaries go along as far as both formats keep them; --eod cuts documents out of files that keep none.
            """
        ],
        examples: ["slwdata convert some --to nanogpt --output some-tokens.bin", "slwdata convert train.bin --eod 50256 --output train"],
        operands: [.one("INPUT", "prefix of a pair, or the file")],
        options: [
            OptionGroup("Formats", [from, to, type, SharedOptions.endOfText]), OptionGroup("Output", [output, SharedOptions.overwrite]),
        ],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let target = TokenFileFormat(rawValue: call[to])!
        let converter = try DatasetConverter(
            call.operands[0], from: call[from].flatMap { TokenFileFormat(rawValue: $0) }, to: target,
            endOfText: call[SharedOptions.endOfText],
            tokenType: call[type].flatMap { TokenType(rawValue: $0) })
        let path = target == .megatron ? PrefixName.prefix(call[output]) : call[output]
        let position = try converter.convert(into: path, overwrite: call[SharedOptions.overwrite])
        if call.wantsJSON {
            let json: JSONValue = [
                "output": JSONValue(path), "from": JSONValue(converter.inputFormat.rawValue), "to": JSONValue(target.rawValue),
                "documents": JSONValue(position.documentCount), "bin_bytes": JSONValue(position.binBytes),
            ]
            return call.console.print(json.serialized())
        }
        call.console.print(
            """
            wrote \(PathName.printable(path)) (\(target.rawValue)) from \(PathName.printable(call.operands[0])) \
            (\(converter.inputFormat.rawValue)): \(QuantityText.bytes(Double(position.binBytes))) of tokens
            """
        )
    }
}
