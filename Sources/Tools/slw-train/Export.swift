import CommandKit
import Files
import JSON
import Quantities
import Tokenization
import Training

/// `slw-train export RUN`
enum ExportCommand {
    static let output = Option<String?>.text("--output", "DIR", "folder to write").also("--output-dir").defaulting(
        to: "hugging-face in the run folder")

    static let command = Command(
        "export", "write a model as a Hugging Face folder",
        discussion: ["GPT2LMHeadModel.from_pretrained loads it with the same logits; the tokenizer's files are in it too."],
        examples: ["slw-train export runs/2026-11-21-some --output my-model"], operands: [ModelOptions.operand],
        options: [OptionGroup("Output", [output]), ModelOptions.group], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let model = try ModelOptions.load(call)
        let name = call[ModelOptions.tokenizer] ?? model.tokenizerName
        let tokenizer = try name.map { try Tokenizer.load($0, furtherPlaces: Tokenizer.checkoutPlaces) }
        if tokenizer == nil { call.console.warn("no tokenizer is known: the folder holds the model alone; --tokenizer adds one") }
        let directory = call[output] ?? call.operands[0] + "/hugging-face"
        try model.export(to: directory, tokenizer: tokenizer)
        if call.wantsJSON {
            return call.console.print(
                JSONValue.object([
                    "model": JSONValue(model.origin), "output": JSONValue(directory), "parameters": JSONValue(model.parameterCount),
                    "tokenizer": JSONValue(tokenizer?.name),
                ]).serialized())
        }
        call.console.print(
            "\(PathName.printable(directory)): \(QuantityText.count(model.parameterCount)) parameters from \(PathName.printable(model.origin))"
        )
    }
}
