import Batches
import Foundation
import TestSupport
import Testing
import Tokenization
import Transformer

@testable import Evaluation

@Suite("EvaluationItem") struct EvaluationItemTests {
    @Test("every target is scored exactly once while the text fills its windows", arguments: [1, 2, 3, 4, 8])
    func partition(stride: Int) {
        for count in 2...60 {
            let tokens = (0..<count).map { TokenID($0) }
            let items = EvaluationItem.windows(over: tokens, length: 8, stride: stride)
            let scored = items.flatMap(\.targets).filter { $0 >= 0 }
            #expect(Set(scored).count == scored.count)
            if stride == 8 { #expect(scored.sorted() == (1..<Int32(count)).map { $0 }) }
        }
    }

    @Test("empty and blank texts have nothing to score")
    func empty() {
        #expect(EvaluationItem.windows(over: [], length: 4).isEmpty && EvaluationItem.windows(over: [1], length: 4).isEmpty)
        for strict in [false, true] {
            #expect(EvaluationItem.lambada(" \n", strict: strict, encode: { $0.utf8.map { TokenID($0) }.filter { $0 > 32 } }) == nil)
        }
        #expect(Detokenizer.wikitext("a ( b ) \" c \" ' d") == "a (b) \"c\" ' d")
    }
}

@Suite("TokenSampler") struct TokenSamplerTests {
    let logits: [Float] = [0, 2, 1, -3, 2]

    @Test("no temperature takes the most probable, the smaller id among equals")
    func greedy() {
        var sampler = TokenSampler(temperature: 0)
        #expect((0..<5).map { _ in sampler.next(logits) } == [1, 1, 1, 1, 1])
        #expect(sampler.next([.nan, -1, .nan, -2]) == 1)
    }

    @Test("frequencies follow the softmax, limits cut its tail")
    func frequencies() {
        func counts(_ sampler: TokenSampler) -> [Int] {
            var sampler = sampler
            var counts = [Int](repeating: 0, count: 5)
            for _ in 0..<20_000 { counts[Int(sampler.next(logits))] += 1 }
            return counts
        }
        let sum = logits.reduce(0) { $0 + exp(Double($1)) }
        for (count, logit) in zip(counts(TokenSampler(seed: TestRun.seed)), logits) {
            #expect(abs(Double(count) / 20_000 - exp(Double(logit)) / sum) < 0.02)
        }
        let two = counts(TokenSampler(topK: 2, seed: 3))
        #expect(two[1] + two[4] == 20_000 && abs(two[1] - 10_000) < 500)
        let nucleus = counts(TokenSampler(topP: 0.5, seed: 3))
        #expect(nucleus[1] + nucleus[4] == 20_000)
        #expect(counts(TokenSampler(topP: 1e-9, seed: 3))[1] == 20_000)
        #expect(counts(TokenSampler(topK: 3, seed: 9)) == counts(TokenSampler(topK: 3, seed: 9)))
    }
}

/// Finds a target the likelier the larger it is; the most likely one is the input plus one.
private final class SuccessorScorer: TargetScorer {
    let contextLength = 8
    func mostLikelyToken(after tokens: [TokenID]) -> TokenID? { tokens.last! + 1 }
    func scores(_ rows: TokenRows, withRanks: Bool) -> [TargetScore] {
        (0..<rows.rows * rows.length).map { index in
            let (input, target) = (rows.inputs[index], rows.targets[index])
            return target < 0 ? TargetScore() : TargetScore(negativeLogLikelihood: 1 / Double(target), isMostLikely: target == input + 1)
        }
    }
}

@Suite("Evaluator") struct EvaluatorTests {
    let evaluator = Evaluator(SuccessorScorer()) { text in text.unicodeScalars.filter { $0 != " " }.map { TokenID($0.value) } }

    @Test("perplexity sums over every target, whatever the windows", arguments: [nil, 1, 2, 4, 8])
    func perplexity(stride: Int?) throws {
        let text = "abcdefghijklmnopq"
        let result = try evaluator.perplexity(of: text, detokenizer: .none, stride: stride)
        let expected = text.unicodeScalars.dropFirst().reduce(0) { $0 + 1 / Double($1.value) }
        #expect(result.tokens == 17 && result.originalTokens == 1 && result.scoredTargets == 16)
        #expect(abs(result.negativeLogLikelihood - expected) < 1e-12 && abs(result.loss - expected / 16) < 1e-12)
    }

    @Test("LAMBADA counts a text only when its whole last word is guessed")
    func lambada() throws {
        let texts = ["xx bc", "ab zz", "wxyz abc", "aaaaaaaaaaaaaaa mn", ""]
        let last = try evaluator.lambada(texts, strict: false)
        #expect(last.items == 4 && last.correct == 3 && last.shortened == 1)
        let strict = try evaluator.lambada(texts, strict: true)
        #expect(strict.items == 4 && strict.correct == 0)
        #expect(try evaluator.lambada(["xxa bc"], strict: true).correct == 1)
    }
}
