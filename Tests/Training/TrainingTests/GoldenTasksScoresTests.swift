import Foundation
import JSON
import TestSupport
import Testing
import Tokenization
import Transformer

@testable import Evaluation
@testable import Training

/// What lm-evaluation-harness found with transformers' GPT-2 on the tasks' files (`golden/tasks`), by our own model.
@Suite("Golden: scores of tasks", .needs(.golden("tasks/summary.json"), .shared("gpt2/tiny-random"))) struct GoldenTasksScoresTests {
    /// The reference model, and the same with every matrix times sixteen, whose probabilities vary.
    static func models(_ directory: TemporaryDirectory) throws -> [(name: String, model: TrainedModel)] {
        let source = Place.shared("gpt2/tiny-random")!
        for file in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(atPath: source + "/" + file, toPath: directory.file(file))
        }
        let tiny = try TrainedModel(directory.path, lanes: 2)
        let sharp = try TrainedModel(directory.path, lanes: 2)
        for tensor in sharp.model.tensors where tensor.shape.count == 2 {
            for index in tensor.range { sharp.model.parameters[index] *= 16 }
        }
        return [("tiny", tiny), ("sharp", sharp)]
    }

    @Test(
        "log-likelihoods, greedy answers and figures of every run",
        arguments: Place.goldens(in: "tasks").filter { !["sampling", "statistics", "errors", "summary"].contains($0) })
    func scores(name: String) throws {
        let directory = try TemporaryDirectory()
        let golden = try GoldenTask(name)
        let tokenizer = try Tokenizer.load(try #require(Place.shared("gpt2")))
        let tokens = TaskTokens(tokenizer)
        for (label, model) in try Self.models(directory) {
            let evaluator = try model.evaluator(tokenizer)
            for run in golden.runs where run["error"] == nil {
                let examples = try golden.examples(run).texts
                let scores = try evaluator.scores(
                    of: golden.items, behind: examples, of: golden.kind, tokens, TaskSettings(findsGreedy: true, generatedTokens: 8))
                for (number, expected) in run["items"]!.array!.enumerated() {
                    let (item, score) = (golden.items[number], scores[number])
                    for (index, request) in (expected["requests"]?.array ?? []).enumerated() {
                        let difference = abs(score.logLikelihoods[index] - request["ll"]![label]!.double!)
                        #expect(difference < 1e-3, "\(name) \(number).\(index) \(label)")
                        #expect(score.isGreedy[index] == (request["greedy"]![label]!.int == 1), "\(name) \(number).\(index) \(label)")
                    }
                    if let text = expected["filtered"]?[label]?.string { #expect(score.generated == text, "\(name) \(number) \(label)") }
                    for metric in TaskMetric.allCases where metric != .perplexity {
                        guard let wanted = expected[metric.rawValue]?[label]?.double else { continue }
                        #expect(score.value(item, metric) == wanted, "\(name) \(number) \(label) \(metric)")
                    }
                }
                for metric in TaskMetric.allCases {
                    guard let wanted = run["results"]?[label]?[metric.rawValue]?.double else { continue }
                    // The bootstrap takes its time: once is enough.
                    let hasError = metric != .perplexity || run["k"] == 0
                    let figure = TaskScore.figure(metric, golden.items, scores, resamples: hasError ? 100_000 : 0)
                    let error = try #require(run["results"]?[label]?[metric.rawValue + "_stderr"]?.double)
                    // A perplexity of odd words is huge: its logarithm is what the tolerance is about.
                    let tolerance = metric == .perplexity ? 2e-3 * wanted : 1e-12
                    #expect(abs(figure.value - wanted) <= tolerance, "\(name) \(label) \(metric)")
                    guard hasError else { continue }
                    #expect(abs(try #require(figure.standardError) - error) <= (metric == .perplexity ? 1e-2 * error : 1e-12))
                }
            }
        }
    }
}
