import CommandKit
import Evaluation
import Files
import JSON
import Quantities
import Training

/// `slw-train evaluate RUN`
enum EvaluateCommand {
    static let task = Option.text(
        "--task", "TASK,…", default: "wikitext",
        "wikitext (perplexity of a text) or lambada (last words) by Megatron's method; or of lm-evaluation-harness: \(EvaluateTasks.names.joined(separator: ", "))"
    )
    static let data = Option.list(
        "--data", "FILE", isRequired: true,
        "a text (wikitext), JSON Lines with a \"text\" each (lambada), or the task's published file, one for each task")
    static let detokenizer = Option<String?>.choice(
        "--detokenizer", "RULES", of: Detokenizer.allCases.map(\.rawValue),
        "undo the spacing of word-level texts; otherwise by the file's name, as Megatron does")
    static let stride = Option<Int?>.count("--overlapping-eval", "N", in: 1...1 << 24, "tokens between windows").also("--stride")
        .defaulting(
            to: "the context's length: no overlap")
    static let strict = Option.flag("--strict-lambada", "every token of the last word must be the most likely one")

    static let command = Command(
        "evaluate", "perplexity and tasks by the published methods",
        examples: [
            "slw-train evaluate runs/2026-11-21-some --data wiki.test.tokens",
            "slw-train evaluate runs/2026-11-21-some --task piqa,lambada_openai --data valid.jsonl lambada_test.jsonl",
        ],
        operands: [ModelOptions.operand],
        options: [OptionGroup("Task", [task, data, detokenizer, stride, strict]), EvaluateTasks.group, ModelOptions.group],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        guard call[task] == "wikitext" || call[task] == "lambada" else {
            try refuse([detokenizer, stride, strict], call, "is for wikitext and lambada, not for \(call[task])")
            let names = call[task].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            return try EvaluateTasks(names, call[data], call).run()
        }
        try refuse(EvaluateTasks.group.options, call, "is for the tasks of lm-evaluation-harness, not for \(call[task])")
        guard call[data].count == 1 else { throw call.misuse("--data: \(call[task]) is one file, and \(call[data].count) are given") }
        let path = call[data][0]
        // The cheap check first.
        _ = try FileSystem.status(path)
        let model = try ModelOptions.load(call)
        let tokenizer = try ModelOptions.loadTokenizer(of: model, call)
        let evaluator = try model.evaluator(tokenizer)
        call.console.beginProgress("evaluating", unit: .things("rows"))
        let report = { (done: Int, total: Int) in call.console.updateProgress(done, total: total) }
        if call[task] == "lambada" {
            let result = try evaluator.lambada(try Evaluator.texts(inLines: path), strict: call[strict], progress: report)
            call.console.endProgress()
            show(
                call, model, result.json,
                [
                    ("accuracy", QuantityText.percent(result.accuracy)), ("items", QuantityText.count(result.items)),
                    ("shortened", QuantityText.count(result.shortened)),
                ])
        } else {
            let rules = call[detokenizer].flatMap { Detokenizer(rawValue: $0) } ?? Detokenizer.named(by: path) ?? .none
            let result = try evaluator.perplexity(
                of: try Evaluator.text(of: path), detokenizer: rules, stride: call[stride], progress: report)
            call.console.endProgress()
            show(
                call, model, result.json,
                [
                    ("perplexity", QuantityText.fixed(result.perplexity, 4)),
                    ("adjusted", "\(QuantityText.fixed(result.adjustedPerplexity, 4)) a word"),
                    ("loss", QuantityText.fixed(result.loss, 6)),
                    ("tokens", "\(QuantityText.count(result.tokens)), \(QuantityText.fixed(result.tokenRatio, 4)) a word"),
                    ("detokenizer", rules.rawValue),
                ])
        }
    }

    /// No option is passed over in silence.
    static func refuse(_ options: [any AnyOption], _ call: Invocation, _ reason: String) throws {
        for option in options where call.isGiven(option) { throw call.misuse("\(option.definition.name) \(reason)") }
    }

    private static func show(_ call: Invocation, _ model: TrainedModel, _ json: JSONValue, _ rows: [(String, String)]) {
        guard call.wantsJSON else {
            return call.console.print(TextTable.pairs([("model", PathName.printable(model.origin)), ("task", call[task])] + rows).text)
        }
        var object: JSONObject = ["model": JSONValue(model.origin), "task": JSONValue(call[task])]
        for (key, value) in json.object ?? JSONObject() { object[key] = value }
        call.console.print(JSONValue.object(object).serialized())
    }
}
