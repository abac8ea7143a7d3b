import TestSupport
import Testing
import Tokenization

@Suite("Beginning tokens") struct BeginningTests {
    @Test("each document that is not empty gets one token more, in front, whatever the batch", arguments: [2, 4])
    func inserted(width: Int) throws {
        let tokenizer = try Tokenizer.load(Place.fixture("tokenizers/default"))
        let encoder = Encoder(tokenizer)
        var random = SeededGenerator(TestRun.seed)
        let (plain, begun) = (TokenBuffer(width: width), TokenBuffer(width: width))
        for _ in 0..<TestRun.cases(50) {
            let documents = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                (0..<[0, 1, 5, 3000].randomElement(using: &random)!).map { _ in UInt8.random(in: 0x20...0x7A, using: &random) }
            }
            var ends: [Int] = []
            for document in documents { ends.append((ends.last ?? 0) + document.count) }
            for (buffer, begins) in [(plain, false), (begun, true)] {
                buffer.removeAll()
                documents.flatMap { $0 }.withUnsafeBytes { text in
                    ends.withUnsafeBufferPointer { encoder.encode(text, documentEnds: $0, appendEndOfText: true, into: buffer) }
                }
                if begins { buffer.beginDocuments(with: 7) }
            }
            var (wanted, start): ([TokenID], Int) = ([], 0)
            for count in plain.documentTokenCounts where count > 0 {
                wanted += [7] + plain.tokens[start..<start + Int(count)]
                start += Int(count)
            }
            #expect(begun.tokens == wanted, "seed \(TestRun.seed)")
            #expect(begun.documentTokenCounts == plain.documentTokenCounts.map { $0 > 0 ? $0 + 1 : 0 })
        }
    }
}
