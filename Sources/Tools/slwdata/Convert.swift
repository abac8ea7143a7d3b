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
        "--to", "FORMAT", of: TokenFileFormat.allCases.filter { $0 != .tnt && $0 != .fairseq }.map(\.rawValue), default: "megatron",
        "format of the output")
    static let output = Option.required("--output", "PATH", "where to write: a prefix for megatron, else the file").also("--output-prefix")
    static let type = Option<String?>.choice(
        "--dtype", "TYPE", of: TokenType.allCases.filter(\.isInteger).map(\.rawValue),
        "how a raw input stores tokens, else how the output does; otherwise as the input")
    static let vocabularySize = Option<Int?>.count("--vocab-size", in: 1...Int(UInt32.max), "every token must be below this")

    static let command = Command(
        "convert", "turn token files of other programs into Megatron's and back",
        discussion: [
            """
            Reads Megatron's and DeepSpeed's pairs, fairseq's, the old TNTIDX, datatrove's .ds, llm.c's and nanoGPT's .bin, NumPy's .npy, \
            and bare arrays such as dolma's and OLMo's (raw, which need --dtype). Tokens stay the same, document boundaries go along as far \
            as both formats keep them; --eod cuts documents out of files that keep none, else a row of an array, or all of it, is one.
            """
        ],
        examples: [
            "slwdata convert some --to nanogpt --output some-tokens.bin", "slwdata convert train.bin --eod 50256 --output train",
            "slwdata convert part-0-00000.npy --from raw --dtype uint32 --eod 50279 --output part-0",
        ],
        operands: [.one("INPUT", "prefix of a pair, or the file")],
        options: [
            OptionGroup("Formats", [from, to, type, SharedOptions.endOfText, vocabularySize]),
            OptionGroup("Output", [output, SharedOptions.overwrite]),
        ],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let target = TokenFileFormat(rawValue: call[to])!
        let source = call[from].flatMap { TokenFileFormat(rawValue: $0) }
        let named = call[type].flatMap { TokenType(rawValue: $0) }
        let converter = try DatasetConverter(
            call.operands[0], from: source, to: target, endOfText: call[SharedOptions.endOfText],
            tokenType: source == .raw ? nil : named, rawType: source == .raw ? named : nil, vocabularySize: call[vocabularySize])
        let path = target == .megatron ? PrefixName.prefix(call[output]) : call[output]
        call.console.beginProgress("converting", unit: .bytes)
        let position = try converter.convert(into: path, overwrite: call[SharedOptions.overwrite]) {
            call.console.updateProgress($0, total: $1)
        }
        call.console.endProgress()
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
            (\(converter.inputFormat.rawValue)): \(position.documentCount > 0 ? "\(QuantityText.count(position.documentCount)) documents, " : "")\
            \(QuantityText.bytes(Double(position.binBytes))) of tokens
            """
        )
    }
}
