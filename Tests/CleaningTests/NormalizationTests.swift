import TestSupport
import Testing

@testable import Cleaning

@Suite("Normalization form C")
struct NormalizationTests {
    private let composition = CanonicalComposition()

    private func normalized(_ text: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        return text.withUnsafeBytes { composition.normalize($0, into: &output) } ? output : text
    }

    private func normalized(_ text: String) -> String { String(decoding: normalized(Array(text.utf8)), as: UTF8.self) }

    static let scalars = (0..<UInt32(0x11_0000)).compactMap { Unicode.Scalar($0) }

    static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// A hundred thousand strings, half of them marks, Hangul jamo and Kirat Rai vowels.
    static func randomStrings() -> [String] {
        let ranges: [Range<UInt32>] = [
            0x20..<0x250, 0x300..<0x370, 0x590..<0x700, 0x900..<0xE00, 0xF00..<0x1000, 0x1000..<0x1200, 0x1A00..<0x1D00, 0x1DC0..<0x2000,
            0x2000..<0x2200, 0x3040..<0x3100, 0xAC00..<0xAD00, 0xF900..<0xFB50, 0x11000..<0x12000, 0x16D60..<0x16D70, 0x1D150..<0x1D1C0,
            0x1E000..<0x1E960, 0x2F800..<0x2FA20,
        ]
        var random = SeededGenerator(17)
        func number(below count: Int) -> Int { Int(random.next() % UInt64(count)) }
        return (0..<100_000).map { _ in
            string(
                (0...number(below: 12)).map { _ in
                    let range = number(below: 2) == 1 ? ranges[[1, 5, 13][number(below: 3)]] : ranges[number(below: ranges.count)]
                    return Unicode.Scalar(range.lowerBound + UInt32(number(below: range.count)))!
                })
        }
    }

    /// Numbers of strings that change, and hashes of the normalized strings, each with a newline behind it; from Python's unicodedata2 17.0.0 (Unicode 17.0).
    @Test("every scalar, every scalar between others, and random strings are what Unicode's data says")
    func golden() {
        func check(_ strings: [String], changed: Int, _ low: UInt64, _ high: UInt64, sourceLocation: SourceLocation = #_sourceLocation) {
            var (all, count) = ([UInt8](), 0)
            for string in strings {
                let bytes = Array(string.utf8)
                let result = normalized(bytes)
                if result != bytes { count += 1 }
                all += result + [0x0A]
            }
            let hash = all.withUnsafeBytes { ContentHash($0) }
            #expect(count == changed && hash.low == low && hash.high == high, sourceLocation: sourceLocation)
        }
        check(Self.scalars.map { String($0) }, changed: 1120, 0xD340_3C05_F598_A8A3, 0x8D57_CAC0_DC91_3D9A)
        check(
            Self.scalars.map { Self.string(["a", $0, "\u{323}", "\u{301}"]) }, changed: 2519, 0xE169_96B6_905F_54EF,
            0xA0B0_E623_7FF0_DA90)
        check(Self.randomStrings(), changed: 40254, 0x1903_F607_8524_E06C, 0xA61E_4A2D_C88E_BB55)
    }

    @Test(
        "the standard library, which compares strings by their canonical form, calls a text and its normal form equal, and different ones not"
    )
    func equivalence() {
        // Unicode 14, and none of the four characters that are made of marks but are none: the library does not sort their parts among the marks before
        // them. (Foundation is no judge at all: on Linux it leaves Hangul in parts where marks follow.)
        func isKnown(_ scalar: Unicode.Scalar) -> Bool {
            (scalar.properties.age?.major ?? .max) <= 14 && ![0x344, 0xF73, 0xF75, 0xF81].contains(scalar.value)
        }
        var (previous, count) = ("", 0)
        for string in Self.randomStrings() where string.unicodeScalars.allSatisfy(isKnown) {
            let form = normalized(string)
            #expect(form == string)
            #expect((form == previous) == form.unicodeScalars.elementsEqual(previous.unicodeScalars))
            (previous, count) = (form, count + 1)
        }
        #expect(count > 20_000)
    }

    @Test("what is normalized stays; normalizing twice is normalizing once")
    func idempotence() {
        for string in Self.randomStrings().prefix(20_000) {
            let once = normalized(Array(string.utf8))
            var output: [UInt8] = []
            #expect(!once.withUnsafeBytes { composition.normalize($0, into: &output) } && output.isEmpty)
        }
    }

    @Test("a change anywhere in a text leaves the rest as it is, also in bytes that are no UTF-8")
    func places() {
        let filler = String(repeating: "plain text, ", count: 7)
        for cut in 0..<20 {
            let before = String(filler.dropFirst(cut))
            #expect(normalized(before + "cafe\u{301} " + filler + "A\u{30A}") == before + "café " + filler + "Å")
            #expect(normalized(before + "é\u{323}") == before + "ẹ\u{301}")
        }
        #expect(normalized(Array("e".utf8) + [0xFF] + Array("\u{301}".utf8)) == Array("e".utf8) + [0xFF] + Array("\u{301}".utf8))
        #expect(
            normalized([0xC3] + Array("e\u{301}".utf8) + [0xED, 0xA0, 0x80, 0xCC]) == [0xC3] + Array("é".utf8) + [0xED, 0xA0, 0x80, 0xCC])
        // Surrogates, overlong forms and code points above the last are no UTF-8 either.
        for bytes in [[0xCC, 0x65], [0xE0, 0x82, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xE2, 0x84]] as [[UInt8]] {
            #expect(normalized(bytes) == bytes)
        }
    }

    @Test("a million marks on one letter take no longer than a million letters", .timeLimit(.minutes(10)))
    func manyMarks() {
        let marks = (0..<1_000_000).map { $0 % 2 == 0 ? "\u{301}" as Unicode.Scalar : "\u{323}" }
        let result = Array(normalized(Self.string(["a"] + marks)).unicodeScalars)
        #expect(result.first == "ạ" && result.count == 1_000_000 && result[1] == "\u{323}" && result.last == "\u{301}")
        #expect(result[1..<500_000].allSatisfy { $0 == "\u{323}" } && result[500_000...].allSatisfy { $0 == "\u{301}" })
    }

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
