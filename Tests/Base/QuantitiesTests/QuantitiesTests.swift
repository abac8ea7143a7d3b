import Testing

@testable import Quantities

@Suite("Numbers and quantities as people read and write them")
struct QuantitiesTests {
    @Test(
        "whole numbers take the letters K, M, B and T, fractions and exponents that come out whole",
        arguments: [
            ("512", 512), ("4K", 4000), ("4k", 4000), ("157B", 157_000_000_000), ("1.5M", 1_500_000), ("2e9", 2_000_000_000),
            ("1e3K", 1_000_000),
            ("0", 0), ("0e30", 0), ("1_000", 1000), ("157286400000", 157_286_400_000), ("9223372036854775807", Int.max), ("1500e-2", 15),
            ("1G", 1_000_000_000),
            ("2.50T", 2_500_000_000_000),
        ])
    func wholeNumbers(word: String, value: Int) throws {
        #expect(try NumberSpelling.integer(word) == value)
    }

    @Test(
        "what is no whole number is refused",
        arguments: [
            "", "K", "1.5", "1e-1", "9223372036854775808", "1e30", "0x10", "4 K", "٣", "--", "1e", "1.2.3", "inf", "1e-9223372036854775808",
        ])
    func refusesIntegers(word: String) {
        #expect(throws: SpellingError.self) { try NumberSpelling.integer(word) }
    }

    @Test("every number is read back from its shortest spelling")
    func roundTrip() throws {
        for value in [0, 1, 999, 1000, 1024, 157_000_000_000, 1_500_000, Int.max] {
            #expect(try NumberSpelling.integer(NumberSpelling.text(value)) == value)
        }
    }

    @Test("real numbers and sizes in bytes")
    func otherNumbers() throws {
        #expect(try NumberSpelling.double("1.5e-4") == 1.5e-4)
        #expect(try NumberSpelling.double("6K") == 6000)
        for word in ["nan", "inf", "0x1p3", "", "1e999"] { #expect(throws: SpellingError.self) { try NumberSpelling.double(word) } }
        #expect(try NumberSpelling.bytes("64MiB") == 64 << 20)
        #expect(try NumberSpelling.bytes("64M") == 64_000_000)
        #expect(try NumberSpelling.bytes("1GB") == 1_000_000_000)
        #expect(throws: SpellingError.self) { try NumberSpelling.bytes("9000000000GiB") }
    }

    @Test("the nearest spelling is found, a far one is not")
    func nearest() {
        let words = ["--input", "--output-prefix", "--tails", "--train-tokens"]
        #expect(Spelling.nearest(to: "--inptu", among: words) == "--input")
        #expect(Spelling.nearest(to: "--outputprefix", among: words) == "--output-prefix")
        #expect(Spelling.nearest(to: "--train", among: words) == "--train-tokens")
        #expect(Spelling.nearest(to: "--zzzzz", among: words) == nil)
    }

    @Test("edit distance obeys its definition on random words")
    func editDistance() {
        #expect(Spelling.editDistance(Array("kitten"), Array("sitting")) == 3)
        #expect(Spelling.editDistance(Array("ab"), Array("ba")) == 1)
        #expect(Spelling.editDistance([], Array("abc")) == 3)
    }

    @Test("what a word is not is said in words, with the hint behind it")
    func errors() {
        let error = #expect(throws: SpellingError.self) { try NumberSpelling.integer("12", in: 1...9) }
        #expect(error.map { "12 is \($0)" } == "12 is not between 1 and 9")
        #expect("\(SpellingError(expected: "one of a, b", hint: "did you mean b?"))" == "not one of a, b; did you mean b?")
    }

    @Test("quantities have three digits and no zeros that say nothing")
    func quantities() {
        #expect(QuantityText.count(1_234_567) == "1,234,567" && QuantityText.count(-1000) == "-1,000" && QuantityText.count(0) == "0")
        #expect(QuantityText.count(.min) == "-9,223,372,036,854,775,808")
        #expect(QuantityText.compact(45_123) == "45.1K" && QuantityText.compact(999_999) == "1M" && QuantityText.compact(12) == "12")
        #expect(QuantityText.compact(1.5) == "1.5" && QuantityText.compact(157e9) == "157B" && QuantityText.compact(-4500) == "-4.5K")
        #expect(QuantityText.compact(0.000123) == "0.000123" && QuantityText.compact(0) == "0" && QuantityText.compact(873.4) == "873")
        #expect(QuantityText.compact(999.6) == "1K" && QuantityText.compact(.nan) == "-" && QuantityText.compact(5e15) == "5000T")
        #expect(QuantityText.bytes(0) == "0 B" && QuantityText.bytes(1_234_000) == "1.23 MB" && QuantityText.bytes(999) == "999 B")
        #expect(QuantityText.percent(0.4567) == "45.7%" && QuantityText.percent(.infinity) == "-")
    }

    @Test("decimals are rounded as printf does; what rounds to zero has no sign, nor has what is no number")
    func decimals() {
        #expect(QuantityText.fixed(3.14159, 2) == "3.14" && QuantityText.fixed(-0.001, 2) == "0.00" && QuantityText.fixed(-0.4, 0) == "0")
        #expect(QuantityText.fixed(-0.006, 2) == "-0.01" && QuantityText.fixed(-.infinity, 1) == "-inf")
        #expect(QuantityText.fixed(-.nan, 1) == "nan" && QuantityText.fixed(1e15, 1) == "1000000000000000.0")
        #expect(QuantityText.scientific(0.0006, 4) == "6.0000e-04" && QuantityText.significant(12_000, 4) == "1.2e+04")
        #expect(QuantityText.significant(0.00042) == "0.00042" && QuantityText.precise(2.5, 4) == "2.500")
        #expect(QuantityText.precise(2500, 4) == "2500")
        #expect(QuantityText.padded("ab", 4) == "  ab" && QuantityText.padded("abc", 2) == "abc")
    }

    @Test(
        "durations",
        arguments: [
            (0.35, "350ms"), (-1, "0ms"), (0.9999, "1.0s"), (3.21, "3.2s"), (42, "42s"), (59.6, "1m 00s"), (250, "4m 10s"),
            (11_100, "3h 05m"), (187_200, "2d 04h"), (.infinity, "-"), (.nan, "-"),
        ] as [(Double, String)])
    func durations(seconds: Double, text: String) { #expect(QuantityText.duration(seconds) == text) }
}
