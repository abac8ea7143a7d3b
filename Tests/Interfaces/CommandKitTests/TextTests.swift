import Testing

@testable import CommandKit

@Suite("Pictures and tables as text")
struct TextTests {
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
                == "tokenizing  50%  1 MB  250 KB/s  4.0s left  12 documents")
        let open = ProgressLine(title: "counting", unit: .things("tokens"), total: nil, terminal: Terminal(descriptor: -1))
        #expect(open.text(done: 4500, rate: 0, remark: "") == "counting  4.5K tokens")
    }
}
