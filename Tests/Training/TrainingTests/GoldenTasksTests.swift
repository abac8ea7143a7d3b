import Foundation
import JSON
import TestSupport
import Testing
import Tokenization

@testable import Evaluation

/// What lm-evaluation-harness made of the tasks' files (`golden/tasks`): prompts, examples, tokens, figures.
@Suite("Golden: tasks", .needs(.golden("tasks/sampling.json"))) struct GoldenTasksTests {
    static func golden(_ name: String) throws -> JSONValue {
        try JSONValue.parse(Array(Data(contentsOf: URL(filePath: try #require(Place.golden("tasks/" + name + ".json"))))))
    }

    @Test("Python's generator and its samples")
    func sampling() throws {
        let golden = try Self.golden("sampling")
        let seed = UInt64(try #require(golden["seed"]?.int))
        var random = PythonRandom(seed: seed)
        for expected in try #require(golden["random"]?.array) { #expect(random.uniform() == expected.double) }
        random = PythonRandom(seed: seed)
        let bounds = [1, 2, 3, 10, 1000, 1 << 31, 1 << 33]
        #expect(bounds.map { random.below($0) } == golden["randbelow_1_2_3_10_1000_2p31_2p33"]?.array?.compactMap(\.int))
        random = PythonRandom(seed: seed)
        for expected in try #require(golden["choices_of_100"]?.array) { #expect(Int(random.uniform() * 100) == expected.int) }
        for sample in try #require(golden["samples"]?.array) {
            var random = PythonRandom(seed: UInt64(try #require(sample["seed"]?.int)))
            let (pool, count) = (try #require(sample["pool"]?.int), try #require(sample["k"]?.int))
            for (number, expected) in try #require(sample["draws"]?.array).enumerated() {
                let wanted = expected.array?.compactMap(\.int)
                var drawn = random.sample(pool, sample["one_extra_drawn"] == true ? count + 1 : count)
                // One more is drawn where the scored document may be among them.
                let scored = sample["scored_document_in_pool"]?[number]?.int
                drawn = Array(drawn.filter { $0 != scored }.prefix(count))
                #expect(drawn == wanted, "\(pool), \(count)")
            }
        }
    }

    @Test("means, standard errors, perplexities, equal answers")
    func statistics() throws {
        let golden = try Self.golden("statistics")
        for mean in try #require(golden["means"]?.array) {
            var values = mean["values"]?.array?.compactMap(\.double) ?? []
            if let ones = mean["values"]?["ones"]?.int, let count = mean["values"]?["n"]?.int {
                values = [Double](repeating: 1, count: ones) + [Double](repeating: 0, count: count - ones)
            }
            let figure = TaskStatistics.mean(values)
            #expect(abs(figure.value - mean["mean"]!.double!) < 1e-14 && abs(figure.standardError! - mean["stderr"]!.double!) < 1e-14)
        }
        #expect(TaskStatistics.mean([1]).standardError == nil)
        let likelihoods = try #require(golden["perplexity"]?["lls"]?.array).compactMap(\.double)
        for (resamples, expected) in try #require(golden["perplexity"]?["stderr"]?.object) {
            let figure = TaskStatistics.perplexity(likelihoods, resamples: try #require(Int(resamples)))
            #expect(abs(figure.value / golden["perplexity"]!["perplexity"]!.double! - 1) < 1e-12)
            #expect(abs(figure.standardError! / expected.double! - 1) < 1e-10)
        }
        for pooled in try #require(golden["pooled"]?.array) {
            let (errors, sizes) = (pooled["stderrs"]!.array!, pooled["sizes"]!.array!)
            let parts = errors.indices.map { index in
                (TaskFigure(value: pooled["weighted_mean_of"]![index]!.double!, standardError: errors[index].double), sizes[index].int!)
            }
            let figure = TaskStatistics.pooled(parts)
            #expect(abs(figure.value - pooled["mean"]!.double!) < 1e-12)
            #expect(abs(figure.standardError! - pooled["pooled_stderr"]!.double!) < 1e-12)
        }
        for pair in try #require(golden["exact_match"]?.array) {
            #expect(TaskText.matches(pair["prediction"]!.string!, pair["reference"]!.string!) == (pair["equal"] == true), "\(pair)")
        }
    }

    @Test(
        "prompts, examples, tokens and lengths of every run", .needs(.shared("gpt2")),
        arguments: Place.goldens(in: "tasks").filter { !["sampling", "statistics", "errors", "summary"].contains($0) })
    func prompts(name: String) throws {
        let golden = try GoldenTask(name)
        let tokens = TaskTokens(try Tokenizer.load(try #require(Place.shared("gpt2"))))
        for run in golden.runs {
            let examples = try golden.examples(run)
            // The harness stops at WebQuestions with examples; ours are those of `webqs_clean`.
            guard run["error"] == nil else {
                #expect(name == "webqs" && examples.texts.allSatisfy { !$0.isEmpty })
                continue
            }
            #expect(golden.shots(run) == examples.drawn, "\(name) \(run["sampler"]!) \(run["k"]!)")
            for (number, expected) in run["items"]!.array!.enumerated() {
                let item = golden.items[number]
                let text = examples.texts[number]
                if let context = expected["context"]?.string { #expect(equal(text + item.contexts[0], context)) }
                if let gold = expected["gold"]?.int { #expect(item.answer == .index(gold)) }
                if let gold = expected["gold"]?.array { #expect(item.answer == .anyGreedy(gold.compactMap(\.int))) }
                if let targets = expected["targets"]?.array { #expect(item.answer == .texts(targets.compactMap(\.string))) }
                if let count = expected["chars"]?.array { #expect(item.choices.map(\.unicodeScalars.count) == count.compactMap(\.int)) }
                if let count = expected["bytes"]?.array { #expect(item.choices.map(\.utf8.count) == count.compactMap(\.int)) }
                let requests = expected["requests"]?.array ?? []
                #expect(requests.count == item.continuations.count)
                for (index, wanted) in requests.enumerated() where index < item.continuations.count {
                    if let context = wanted["context"]?.string { #expect(equal(text + item.context(of: index), context)) }
                    let request = try #require(tokens.request(text + item.context(of: index), item.continuations[index]))
                    let context = (wanted["context_ids"] ?? expected["context_ids"])?.array
                    #expect(equal(item.continuations[index], wanted["continuation"]!.string!))
                    #expect(request.context.map(Int.init) == context?.compactMap(\.int), "\(name) \(number).\(index)")
                    #expect(request.continuation.map(Int.init) == wanted["ids"]!.array!.compactMap(\.int), "\(name) \(number).\(index)")
                    #expect(request.dropped(window: 128) == wanted["dropped"]?.int ?? 0)
                    #expect(request.row(window: 128).targets.count { $0 >= 0 } == request.continuation.count)
                }
            }
        }
    }

    private func equal(_ first: String, _ second: String) -> Bool { first.utf8.elementsEqual(second.utf8) }
}
