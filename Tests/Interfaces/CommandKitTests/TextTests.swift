import Spelling
import Testing

@testable import CommandKit

@Suite("Numbers and pictures as text")
struct TextTests {
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
        arguments: ["", "K", "1.5", "1e-1", "9223372036854775808", "1e30", "0x10", "4 K", "٣", "--", "1e", "1.2.3", "inf", "1e-9223372036854775808"])
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

    @Test("quantities are short and exact where they can be")
    func quantities() {
        #expect(QuantityText.count(1_234_567) == "1,234,567" && QuantityText.count(-1000) == "-1,000" && QuantityText.count(0) == "0")
        #expect(QuantityText.compact(45_123) == "45.1K" && QuantityText.compact(999_999) == "1.00M" && QuantityText.compact(12) == "12")
        #expect(QuantityText.compact(1.5) == "1.50" && QuantityText.compact(157e9) == "157B")
        #expect(QuantityText.bytes(0) == "0 B" && QuantityText.bytes(1_234_000) == "1.23 MB" && QuantityText.bytes(999) == "999 B")
        #expect(QuantityText.fixed(3.14159, 2) == "3.14" && QuantityText.fixed(-0.001, 2) == "0.00" && QuantityText.fixed(.nan, 1) == "nan")
        #expect(QuantityText.duration(0.35) == "350ms" && QuantityText.duration(250) == "4m 10s" && QuantityText.duration(3.21) == "3.2s")
        #expect(QuantityText.duration(11_100) == "3h 05m" && QuantityText.percent(0.4567) == "45.7%")
    }

    @Test("bars and sparklines have an ASCII form")
    func charts() {
        #expect(Chart.bar(0.5, width: 4, usesUnicode: true) == "██" && Chart.bar(0.5, width: 4, usesUnicode: false) == "##")
        #expect(Chart.bar(0.45, width: 4, usesUnicode: true) == "█▊" && Chart.bar(0.001, width: 4, usesUnicode: true) == "▏")
        #expect(Chart.bar(0.5, width: 4, usesUnicode: false, padded: true) == "##--" && Chart.bar(.nan, width: 4, usesUnicode: false) == "")
        #expect(Chart.sparkline([0, 1, .nan, 2], usesUnicode: true) == "▁▅ █")
        #expect(Chart.sparkline([], usesUnicode: true) == "" && Chart.sparkline([0, 7], usesUnicode: false) == "_@")
    }

    @Test("a table's columns line up")
    func tables() {
        var table = TextTable([("name", .left), ("count", .right)])
        table.add(["a", "1"])
        table.add(["longer", "23456"])
        #expect(table.lines == ["name    count", "a           1", "longer  23456"])
        #expect(TextTable.pairs([("a", "b"), ("long", "c")]).lines == ["a     b", "long  c"])
    }

    @Test("a progress line says how much, how fast and how long")
    func progress() {
        let line = ProgressLine(title: "tokenizing", unit: .bytes, total: 2_000_000, terminal: Terminal(descriptor: -1))
        #expect(
            line.text(done: 1_000_000, rate: 250_000, remark: "12 documents")
                == "tokenizing  50%  1.00 MB  250 KB/s  4.0s left  12 documents")
        let open = ProgressLine(title: "counting", unit: .things("tokens"), total: nil, terminal: Terminal(descriptor: -1))
        #expect(open.text(done: 4500, rate: 0, remark: "") == "counting  4.50K tokens")
    }
}
