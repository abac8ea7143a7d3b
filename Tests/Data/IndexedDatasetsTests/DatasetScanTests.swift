import DatasetFixtures
import Files
import TestSupport
import Testing

@testable import IndexedDatasets

@Suite("What a data set holds")
struct DatasetScanTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// A pair of these documents, each a list of sequences.
    func pair(_ name: String, _ type: TokenType, _ documents: [[[Int]]]) throws -> IndexedDataset {
        try IndexedDataset(prefix: directory.dataset(name, sequences: documents, type: type))
    }

    /// Documents of which many are copies; some are longer than a piece of the scan, some empty, some cut into sequences.
    func documents(_ generator: inout SeededGenerator, maximum: Int) -> [[[Int]]] {
        var originals: [[Int]] = [[], [maximum]]
        for count in [1, 1, 2, 3, 16_384, 16_385, 40_000] {
            originals.append((0..<count).map { _ in Int.random(in: 0...min(maximum, 300), using: &generator) })
        }
        return (0..<30).map { _ in
            let tokens = originals.randomElement(using: &generator)!
            let cut = Int.random(in: 0...tokens.count, using: &generator)
            return tokens.isEmpty ? [] : [Array(tokens[..<cut]), Array(tokens[cut...])]
        }
    }

    @Test("counts and copies are those of a plain count, for any amount of memory", arguments: [TokenType.uint8, .uint16, .int32, .int64])
    func scan(_ type: TokenType) throws {
        var generator = SeededGenerator(TestRun.seed)
        let contents = (0..<2).map { _ in documents(&generator, maximum: min(type.maximum, 900_000)) }
        let datasets = [try pair("a", type, contents[0]), try pair("b", .int32, contents[1])]
        var counts: [Int: Int] = [:]
        var seen: Set<[Int]> = []
        var (copies, copiedTokens) = (0, 0)
        var first: DatasetScan.Place?
        for (number, content) in contents.enumerated() {
            for (place, document) in content.enumerated() {
                let tokens = Array(document.joined())
                for token in tokens { counts[token, default: 0] += 1 }
                if tokens.isEmpty || seen.insert(tokens).inserted { continue }
                copies += 1
                copiedTokens += tokens.count
                if first == nil { first = DatasetScan.Place(dataset: number, document: place) }
            }
        }
        for memory in [1 << 20, 160] {
            let scan = DatasetScan(datasets, memoryLimit: memory)
            #expect(memory == 1 << 20 ? scan.passes == 1 : scan.passes > 1)
            var told: [Int] = []
            let findings = try scan.run { done, all in
                told.append(done)
                #expect(done <= all)
            }
            #expect(findings.duplicateDocuments == copies && findings.duplicateTokens == copiedTokens, "seed \(TestRun.seed)")
            #expect(findings.firstDuplicate == first && findings.passes == scan.passes)
            #expect(told.last == scan.passes * datasets.reduce(0) { $0 + $1.binBytes } && told == told.sorted())
            let use = findings.use
            #expect(use.outside == 0 && use.usedCount == counts.count && use.tokenCount == counts.values.reduce(0, +))
            #expect(counts.allSatisfy { use.counts[$0.key] == $0.value })
            #expect(use.onceCount == counts.values.count { $0 == 1 })
            #expect(use.unusedCount(below: 1_000_000) == 1_000_000 - counts.count)
            let top = use.mostFrequent(10)
            let expected = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(10)
            #expect(top.map(\.id) == expected.map(\.key) && top.map(\.count) == expected.map(\.value))
            #expect(use.rankedCounts == counts.values.sorted(by: >))
        }
    }

    @Test("ids that no vocabulary has are counted apart and cost no memory")
    func absurdTokens() throws {
        let dataset = try pair("a", .int32, [[[5, Int(Int32.max), TokenUse.idLimit, 70_000, 5]]])
        let use = try DatasetScan([dataset]).run().use
        #expect(use.outside == 2 && use.counts.count == 2 << 16 && use.counts[5] == 2 && use.tokenCount == 5)
        let negative = try pair("b", .int16, [[[3]]])
        try FileSystem.writeAtomically([0xFF, 0xFF], to: directory.file("b.bin"))
        #expect(try DatasetScan([IndexedDataset(prefix: negative.prefix)]).run().use.outside == 1)
    }

    @Test("lengths, quantiles and bins are those of a sorted list")
    func lengths() throws {
        var generator = SeededGenerator(TestRun.seed)
        let contents = (0..<3).map { _ in
            documents(&generator, maximum: 255) + [[[Int](repeating: 1, count: 70_000 + Int.random(in: 0...70_000, using: &generator))]]
        }
        var lengths = DocumentLengths()
        #expect(
            lengths.shortest == nil && lengths.longest == nil && lengths.quantile(0.5) == nil && lengths.bins().isEmpty && lengths.mean == 0
        )
        for (number, content) in contents.enumerated() { lengths.add(try pair("\(number)", .uint8, content)) }
        let plain = contents.joined().map { $0.reduce(0) { $0 + $1.count } }.sorted()
        #expect(lengths.documentCount == plain.count && lengths.tokenCount == plain.reduce(0, +))
        #expect(lengths.shortest == plain.first && lengths.longest == plain.last && lengths.emptyDocuments == plain.count { $0 == 0 })
        for hundredth in 0...100 {
            let rank = max(1, Int((Double(hundredth) / 100 * Double(plain.count)).rounded(.up)))
            #expect(lengths.quantile(Double(hundredth) / 100) == plain[rank - 1], "\(hundredth)")
        }
        for parts in [1, 2, 4] {
            let bins = lengths.bins(perDoubling: parts)
            for bin in bins {
                let inside = plain.filter(bin.lengths.contains)
                #expect(bin.documents == inside.count && bin.tokens == inside.reduce(0, +))
            }
            #expect(bins.reduce(0) { $0 + $1.documents } == plain.count)
            #expect(zip(bins, bins.dropFirst()).allSatisfy { $0.lengths.upperBound + 1 == $1.lengths.lowerBound })
            #expect(bins.first?.documents ?? 0 > 0 && bins.last?.documents ?? 0 > 0)
        }
    }

    @Test("every sequence finds its document")
    func documentOfSequence() throws {
        var generator = SeededGenerator(TestRun.seed)
        let dataset = try pair("a", .uint8, documents(&generator, maximum: 255).map { $0.filter { $0.count < 100 } })
        for document in 0..<dataset.documentCount {
            for sequence in dataset.documentRange(document) { #expect(dataset.document(containingSequence: sequence) == document) }
        }
    }
}
