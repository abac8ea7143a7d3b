import TestSupport
import Testing

@testable import Cleaning

@Suite("Normal form of documents")
struct NormalFormTests {
    @Test("texts are normalized before they are measured and compared")
    func first() throws {
        var rules = CleaningRules()
        rules.normalForm = .nfc
        rules.minimumCharacters = 4
        let texts = ["cafe\u{301}", "e\u{301}ta\u{302}", "", "plain", "o\u{308}ffentlich", "A\u{30A}A\u{30A}A\u{30A}A\u{30A}A\u{30A}"]
        let (kept, counts) = try cleaned(texts.map { Array($0.utf8) }, rules)
        #expect(kept == ["café", "plain", "öffentlich", "ÅÅÅÅÅ"].map { Array($0.utf8) })
        #expect(counts.normalized == 4 && counts.tooShort == 2)
    }
}
