import Cleaning
import Corpus
import TestSupport
import Testing

/// The documents of `texts` that `rules` keep, and how many they do not.
func cleaned(_ texts: [[UInt8]], _ rules: CleaningRules) throws -> (kept: [[UInt8]], leftOut: CleaningCounts) {
    let directory = try TemporaryDirectory()
    for (number, text) in texts.enumerated() { try directory.write(text, to: "\(number).txt") }
    var options = CorpusOptions(source: .text)
    options.acceptsBinary = true
    options.chunkBytes = 1 << 20
    let cleaner = Cleaner(rules)
    let reader = ChunkReader(try InputList([directory.path]), options)
    let (parser, batch) = (ChunkParser(options), DocumentBatch())
    var (kept, leftOut, found) = ([[UInt8]](), CleaningCounts(), [ContaminatedDocument]())
    while let chunk = try reader.next() {
        parser.parse(chunk, into: batch)
        leftOut += cleaner.clean(batch, found: &found)
        for index in 0..<batch.documentCount { kept.append(Array(batch.document(index))) }
        #expect(batch.emptyDocumentCount == (0..<batch.documentCount).count { batch.document($0).isEmpty })
        #expect(batch.textByteCount == (0..<batch.documentCount).reduce(0) { $0 + batch.document($1).count })
    }
    return (kept, leftOut)
}

@Suite("Lengths of documents")
struct LengthRuleTests {
    @Test("characters are Unicode scalars, whatever their bytes; the limits themselves are kept")
    func scalars() throws {
        let texts = ["", "abc", "naïve", "日本語テキスト", "👩‍👩‍👧‍👦", "e\u{301}", String(repeating: "x", count: 100_000)].map { Array($0.utf8) }
        let lengths = [0, 3, 5, 7, 7, 2, 100_000]
        for minimum in [0, 1, 2, 3, 5, 6, 7, 8, 100_000, 100_001] {
            for maximum in [0, 1, 2, 3, 4, 6, 7, 99_999, 100_000, Int.max] where minimum <= maximum {
                var rules = CleaningRules()
                rules.minimumCharacters = minimum
                rules.maximumCharacters = maximum
                let (kept, leftOut) = try cleaned(texts, rules)
                #expect(kept == zip(texts, lengths).filter { (minimum...maximum).contains($0.1) }.map(\.0))
                #expect(leftOut.tooShort == lengths.count { $0 < minimum } && leftOut.tooLong == lengths.count { $0 > maximum })
            }
        }
    }

    @Test("bytes that are no UTF-8 count unless they could only continue a character")
    func otherBytes() throws {
        var rules = CleaningRules()
        rules.minimumCharacters = 4
        let kept = try cleaned([[0xFF, 0xFE, 0xC3, 0x41], [0xFF, 0xFE, 0x80, 0x41], [0x80, 0x80, 0x80, 0x80]], rules).kept
        #expect(kept == [[0xFF, 0xFE, 0xC3, 0x41]])
    }
}
