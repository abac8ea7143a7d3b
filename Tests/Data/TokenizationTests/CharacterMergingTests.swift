import TestSupport
import Testing

@testable import Tokenization

/// Words are cut where no token reaches over, remembered, and merged in C; a text that is merged as one, with a heap, has the same tokens.
@Suite("Merging characters")
struct CharacterMergingTests {
    private static let pieces = [
        " the", " lake", "boat", "s", ".", ",", "\n", "\n\n", " ", "  ", "     ", "\t", "ing", " A", "'s", "...", "12", "é", "中文", "東", "😀",
        "\u{2581}", "\u{2581}\u{2581}x",
        "<mask>", "ﬁ", "\u{FFFD}", "\0", "a\0", "<0x41>", " '", "\u{3000}", "Ａ", "~", "unbelievably",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ]

    private static func document(_ generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        let most = [3, 40, 3000].randomElement(using: &generator)!
        for _ in 0..<Int.random(in: 0...most, using: &generator) {
            bytes += pieces.randomElement(using: &generator)!.utf8
            if Int.random(in: 0..<400, using: &generator) == 0 { bytes.append(.random(in: 0x80...0xFF, using: &generator)) }
        }
        return bytes
    }

    @Test(
        "the tokens of words are those of the text from which they are cut",
        arguments: [
            "sp-identity/tokenizer.model", "sp-extra-blanks/tokenizer.model", "sp-unknown/tokenizer.model", "sp-rules/tokenizer.model",
            "sp-rules-bytes/tokenizer.model", "json-metaspace-first/tokenizer.json",
            "json-prepend-replace/tokenizer.json",
        ])
    func words(file: String) throws {
        let tokenizer = try Tokenizer.load(Place.fixture("golden/small-tokenizers/" + file))
        let general = try #require(tokenizer.model.general)
        guard case .characters(let model) = general else {
            Issue.record("\(file) does not merge characters")
            return
        }
        let findsAddedTokens = tokenizer.model.preparation != nil
        try #require(!findsAddedTokens)
        let (merger, prepared, encoder) = (CharacterMerger(model), CharacterText(model), Encoder(tokenizer, cacheBytes: 1 << 16))
        var generator = SeededGenerator(TestRun.seed)
        for round in 0..<TestRun.cases(200) {
            var (text, ends): ([UInt8], [Int]) = ([], [])
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                text += Self.document(&generator)
                ends.append(text.count)
            }
            let output = TokenBuffer(width: 4)
            text.withUnsafeBytes { text in
                ends.withUnsafeBufferPointer { ends in
                    prepared.prepare(text, documentEnds: ends) { _ in false }
                    encoder.encode(text, documentEnds: ends, appendEndOfText: false, into: output)
                }
            }
            var (expected, start): ([TokenID], Int) = ([], 0)
            for (end, follower) in zip(prepared.pieceEnds, prepared.followers) {
                // As one, where Metaspace does not cut before each blank.
                if end > start, !model.cutsAtBlanks {
                    prepared.text[start..<end].withUnsafeBytes { merger.encode($0) }
                    expected += merger.tokens
                } else if end > start {
                    var word = start
                    for place in start + 1...end where place == end || prepared.text[place] == 0x20 {
                        prepared.text[word..<place].withUnsafeBytes { merger.encode($0) }
                        expected += merger.tokens
                        word = place
                    }
                }
                if let follower { expected.append(follower) }
                start = end
            }
            try #require(output.tokens == expected, "seed \(TestRun.seed), round \(round)")
        }
    }
}
