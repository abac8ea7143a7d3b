package import Batches
public import Files
import JSON
package import Tokenization
public import Transformer
import TypedErrors

/// What an evaluation asks of a model: how likely each target is, and whether it is the most likely one.
package protocol TargetScorer: AnyObject {
    /// One score a position, B·T in the order of the block; positions whose target is -1 get zeros. Ranks cost more: only on request.
    func scores(_ rows: TokenRows, withRanks: Bool) throws(ModelError) -> [TargetScore]
    /// Most inputs of a row.
    var contextLength: Int { get }
    /// The most likely token behind these, of which there are 1 to `contextLength`; of equals the smallest. Nil when the model's outputs are no numbers.
    func mostLikelyToken(after tokens: [TokenID]) throws(ModelError) -> TokenID?
}

/// How a model sees one target.
package struct TargetScore: Equatable, Sendable {
    /// −log p, nats.
    package var negativeLogLikelihood: Double
    /// No other token has a larger logit.
    package var isMostLikely: Bool

    package init(negativeLogLikelihood: Double = 0, isMostLikely: Bool = false) {
        self.negativeLogLikelihood = negativeLogLikelihood
        self.isMostLikely = isMostLikely
    }
}

/// Zero-shot evaluations by Megatron's method (see `docs/training.md`).
public final class Evaluator {
    let scorer: any TargetScorer
    private let encode: (String) -> [TokenID]

    package init(_ scorer: any TargetScorer, encode: @escaping (String) -> [TokenID]) {
        self.scorer = scorer
        self.encode = encode
    }

    /// Perplexity of a text: detokenised, encoded at once, cut into windows `stride` apart (nil: the window's length).
    public func perplexity(
        of text: String, detokenizer: Detokenizer, stride: Int? = nil, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws(ModelError) -> PerplexityResult {
        let tokens = encode(detokenizer(text))
        let items = EvaluationItem.windows(over: tokens, length: scorer.contextLength, stride: stride)
        var result = PerplexityResult(
            negativeLogLikelihood: 0, scoredTargets: 0, tokens: tokens.count, originalTokens: EvaluationItem.wordCount(text))
        try score(items, withRanks: false, progress) { index, scores in
            for (target, score) in zip(items[index].targets, scores) where target >= 0 {
                result.negativeLogLikelihood += score.negativeLogLikelihood
                result.scoredTargets += 1
            }
        }
        return result
    }

    /// Accuracy on LAMBADA: the share of texts whose last token (`strict`: every token of the last word) is the most likely one. A text longer
    /// than the model's context loses its beginning and is counted.
    public func lambada(
        _ texts: [String], strict: Bool, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws(ModelError) -> AccuracyResult {
        var result = AccuracyResult(correct: 0, items: 0, shortened: 0)
        var items: [EvaluationItem] = []
        for text in texts {
            guard var item = EvaluationItem.lambada(text, strict: strict, encode: encode) else { continue }
            if item.inputs.count > scorer.contextLength {
                item = EvaluationItem(
                    inputs: Array(item.inputs.suffix(scorer.contextLength)), targets: Array(item.targets.suffix(scorer.contextLength)))
                result.shortened += 1
            }
            items.append(item)
        }
        result.items = items.count
        try score(items, withRanks: true, progress) { index, scores in
            if zip(items[index].targets, scores).allSatisfy({ $0 < 0 || $1.isMostLikely }) { result.correct += 1 }
        }
        return result
    }

    /// The texts of a JSON Lines file (`text` of each object).
    public static func texts(inLines path: String) throws(FormatError) -> [String] {
        let bytes = try mapping(FormatError.file, FileSystem.readAll(path, limit: 1 << 32))
        var texts: [String] = []
        for (number, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() where !line.isEmpty {
            guard let text = (try? JSONValue.parse(Array(line)))?["text"]?.string else {
                throw .damaged(path: path, reason: "line \(number + 1) is no JSON object with a \"text\"")
            }
            texts.append(text)
        }
        return texts
    }

    /// The whole of a UTF-8 file.
    public static func text(of path: String) throws(FormatError) -> String {
        let bytes = try mapping(FormatError.file, FileSystem.readAll(path, limit: 1 << 32))
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .damaged(path: path, reason: "it is not UTF-8") }
        return text
    }

    /// Scores items in blocks of similar length and hands the index of each with its scores to `body`, longest first. A shorter row is filled up behind its end, which a
    /// causal model does not see.
    func score(
        _ items: [EvaluationItem], withRanks: Bool, _ progress: (Int, Int) -> Void,
        _ body: (Int, ArraySlice<TargetScore>) -> Void
    ) throws(ModelError) {
        let order = items.indices.sorted { (items[$0].inputs.count, $1) > (items[$1].inputs.count, $0) }
        var done = 0
        while done < order.count {
            let length = items[order[done]].inputs.count
            let block = order[done..<min(order.count, done + max(1, 2048 / length))]
            func filled(_ values: [Int32], with filler: Int32) -> [Int32] {
                values + [Int32](repeating: filler, count: length - values.count)
            }
            let batch = Batch(
                inputs: block.flatMap { filled(items[$0].inputs, with: 0) }, targets: block.flatMap { filled(items[$0].targets, with: -1) },
                length: length)
            let scores = try batch.withRows(0..<batch.rows) { rows throws(ModelError) in try scorer.scores(rows, withRanks: withRanks) }
            for (row, index) in block.enumerated() { body(index, scores[row * length..<(row + 1) * length]) }
            done += block.count
            progress(done, order.count)
        }
    }
}
