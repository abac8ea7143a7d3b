import CommandKit
import Evaluation
import Files
import JSON
import Quantities
import Training

/// `slw-train evaluate RUN --task piqa,arc_easy…`: tasks as lm-evaluation-harness scores them.
struct EvaluateTasks {
    static let shots = Option.count("--shots", "K", default: 0, in: 0...1 << 20, "examples before each question (`--num_fewshot`)")
    static let shotsFrom = Option.list(
        "--shots-from", "FILE", "of each task, where its examples come from; race, lambada_openai and choice take them from the scored file"
    )
    static let sampler = Option.choice(
        "--sampler", "NAME", of: TaskExamples.Sampler.allCases.map(\.rawValue), default: TaskExamples.Sampler.random.rawValue,
        "examples at random for each question, or always the first")
    static let seed = Option.count("--seed", default: 1234, "of the examples")
    static let limit = Option<Int?>.count("--limit", in: 1...1 << 40, "only the first N questions of each task").defaulting(to: "all")
    static let generated = Option.count(
        "--max-gen-toks", default: 256, in: 1...1 << 24, "most tokens of an answer to triviaqa; the question has the rest of the window")
    static let keepsDefects = Option.flag(
        "--harness-defects", "examples as lm-evaluation-harness 0.4.13 writes them: a question of race and lambada_openai may be its own")
    static let group = OptionGroup(
        "Tasks of lm-evaluation-harness", [shots, shotsFrom, sampler, seed, limit, generated, keepsDefects])

    /// Every name that `--task` knows, Megatron's two methods left out.
    static let names = TaskKind.allCases.filter { $0 != .lambada }.flatMap { [$0.rawValue] + $0.otherNames } + ["lambada_openai"]

    /// A task with its questions and examples.
    private struct Loaded {
        let name: String
        let path: String
        let kind: TaskKind
        let items: [TaskItem]
        let prefixes: [String]
    }

    private let tasks: [Loaded]
    private let call: Invocation

    /// Reads everything, so that a mistake in the last file is found before the first second of work.
    init(_ names: [String], _ files: [String], _ call: Invocation) throws {
        self.call = call
        guard names.count == files.count else {
            throw call.misuse("--data: \(names.count) tasks need as many files, and \(files.count) are given")
        }
        let (count, sources) = (call[Self.shots], call[Self.shotsFrom])
        guard sources.isEmpty || sources.count == names.count else {
            throw call.misuse("--shots-from: \(names.count) tasks need as many files, and \(sources.count) are given")
        }
        if count == 0 {
            try EvaluateCommand.refuse(
                [Self.shotsFrom, Self.sampler, Self.seed, Self.keepsDefects], call, "is for examples, and --shots is 0")
        }
        if !names.contains(TaskKind.triviaqa.rawValue) {
            try EvaluateCommand.refuse([Self.generated], call, "is for triviaqa, not for \(call[EvaluateCommand.task])")
        }
        var tasks: [Loaded] = []
        for (index, name) in names.enumerated() {
            guard name != "lambada", let kind = TaskKind.named(name) else { throw Self.unknown(name, alone: names.count == 1, call) }
            let all = try kind.items(of: files[index])
            let isScoredFile = try sources.isEmpty || FileSystem.status(sources[index]).isSameFile(as: FileSystem.status(files[index]))
            if count > 0, sources.isEmpty, !kind.showsScoredFile {
                throw call.misuse("--shots-from is missing: the examples of \(name) come from its training file")
            }
            let pool = count == 0 || isScoredFile ? all : try kind.items(of: sources[index])
            var examples = try TaskExamples(
                pool, of: kind, named: name, count: count, sampler: TaskExamples.Sampler(rawValue: call[Self.sampler]) ?? .random,
                seed: UInt64(call[Self.seed]), isScoredFile: isScoredFile, keepsDefects: call[Self.keepsDefects])
            let items = Array(all.prefix(call[Self.limit] ?? all.count))
            tasks.append(
                Loaded(
                    name: name, path: files[index], kind: kind, items: items,
                    prefixes: items.map { examples.text(examples.next(for: $0)) }))
        }
        self.tasks = tasks
    }

