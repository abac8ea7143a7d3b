import TestSupport
import Testing

@testable import Tokenization

@Suite("RegularExpression")
struct RegularExpressionTests {
    /// The matches of an expression in a text, and what is between them.
    private func cut(_ text: String, _ source: String, _ dialect: RegularExpression.Dialect = .oniguruma) throws -> [String] {
        try pieces(text, [.split(.expression(try RegularExpression(source, dialect)), .isolated, isInverted: false)])
    }

    private func pieces(_ text: String, _ steps: [PreTokenSteps.Step]) throws -> [String] {
        var found: [String] = []
        let stepped = SteppedText(PreTokenSteps(steps))
        Array(text.utf8).withUnsafeBytes { stepped.forEachPreToken(in: $0) { found.append(String(decoding: $0, as: UTF8.self)) } }
        return found
    }

    private static let parts = [
        "'s", "'T", "'Re", "'ſ", "'", " ", "  ", "\n", "\r\n", "\t", "\u{A0}", "\u{3000}", "a", "B", "the", " The", "ß", "é", "\u{301}",
        "中", "한",
        "א", "१", "½", "Ⅷ", "0", "12", "345", ".", "!!", "/", "😀", "\u{FFFD}", "ǅ", "ʰ", "\u{0}",
    ]

    @Test(arguments: PreTokenPattern.allCases)
    func `an expression finds what the scan of its pattern finds, invalid bytes included`(pattern: PreTokenPattern) throws {
        var generator = SeededGenerator(TestRun.seed)
        let stepped = SteppedText(PreTokenizerSetting.steps(pattern))
        for _ in 0..<TestRun.cases(3000) {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 1...30, using: &generator) {
                if Int.random(in: 0..<20, using: &generator) == 0 {
                    text.append(.random(in: 0x80...0xFF, using: &generator))
                } else {
                    text += Self.parts.randomElement(using: &generator)!.utf8
                }
            }
            var found: [Int] = []
            text.withUnsafeBytes { stepped.forEachPreToken(in: $0) { found.append($0.count) } }
            var expected: [Int] = []
            text.withUnsafeBufferPointer { buffer in
                if pattern == .gpt2 {
                    withUnsafePointer(to: buffer.count) { end in
                        PreTokenScanner().forEachPreToken(in: buffer, documentEnds: UnsafeBufferPointer(start: end, count: 1)) {
                            expected.append($1)
                        }
                    }
                    return
                }
                let scanner = PatternScanner(pattern, buffer.baseAddress!, end: buffer.count)
                var start = 0
                while start < buffer.count {
                    let end = scanner.end(from: start)
                    expected.append(end - start)
                    start = end
                }
            }
            #expect(found == expected, "\(text)")
        }
    }

    // What Oniguruma (tokenizers 0.23.3) and fancy-regex (tiktoken 0.14.0) find.
    @Test func `repeats, alternatives and look-ahead go back as far as they must`() throws {
        #expect(try cut("aaab", "a+ab") == ["aaab"])
        #expect(try cut("xaab", "a++ab") == ["xaab"])
        #expect(try cut("xaab", "a++b") == ["x", "aab"])
        #expect(try cut("aaab", "a+?") == ["a", "a", "a", "b"])
        #expect(try cut("aab", "a+?b") == ["aab"])
        #expect(try cut("abcabd", "ab(?:c|cabd)") == ["abc", "abd"])
        #expect(try cut("a  b", "\\s+(?!\\S)|\\s+") == ["a", " ", " ", "b"])
        #expect(try cut("abab", "(?:ab){2}") == ["abab"])
        #expect(try cut("abbabbb", "(?:ab{1,2}){1,2}?") == ["abb", "abb", "b"])
        #expect(try cut("SsſK", "(?i:s)") == ["S", "s", "ſ", "K"])
    }

    @Test func `where engines differ each is followed`() throws {
        #expect(try cut("a \nb \n", "\\s+$") == ["a", " ", "\nb", " \n"])
        #expect(try cut("a \nb", " $") == ["a", " ", "\nb"])
        #expect(try cut("a \nb", " $", .rust) == ["a \nb"])
        #expect(try cut("1234567", "[0-9]{1,3}+") == ["1234567"])
        #expect(try cut("1234567", "[0-9]{1,3}+", .rust) == ["123", "456", "7"])
    }

    @Test func `classes are unions, differences and intersections`() throws {
        #expect(try cut("a中b", "[\\p{L}&&[^\\p{Han}]]+") == ["a", "中", "b"])
        #expect(try cut("a-]b", "[\\]\\-]+") == ["a", "-]", "b"])
        #expect(try cut("a-b", "[a-]+") == ["a-", "b"])
        #expect(try cut("éa1", "[^\\p{Ll}]") == ["éa", "1"])
        #expect(CharacterSet.white.inverted.inverted == .white)
        #expect(CharacterSet.named("L")!.intersection(CharacterSet.named("Lu")!) == CharacterSet.named("Lu")!)
        #expect(CharacterSet.named("Q") == nil && CharacterSet.all.inverted == CharacterSet([]))
    }

    @Test(arguments: [
        "a*", "a|", "(a", "a)", "[a", "[]a]", "a{2", "a**", "a{2}?", "(?<=a)b", "(?P<x>a)", "^a", "\\bx", "\\w+", "\\p{Greek}", "\\pL",
        "(?i:ß)",
        "(?i:ss)", "(?i:[a-z])", "[[:alpha:]]", "[a--b]", "(?:a*)*b", "a\\", "[z-a]", "(?:a?)+b", "x{1000}{1000}",
    ])
    func `what is not known for certain is refused`(source: String) {
        #expect(throws: RegularExpression.Refusal.self) { try RegularExpression(source, .oniguruma) }
    }

    // What tokenizers 0.23.3 makes of each.
    @Test func `matches stay alone, go away or join their neighbours`() throws {
        func split(_ behavior: PreTokenSteps.Behavior, inverted: Bool = false) throws -> [String] {
            try pieces("ab--c-", [.split(.string([0x2D]), behavior, isInverted: inverted)])
        }
        #expect(try split(.isolated) == ["ab", "-", "-", "c", "-"])
        #expect(try split(.removed) == ["ab", "c"])
        #expect(try split(.removed, inverted: true) == ["-", "-", "-"])
        #expect(try split(.mergedWithPrevious) == ["ab-", "-", "c-"])
        #expect(try split(.mergedWithNext) == ["ab", "-", "-c", "-"])
        #expect(try split(.contiguous) == ["ab", "--", "c", "-"])
    }

    @Test func `a blank is put before each piece without one, and bytes are characters from then on`() throws {
        let digits = PreTokenSteps.Step.split(.digit, .isolated, isInverted: false)
        #expect(try pieces("a1 b", [digits, .prefix]) == [" a", " 1", " b"])
        // ½ is a digit; of its bytes C2 BD the second one's stand-in is, too.
        #expect(try pieces("a½", [digits]) == ["a", "½"])
        let bytes = SteppedText(PreTokenSteps([.bytes, digits]))
        var lengths: [Int] = []
        Array("a½".utf8).withUnsafeBytes { bytes.forEachPreToken(in: $0) { lengths.append($0.count) } }
        #expect(lengths == [2, 1])
    }
}
