import CUnicode
import Files
import Hashing
import Normalization
import TestSupport
import Testing

@Suite("Normalization form C")
struct CanonicalCompositionTests {
    private let composition = CanonicalComposition()

    private func normalized(_ text: [UInt8], by composition: CanonicalComposition? = nil) -> [UInt8] {
        var output: [UInt8] = []
        return text.withUnsafeBytes { (composition ?? self.composition).normalize($0, into: &output) } ? output : text
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

    /// Letters with up to two hundred marks of all classes.
    static func longRuns() -> [String] {
        var random = SeededGenerator(18)
        func number(below count: Int) -> Int { Int(random.next() % UInt64(count)) }
        return (0..<500).map { _ in
            string(
                ["o"]
                    + (0...number(below: 200)).map { _ in
                        let first = [0x300, 0x590, 0x1DC0, 0x8D3][number(below: 4)]
                        return Unicode.Scalar(UInt32(first + number(below: 45)))!
                    })
        }
    }

    /// The XXH64 of the normalized strings, each with a newline behind it, over which nothing composes. Those of the newest edition are from Python's unicodedata2
    /// 17.0.0 (Unicode 17.0), the others from tokenizers 0.22.2.
    @Test(
        "every scalar alone and among others, random strings and long runs of marks are what Unicode's data and Hugging Face's tokenizers say"
    )
    func golden() {
        func check(_ strings: [String], newest: UInt64, huggingFace: UInt64, sourceLocation: SourceLocation = #_sourceLocation) {
            let text = Array(strings.map { $0 + "\n" }.joined().utf8)
            #expect(XXHash64.hash(normalized(text)) == newest, sourceLocation: sourceLocation)
            #expect(XXHash64.hash(normalized(text, by: CanonicalComposition(.huggingFace))) == huggingFace, sourceLocation: sourceLocation)
        }
        check(Self.scalars.map { String($0) }, newest: 0xEFBC_92F7_6E03_D79F, huggingFace: 0xEFBC_92F7_6E03_D79F)
        check(
            Self.scalars.map { Self.string(["a", $0, "\u{323}", "\u{301}"]) }, newest: 0xB7BC_D02D_E4AC_C244,
            huggingFace: 0xECB6_0AC0_583C_C2A0)
        check(
            Self.scalars.map { Self.string(["\u{1100}", $0, "\u{11A8}"]) }, newest: 0xF9BC_A143_5033_684E,
            huggingFace: 0xF9BC_A143_5033_684E)
        check(Self.scalars.map { Self.string([$0, "\u{301}"]) }, newest: 0xBF55_4EDE_BCBD_68AA, huggingFace: 0xCA51_1174_91A5_DF76)
        check(Self.randomStrings(), newest: 0x3846_9A2F_0F20_8DCA, huggingFace: 0x884E_A2AA_537D_0CAB)
        check(Self.longRuns(), newest: 0x2A28_E301_14D1_6B3B, huggingFace: 0xF746_CD5B_82D6_9A42)
    }

    @Test("a mark that came with Unicode 10 is a letter to Hugging Face's tokenizers")
    func editions() {
        let text = Array("a\u{1DF6}\u{323}\u{301}".utf8)  // classes 232, 220, 230
        #expect(normalized(text) == Array("ạ\u{301}\u{1DF6}".utf8))
        #expect(normalized(text, by: CanonicalComposition(.huggingFace)) == text)
        let composite = Array("\u{105D2}\u{307}".utf8)  // of Unicode 16
        #expect(normalized(composite) == Array("\u{105C9}".utf8))
        #expect(normalized(composite, by: CanonicalComposition(.huggingFace)) == composite)
    }

    @Test("what is passed over unseen has no property, what is not is found at every place of a text")
    func plainEnd() {
        for scalar in Self.scalars {
            let bytes = Array(scalar.utf8)
            #expect(
                bytes.withUnsafeBytes { nfc_plain_end($0.baseAddress, 0, $0.count) == (nfc_property(scalar.value) == 0 ? $0.count : 0) })
        }
        for filler in ["a", "é", "д", "語", "한", "。"] {
            for count in 0..<40 {
                let before = Array(String(repeating: filler, count: count).utf8)
                let text = before + Array("e\u{301}".utf8) + Array(String(repeating: filler, count: 40).utf8)
                #expect(text.withUnsafeBytes { composition.firstDoubt(in: $0) } == before.count)
                #expect(before.withUnsafeBytes { composition.firstDoubt(in: $0) } == nil)
            }
        }
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
        // A mark behind them joins nothing, and is still put in its order: 0x323 has class 220, 0x301 class 230.
        for bytes in [[0x80], [0xFF, 0x81, 0x81], [0xC3], [0xE4, 0xB8], [0xF0, 0x9F, 0x98], [0xCC], [0xF8, 0x88, 0x80]] as [[UInt8]] {
            #expect(normalized(bytes + Array("\u{301}".utf8)) == bytes + Array("\u{301}".utf8))
            #expect(normalized(bytes + Array("\u{301}\u{323}".utf8)) == bytes + Array("\u{323}\u{301}".utf8))
            #expect(normalized(bytes + Array("e\u{301}".utf8) + bytes) == bytes + Array("é".utf8) + bytes)
        }
    }

    @Test("random bytes become what their text with replacement characters becomes, and that twice is once")
    func randomBytes() {
        var random = SeededGenerator(TestRun.seed)
        // Pieces of marks, jamo and letters, more often than not cut short.
        let pieces = [
            "e", "A", "\u{301}", "\u{323}", "\u{1DF6}", "\u{1100}", "\u{1161}", "\u{AC00}", "\u{11A8}", "\u{1D15E}", "語", "\u{FB2A}",
            "\u{958}",
        ]
        .map { Array($0.utf8) }
        for edition in [CanonicalComposition.Edition.newest, .huggingFace] {
            let composition = CanonicalComposition(edition)
            for _ in 0..<TestRun.cases(5_000) {
                let bytes = (0..<Int.random(in: 1...30, using: &random)).flatMap { _ -> ArraySlice<UInt8> in
                    let piece = pieces.randomElement(using: &random)!
                    return Int.random(in: 0..<4, using: &random) > 0
                        ? piece[...] : piece.prefix(Int.random(in: 0...piece.count, using: &random))
                }
                let form = normalized(bytes, by: composition)
                let text = Array(String(decoding: bytes, as: UTF8.self).utf8)
                let expected = normalized(text, by: composition)
                #expect(Array(String(decoding: form, as: UTF8.self).utf8) == expected, "seed \(TestRun.seed): \(bytes)")
                #expect(normalized(form, by: composition) == form, "seed \(TestRun.seed): \(bytes)")
            }
        }
    }

    @Test("a million marks on one letter take no longer than a million letters", .timeLimit(.minutes(10)))
    func manyMarks() {
        let marks = (0..<1_000_000).map { $0 % 2 == 0 ? "\u{301}" as Unicode.Scalar : "\u{323}" }
        let result = Array(normalized(Self.string(["a"] + marks)).unicodeScalars)
        #expect(result.first == "ạ" && result.count == 1_000_000 && result[1] == "\u{323}" && result.last == "\u{301}")
        #expect(result[1..<500_000].allSatisfy { $0 == "\u{323}" } && result[500_000...].allSatisfy { $0 == "\u{301}" })
    }
}
