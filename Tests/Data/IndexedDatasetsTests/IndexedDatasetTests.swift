import DatasetFixtures
import Files
import Foundation
import IndexedDatasets
import JSON
import Quantities
import TestSupport
import Testing

@Suite("IndexedDataset") struct IndexedDatasetTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    /// A pair of random documents; some without sequences, some sequences without tokens.
    func write(_ name: String, _ type: TokenType, seed: UInt64 = TestRun.seed, documents: Int = 50) throws -> (String, [[[Int]]]) {
        var generator = SeededGenerator(seed)
        let content = (0..<documents).map { _ in
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                (0..<Int.random(in: 0...40, using: &generator)).map { _ in Int.random(in: 0...type.maximum, using: &generator) }
            }
        }
        return (try directory.dataset(name, sequences: content, type: type), content)
    }

    @Test("what was written is read back", arguments: [TokenType.uint8, .int8, .int16, .uint16, .int32, .int64])
    func roundTrip(_ type: TokenType) throws {
        let (prefix, content) = try write("a", type)
        let dataset = try IndexedDataset(prefix: prefix)
        let found = (0..<dataset.documentCount).map { dataset.documentRange($0).map { dataset.tokens(ofSequence: $0) } }
        #expect(found == content, "seed \(TestRun.seed)")
        let stream = content.joined().joined().map { Int64($0) }
        #expect(dataset.tokenCount == stream.count)
        // Every start and length of a range near the ends of vectors, into both widths.
        for start in 0..<9 {
            for count in [0, 1, 7, 31, 64, stream.count - start] {
                var wide = [Int64](repeating: -7, count: count + 1)
                var narrow = [Int32](repeating: -7, count: count + 1)
                wide.withUnsafeMutableBufferPointer { dataset.copyTokens(at: start, count: count, into: $0.baseAddress!) }
                narrow.withUnsafeMutableBufferPointer { dataset.copyTokens(at: start, count: count, into: $0.baseAddress!) }
                #expect(wide == stream[start..<start + count] + [-7])
                #expect(narrow == stream[start..<start + count].map { Int32(clamping: $0) } + [-7])
                // Inputs and targets at once.
                let pairs = min(count, stream.count - start - 1)
                var targets = [Int32](repeating: -7, count: pairs + 1)
                narrow = targets
                narrow.withUnsafeMutableBufferPointer { inputs in
                    targets.withUnsafeMutableBufferPointer {
                        dataset.memory.copyPairs(at: start, count: pairs, inputs: inputs.baseAddress!, targets: $0.baseAddress!)
                    }
                }
                #expect(narrow == stream[start..<start + pairs].map { Int32(clamping: $0) } + [-7])
                #expect(targets == stream[start + 1..<start + 1 + pairs].map { Int32(clamping: $0) } + [-7])
            }
        }
    }

    @Test("every token finds its sequence")
    func search() throws {
        let (prefix, _) = try write("a", .uint16)
        let dataset = try IndexedDataset(prefix: prefix)
        for sequence in 0..<dataset.sequenceCount {
            let start = dataset.tokenOffset(ofSequence: sequence)
            for offset in start..<start + dataset.length(ofSequence: sequence) {
                #expect(dataset.sequence(containingToken: offset) == sequence)
            }
        }
        #expect(dataset.tokenOffset(ofSequence: dataset.sequenceCount) == dataset.tokenCount)
    }

    @Test("batches of documents equal documents one by one")
    func batches() throws {
        let counts: [Int32] = [3, 0, 1, 0, 0, 2]
        let tokens = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: 6)
        defer { tokens.deallocate() }
        _ = tokens.initialize(from: [5, 6, 7, 8, 9, 10])
        var writer = try IndexedDatasetWriter(prefix: directory.file("a"), tokenType: .uint16)
        try writer.append(documents: UnsafeRawBufferPointer(tokens), tokenCounts: counts)
        try writer.finish()
        let dataset = try IndexedDataset(prefix: directory.file("a"))
        #expect((0..<6).map { dataset.documentRange($0).count } == [1, 0, 1, 0, 0, 1])
        #expect((0..<3).map { dataset.tokens(ofSequence: $0) } == [[5, 6, 7], [8], [9, 10]])
    }

    @Test("an empty pair is legal")
    func empty() throws {
        let writer = try IndexedDatasetWriter(prefix: directory.file("a"), tokenType: .int32)
        try writer.finish()
        let dataset = try IndexedDataset(prefix: directory.file("a"))
        #expect(dataset.tokenCount == 0 && dataset.sequenceCount == 0 && dataset.documentCount == 0)
        dataset.copyTokens(at: 0, count: 0, into: UnsafeMutablePointer<Int32>(bitPattern: 64)!)
    }

    @Test("a vocabulary chooses its type as Megatron does")
    func types() {
        #expect(TokenType.optimal(vocabularySize: 65_499) == .uint16)
        #expect(TokenType.optimal(vocabularySize: 65_500) == .int32)
    }

    @Test("a token that does not fit is refused")
    func tokenTooLarge() throws {
        var writer = try IndexedDatasetWriter(prefix: directory.file("a"), tokenType: .uint16)
        let error = #expect(throws: IndexError.self) { try writer.append(tokens: [1, 70_000]) }
        #expect(error?.description == "\(directory.path)/a.bin: token 70000 does not fit uint16")
    }

    @Test("what a writer cannot write is refused, and what it has written stays as it is")
    func misuse() throws {
        let prefix = directory.file("a")
        for type in TokenType.allCases where type.megatronCode == nil {
            let error = #expect(throws: IndexError.self) { _ = try IndexedDatasetWriter(prefix: prefix, tokenType: type) }
            #expect(error?.description == "\(prefix).idx: an index has no code for \(type.rawValue) tokens; store them as uint16 or int32")
        }
        #expect(TokenType.allCases.contains { $0.megatronCode == nil } && !FileSystem.exists(prefix + ".bin.partial"))
        var writer = try IndexedDatasetWriter(prefix: prefix, tokenType: .uint16)
        try writer.append(sequence: [1, 0, 2, 0])
        let odd = #expect(throws: IndexError.self) { try writer.append(sequence: [1, 0, 2]) }
        #expect(odd?.description == "\(prefix).bin: cannot be written: 3 bytes are no whole tokens of 2 bytes")
        let open = #expect(throws: IndexError.self) { _ = try writer.flush() }
        #expect(open?.description == "\(prefix).bin: cannot be written: a document is open: end it first")
        let stillOpen = #expect(throws: IndexError.self) { try writer.complete() }
        #expect(stillOpen == open)
        try writer.endDocument()
        let tokens = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: 2)
        defer { tokens.deallocate() }
        _ = tokens.initialize(from: [5, 6])
        for counts in [[1], [1, 2], [-1, 3], []] as [[Int32]] {
            #expect(throws: IndexError.self) { try writer.append(documents: UnsafeRawBufferPointer(tokens), tokenCounts: counts) }
        }
        try writer.finish()
        let dataset = try IndexedDataset(prefix: prefix)
        #expect(dataset.documentCount == 1 && dataset.tokens(ofSequence: 0) == [1, 2] && dataset.tokenCount == 2)
    }

    @Test("the tokenizer is remembered as long as the pair is the same")
    func metadata() throws {
        let tokenizer = DatasetMetadata.TokenizerIdentity(
            name: "gpt2", digest: 0xFEED_0000_0000_0001, vocabularySize: 50257, endOfText: 50256)
        let metadata = DatasetMetadata(tokenizer: tokenizer, appendsEndOfText: true, source: ["inputs": ["a.jsonl"]])
        try directory.dataset("a", [[1, 2]], metadata: metadata)
        #expect(try IndexedDataset(prefix: directory.file("a")).metadata == metadata)
        let (other, _) = try write("b", .uint16)
        try FileSystem.rename(directory.file("a.meta"), to: other + ".meta")
        #expect(try IndexedDataset(prefix: other).metadata == nil)
    }

    @Test("the fingerprint is that of the content, not of the path")
    func fingerprint() throws {
        let (a, _) = try write("a", .uint16)
        let (b, _) = try write("b", .uint16)
        let (c, _) = try write("c", .uint16, seed: TestRun.seed + 1)
        let fingerprints = try [a, b, c].map { try IndexedDataset(prefix: $0).fingerprint }
        #expect(fingerprints[0] == fingerprints[1] && fingerprints[0] != fingerprints[2])
    }
}
