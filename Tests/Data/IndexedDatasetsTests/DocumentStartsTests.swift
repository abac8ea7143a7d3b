import DatasetFixtures
import IndexedDatasets
import TestSupport
import Testing

@Suite("Where documents begin")
struct DocumentStartsTests {
    @Test("the starts in any range are those of the documents with tokens, for random documents, sentences and types")
    func starts() throws {
        var random = SeededGenerator(TestRun.seed)
        for number in 0..<TestRun.cases(60) {
            let folder = try TemporaryDirectory()
            var expected: [Int] = []
            var documents: [[[Int]]] = []
            var count = 0
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                let sentences = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    Array(repeating: 7, count: Int.random(in: 0...4, using: &random))
                }
                documents.append(sentences)
                let tokens = sentences.reduce(0) { $0 + $1.count }
                if tokens > 0 { expected.append(count) }
                count += tokens
            }
            let type = [TokenType.uint8, .uint16, .int32, .int64].randomElement(using: &random)!
            let dataset = try IndexedDataset(prefix: try folder.dataset("a", sequences: documents, type: type))
            let starts = dataset.documentStarts
            for _ in 0..<20 {
                let lower = Int.random(in: 0...count, using: &random)
                let range = lower..<Int.random(in: lower...count, using: &random)
                var found: [Int] = []
                starts.append(in: range, to: &found)
                #expect(found == expected.filter { range.contains($0) }, "case \(number), seed \(TestRun.seed)")
            }
            for offset in 0...count { #expect(starts.isBorder(offset) == (offset == count || expected.contains(offset))) }
        }
    }

    @Test("weights are read in each type, zeros found as ranges, and half precision to the last bit")
    func weights() throws {
        let folder = try TemporaryDirectory()
        let halves: [(Int, Float)] = [
            (0, 0), (0x3C00, 1), (0x3555, 0.33325195), (0x0001, 0x1p-24), (0x03FF, 0x1.FF8p-15), (0x0400, 0x1p-14), (0x7BFF, 65504),
            (0x8000, 0),
        ]
        try folder.dataset("a", [halves.map { _ in 1 }])
        try folder.dataset("a.weights", [halves.map(\.0)])
        let dataset = try IndexedDataset(prefix: folder.file("a"))
        #expect(LossWeights.exist(for: dataset.prefix) && !LossWeights.exist(for: dataset.prefix + ".weights"))
        let weights = try LossWeights(of: dataset)
        for (offset, (_, weight)) in halves.enumerated() { #expect(weights.memory.weight(at: offset) == weight) }
        var zeros: [Range<Int>] = []
        weights.memory.appendZeros(in: 0..<8, to: &zeros)
        #expect(zeros == [0..<1, 7..<8])
        zeros = []
        try folder.dataset("a.weights", [[0, 0, 3, 255, 0, 0, 0, 1]], type: .uint8)
        let whole = try LossWeights(of: dataset)
        whole.memory.appendZeros(in: 1..<7, to: &zeros)
        #expect(zeros == [1..<2, 4..<7] && whole.memory.weight(at: 3) == 255 && whole.fingerprint != weights.fingerprint)
    }
}