    private static func unknown(_ name: String, alone: Bool, _ call: Invocation) -> UsageError {
        let megatron = ["wikitext", "lambada"]
        let nearest = megatron.contains(name) ? nil : Spelling.nearest(to: name, among: names + (alone ? megatron : []))
        return call.misuse(
            "--task: \(name.isEmpty ? "an empty name" : name) is not one of the tasks",
            hint: nearest.map { "did you mean \($0)?" }
                ?? "wikitext or lambada alone (Megatron's method), or of \(names.joined(separator: ", "))")
    }

    func run() throws {
        let model = try ModelOptions.load(call)
        let tokenizer = try ModelOptions.loadTokenizer(of: model, call)
        let (evaluator, tokens) = (try model.evaluator(tokenizer), TaskTokens(tokenizer))
        var table = TextTable([
            ("task", .left), ("questions", .right), ("shots", .right), ("cut", .right), ("metric", .left), ("value", .right), ("±", .right),
        ])
        let settings = TaskSettings(findsGreedy: call.wantsJSON, generatedTokens: call[Self.generated])
        // Of all tasks before the first of them takes its hours.
        for task in tasks { try evaluator.check(task.items, behind: task.prefixes, of: task.kind, tokens, settings) }
        var results: [JSONValue] = []
        for task in tasks {
            call.console.beginProgress(task.name, unit: .things(task.kind == .triviaqa ? "questions" : "requests"))
            let scores = try evaluator.scores(of: task.items, behind: task.prefixes, of: task.kind, tokens, settings) { done, total in
                call.console.updateProgress(done, total: total)
            }
            call.console.endProgress()
            let figures = task.kind.metrics.map { ($0, TaskScore.figure($0, task.items, scores)) }
            for (metric, figure) in figures {
                table.add([
                    task.name, QuantityText.count(task.items.count), QuantityText.count(call[Self.shots]),
                    QuantityText.count(scores.count { $0.dropped > 0 }), metric.rawValue, QuantityText.fixed(figure.value, 4),
                    figure.standardError.map { QuantityText.fixed($0, 4) } ?? "-",
                ])
            }
            results.append(json(task, scores, figures))
        }
        guard call.wantsJSON else {
            call.console.print("model  \(PathName.printable(model.origin))")
            return call.console.print(table.text)
        }
        let object: JSONValue = [
            "model": JSONValue(model.origin), "rules": "lm-evaluation-harness 0.4.13", "shots": JSONValue(call[Self.shots]),
            "sampler": JSONValue(call[Self.sampler]), "seed": JSONValue(call[Self.seed]), "tasks": .array(results),
        ]
        call.console.print(object.serialized())
    }

    private func json(_ task: Loaded, _ scores: [TaskScore], _ figures: [(TaskMetric, TaskFigure)]) -> JSONValue {
        var metrics = JSONObject()
        for (metric, figure) in figures {
            metrics[metric.rawValue] = JSONValue(figure.value.isFinite ? figure.value : nil)
            let error = figure.standardError.flatMap { $0.isFinite ? $0 : nil }
            metrics[metric.rawValue + "_stderr"] = JSONValue(error)
        }
        let items = zip(task.items, scores).map { item, score -> JSONValue in
            var object: JSONObject = ["place": JSONValue(item.place), "dropped_tokens": JSONValue(score.dropped)]
            if let generated = score.generated {
                object["generated"] = JSONValue(generated)
            } else {
                object["log_likelihoods"] = .array(score.logLikelihoods.map { JSONValue($0) })
                object["greedy"] = .array(score.isGreedy.map { JSONValue($0) })
            }
            if case .index(let right) = item.answer { object["answer"] = JSONValue(right) }
            for metric in task.kind.metrics where metric != .perplexity {
                object[metric.rawValue] = JSONValue(score.value(item, metric))
            }
            return .object(object)
        }
        return [
            "task": JSONValue(task.name), "data": JSONValue(task.path), "questions": JSONValue(task.items.count),
            "metrics": .object(metrics), "items": .array(items),
        ]
    }
}
