import IndexedDatasets
import JSON
import TestSupport
import Testing

@Suite("Where documents came from")
struct DocumentOriginsTests {
    /// Stretches of several inputs; `whole`: the share of them in which each line became a document.
    static func stretches(_ count: Int, inputs: Int, whole: Double, _ generator: inout SeededGenerator) -> [DocumentOrigins.Stretch] {
        (0..<inputs).flatMap { input -> [DocumentOrigins.Stretch] in
            var (byte, line) = (input == 1 ? 5000 : 0, 0)
            return (0..<count).map { _ in
                let lines = Int.random(in: 0...30, using: &generator)
                let bytes = 1 << 20 + Int.random(in: 0...9, using: &generator)
                let documents = Double.random(in: 0..<1, using: &generator) < whole ? lines : Int.random(in: 0...lines, using: &generator)
                defer { (byte, line) = (byte + bytes, line + lines) }
                return .init(input: input, documentCount: documents, bytes: byte..<byte + bytes, lines: line..<line + lines)
            }
        }
    }

    @Test("each document is found in its input, among its lines, and on its line where all became documents", arguments: [0, 0.5, 1])
    func lookup(whole: Double) throws {
        var generator = SeededGenerator(TestRun.seed)
        let stretches = Self.stretches(300, inputs: 3, whole: whole, &generator)
        var origins = DocumentOrigins()
        for stretch in stretches { origins.append(stretch) }
        if whole == 1 { #expect(origins.stretches.count == 3) } else { #expect(origins.stretches.count < 900) }
        var document = 0
        for stretch in stretches {
            for place in 0..<stretch.documentCount {
                let origin = try #require(origins.origin(ofDocument: document))
                #expect(origin.input == stretch.input && origin.firstByte == (stretch.input == 1 ? 5000 : 0))
                if stretch.documentCount == stretch.lines.count, let line = origin.line {
                    #expect(line == stretch.lines.lowerBound + place)
                }
                if whole == 1 { #expect(origin.line != nil) }
                #expect(origin.line.map(origin.lines.contains) ?? true)
                #expect(origin.lines.lowerBound <= stretch.lines.lowerBound && origin.lines.upperBound >= stretch.lines.upperBound)
                #expect(origin.bytes.lowerBound <= stretch.bytes.lowerBound && origin.bytes.upperBound >= stretch.bytes.upperBound)
                document += 1
            }
        }
        #expect(origins.origin(ofDocument: document) == nil)
        #expect(DocumentOrigins(origins.json) == origins)
    }

    @Test("it stays small whatever the input's size, and goes on from what was stored as if nothing had been")
    func bounded() throws {
        var generator = SeededGenerator(TestRun.seed)
        var whole = DocumentOrigins()
        var stored = DocumentOrigins()
        for (number, stretch) in Self.stretches(30_000, inputs: 1, whole: 0.5, &generator).enumerated() {
            whole.append(stretch)
            if number % 997 == 0 { stored = try #require(DocumentOrigins(stored.json)) }
            stored.append(stretch)
        }
        #expect(whole.stretches.count <= 4096 && stored == whole)
    }

    @Test("what is no record is refused", arguments: [[1, 2, 0, 5, 0], [0, 3, 0, 5, 0, 2], [0, 1, 5, 0, 0, 2], [-1, 1, 0, 5, 0, 2]])
    func damaged(entry: [Int]) {
        #expect(DocumentOrigins(["spacing": 16, "stretches": [.array(entry.map { .init($0) })]]) == nil)
        #expect(DocumentOrigins(["stretches": []]) == nil && DocumentOrigins([]) == nil)
    }
}
