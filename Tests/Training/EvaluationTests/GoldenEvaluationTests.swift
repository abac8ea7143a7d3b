import Foundation
import TestSupport
import Testing
import Tokenization

@testable import Evaluation

/// What Megatron's evaluation makes of texts (`golden/eval`). The texts of WikiText are not committed.
@Suite("Golden: Megatron's evaluation", .needs(.golden("eval/eval.json"))) struct GoldenEvaluationTests {
    let golden: [String: Any]
    init() throws {
        golden =
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: Place.golden("eval/eval.json")!)))
            as! [String: Any]
    }

    static let hasTexts =
        Place.golden("eval/eval.json").flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }?.contains("\"wikitext_input\"") ?? false

    @Test(
        "the WikiText detokenizer makes Megatron's text, and its words are counted alike",
        .needs(.machine(hasTexts, "no text of WikiText among the goldens")))
    func wikitext() {
        let input = golden["wikitext_input"] as! String
        #expect(Detokenizer.wikitext(input) == golden["wikitext_output"] as! String)
        #expect(EvaluationItem.wordCount(input) == golden["num_original_tokens"] as! Int)
    }

    @Test("windows hold the tokens and the scored positions of Megatron's")
    func windows() {
        for run in golden["lm_windows"] as! [[String: Any]] {
            let length = run["seq_len"] as! Int
            let tokens = (0..<(run["num_tokens"] as! Int)).map { TokenID(100 + $0) }
            let items = EvaluationItem.windows(over: tokens, length: length, stride: run["overlapping_eval"] as? Int)
            #expect(items.count <= run["windows"] as! Int)
            for (index, expected) in (run["items"] as! [[String: Any]]).enumerated() where index < items.count {
                let (text, mask) = (expected["text"] as! [Int], expected["pad_mask"] as! [Int])
                let item = items[index]
                #expect(item.inputs.map(Int.init) == Array(text.prefix(item.inputs.count)))
                for position in mask.indices {
                    let scored = position < item.targets.count && item.targets[position] >= 0
                    #expect(scored == (mask[position] == 1))
                    if scored { #expect(Int(item.targets[position]) == text[position + 1]) }
                }
            }
        }
    }

    @Test("LAMBADA items, last token and last word")
    func lambada() {
        // The golden's toy tokenizer: pieces " ?[^ ]+", each the sum of its code points.
        func encode(_ text: String) -> [TokenID] {
            var pieces: [[Unicode.Scalar]] = []
            var blank = false
            var inPiece = false
            for scalar in text.unicodeScalars {
                if scalar == " " {
                    (blank, inPiece) = (true, false)
                } else if inPiece {
                    pieces[pieces.count - 1].append(scalar)
                } else {
                    pieces.append(blank ? [" ", scalar] : [scalar])
                    (blank, inPiece) = (false, true)
                }
            }
            return pieces.map { piece in TokenID(piece.reduce(0) { $0 + Int($1.value) } % 997 + 1) }
        }
        for run in golden["lambada"] as! [[String: Any]] {
            for (text, expected) in zip(run["texts"] as! [String], run["items"] as! [[String: Any]]) {
                let item = EvaluationItem.lambada(text, strict: run["strict"] as! Bool, encode: encode)!
                let (tokens, mask) = (expected["text"] as! [Int], expected["pad_mask"] as! [Int])
                #expect(item.inputs.map(Int.init) == Array(tokens.prefix(item.inputs.count)))
                #expect(item.targets.map { $0 >= 0 ? 1 : 0 } == Array(mask.prefix(item.targets.count)))
                #expect(item.targets.last! == Int32((expected["label"] as! [Int]).last!))
                #expect(mask.reduce(0, +) == item.targets.count { $0 >= 0 })
            }
        }
    }
}
