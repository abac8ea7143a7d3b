import CommandKit
import Evaluation
import Files
import JSON
import Tokenization
import Training

/// `slw-train sample RUN`
enum SampleCommand {
    static let prompt = Option<String?>.text("--prompt", "TEXT", "what to continue").defaulting(to: "the end-of-text token")
    static let count = Option.count("--tokens", default: 200, in: 1...1 << 30, "tokens to add")
    static let temperature = Option<Double?>.number(
        "--temperature", in: 0...1000, "logits are divided by it; 0 takes the most probable token"
    ).defaulting(to: "1")
    static let topK = Option<Int?>.count("--top-k", in: 1...1 << 31, "only the K most probable tokens")
    static let topP = Option<Double?>.number("--top-p", in: 0...1, "only the most probable tokens that together reach P")
    static let seed = Option.count("--seed", default: 1234, "of the draw: the same seed gives the same text")

    static let command = Command(
        "sample", "let a model write", examples: ["slw-train sample runs/2026-11-21-some --prompt 'The lake' --temperature 0.8"],
        operands: [ModelOptions.operand],
        options: [OptionGroup("Text", [prompt, count, temperature, topK, topP, seed]), ModelOptions.group],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let model = try ModelOptions.load(call)
        let tokenizer = try ModelOptions.loadTokenizer(of: model, call)
        let start = call[prompt].map { tokenizer.encode(PathName.systemBytes($0)) } ?? tokenizer.endOfText.map { [$0] } ?? []
        if let wrong = start.first(where: { Int($0) >= model.vocabularySize }) {
            throw CommandEnd.failed(
                "tokenizer \(tokenizer.name): token \(wrong) is outside of the model's \(model.vocabularySize): use the tokenizer it was trained with"
            )
        }
        let sampler = TokenSampler(temperature: call[temperature] ?? 1, topK: call[topK], topP: call[topP], seed: UInt64(call[seed]))
        var ids: [TokenID] = []
        if !call.wantsJSON, let text = call[prompt] { call.console.write(PathName.systemBytes(text)) }
        try model.generate(after: start, count: call[count], sampler: sampler) { id in
            if id == tokenizer.endOfText { return false }
            ids.append(id)
            // Bytes and not text: a token may end within a character.
            if !call.wantsJSON { call.console.write(tokenizer.bytes(of: id) ?? []) }
            return !StopSignal.isRequested
        }
        guard call.wantsJSON else { return call.console.print("") }
        let text = String(decoding: ids.flatMap { tokenizer.bytes(of: $0) ?? [] }, as: UTF8.self)
        let json: JSONValue = [
            "model": JSONValue(model.origin), "prompt": JSONValue(call[prompt]), "text": JSONValue(text),
            "ids": .array(ids.map { JSONValue(Int($0)) }),
        ]
        call.console.print(json.serialized())
    }
}
