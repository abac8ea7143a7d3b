import Files
import Hashing
import JSON
import Synchronization
import TestSupport
import Testing

@testable import Tokenization

@Suite("BPETrainer")
struct BPETrainerTests {
    private func vocabulary(
        of documents: [String], size: Int, specialTokens: [String] = [], minimumFrequency: Int = 0
    ) throws -> Vocabulary {
        let counter = PreTokenCounter()
        for document in documents { counter.count(document) }
        return try BPETrainer(vocabularySize: size, specialTokens: specialTokens, minimumFrequency: minimumFrequency)
            .vocabulary(of: counter)
    }

    private func spelledMerges(_ vocabulary: Vocabulary) -> [String] {
        vocabulary.merges.map {
            "\(ByteAlphabet.spelling(of: vocabulary[$0.left])) \(ByteAlphabet.spelling(of: vocabulary[$0.right]))"
        }
    }

    @Test func `the textbook example merges aa, then ab, then both`() throws {
        let vocabulary = try vocabulary(of: ["aaabdaaabac"], size: 259)
        #expect(spelledMerges(vocabulary) == ["a a", "a b", "aa ab"])
    }

    @Test func `ids are the special tokens, the bytes by their stand-ins, the merges`() throws {
        let vocabulary = try vocabulary(of: ["low low lower"], size: 262, specialTokens: ["<s>", "<pad>"])
        #expect(Array(vocabulary[0]) == Array("<s>".utf8))
        #expect(Array(vocabulary[1]) == Array("<pad>".utf8))
        #expect(vocabulary[2] == [UInt8(ascii: "!")])
        #expect(vocabulary[2 + 94] == [0xA1])
        #expect(vocabulary[2 + 188] == [0x00])
        #expect(vocabulary[2 + 188 + 32] == [UInt8(ascii: " ")])
        #expect(vocabulary[2 + 255] == [0xAD])
        #expect(spelledMerges(vocabulary) == ["l o", "lo w", "Ġ low", "e r"])
        #expect(vocabulary.specialTokens.map(\.id) == [0, 1])
    }

    @Test func `of equally frequent pairs the smaller ids come first`() throws {
        #expect(spelledMerges(try vocabulary(of: ["zy", "ab", "cd"], size: 259)) == ["a b", "c d", "z y"])
    }

    @Test func `a pair below the minimum frequency is not merged`() throws {
        #expect(spelledMerges(try vocabulary(of: ["ab", "ab", "cd"], size: 400, minimumFrequency: 2)) == ["a b"])
    }

    @Test func `a learned token that spells a special token takes its id`() throws {
        let vocabulary = try vocabulary(of: ["abc abc"], size: 260, specialTokens: ["ab"])
        #expect(Array(vocabulary[0]) == Array("ab".utf8))
        #expect(spelledMerges(vocabulary).contains("a b"))
        #expect(vocabulary.merges.contains { $0.left == 0 })
    }

    @Test func `a limited alphabet has the most frequent bytes of the text, and words are merged without the others`() throws {
        let counter = PreTokenCounter()
        // b five times, a four, c and x three, q once.
        for document in ["abxc", "abxc", "axbc", "aqbb"] { counter.count(document) }
        var trainer = BPETrainer(vocabularySize: 300, specialTokens: ["<s>", "q"], minimumFrequency: 3)
        trainer.alphabetLimit = 2
        // "abc", "abc", "abc" would be with c; q has a token because it is a special one.
        let tokenizer = try trainer.train(counter, name: "mine")
        #expect(tokenizer.vocabulary.count == 5 && Array(tokenizer.vocabulary[4]) == Array("ab".utf8))
        #expect(spelledMerges(tokenizer.vocabulary) == ["a b"])
        #expect(tokenizer.droppedBytes.contains(UInt8(ascii: "c")) && !tokenizer.droppedBytes.contains(UInt8(ascii: "a")))
        #expect(try tokenizer.decode(tokenizer.encode("abc xab")) == Array("abab".utf8))
        // What was written is read as the same.
        let directory = try TemporaryDirectory()
        let paths = try tokenizer.write(as: .huggingFace, to: directory.path)
        #expect(try Tokenizer.load(paths[0]).digest == tokenizer.digest)
        #expect(throws: TokenizerError.self) { try tokenizer.write(as: .tiktoken, to: directory.path) }
        #expect(throws: TokenizerError.self) { try tokenizer.write(as: .gpt2, to: directory.path) }
        // 256: those that there are.
        trainer.alphabetLimit = 256
        #expect(try trainer.train(counter, name: "mine").vocabulary.count < 256)
    }

    @Test func `a vocabulary without room for the bytes is refused`() {
        #expect(throws: TokenizerError.vocabularyTooSmall(requested: 200, needed: 257)) {
            try vocabulary(of: ["a"], size: 200, specialTokens: ["<|endoftext|>"])
        }
    }

    @Test func `text that runs out of pairs ends early`() throws {
        #expect(try vocabulary(of: ["abc"], size: 1000).count == 258)
        #expect(try vocabulary(of: [], size: 1000).count == 256)
    }

    @Test func `merges equal those of the textbook on random words full of ties`() throws {
        for round in 0..<TestRun.cases(200) {
            let seed = TestRun.seed &+ UInt64(round)
            var random = SeededGenerator(seed)
            let letters = Array("abcdé中".unicodeScalars.prefix(Int.random(in: 1...6, using: &random)))
            let longest = [2, 5, 12, 60].randomElement(using: &random)!
            let documents = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                var word = String.UnicodeScalarView()
                for _ in 0..<Int.random(in: 1...longest, using: &random) { word.append(letters.randomElement(using: &random)!) }
                return String(word)
            }
            let size = 256 + Int.random(in: 0...120, using: &random)
            let expected = NaiveTrainer(
                words: documents.map { (Array($0.utf8), 1) }, byteOrder: ByteAlphabet.bytesInScalarOrder, vocabularySize: size)
            let found = try vocabulary(of: documents, size: size)
            #expect(found.merges.map { [$0.left, $0.right] } == expected.merges, "seed \(seed)")
            #expect((0..<found.count).map { Array(found[UInt32($0)]) } == expected.tokens, "seed \(seed)")
        }
    }

    @Test func `the result does not depend on order or on who counted`() throws {
        let documents = try fixtureTexts()
        let whole = PreTokenCounter()
        let parts = (0..<3).map { _ in PreTokenCounter() }
        for (index, text) in documents.enumerated() {
            whole.count(text)
            parts[index % 3].count(documents[documents.count - 1 - index])
        }
        for part in parts.dropFirst() { parts[0].merge(part) }
        #expect(parts[0].byteCount == whole.byteCount)
        #expect(parts[0].distinctCount == whole.distinctCount)
        let trainer = BPETrainer(vocabularySize: 1500)
        let a = try trainer.vocabulary(of: whole)
        let b = try trainer.vocabulary(of: parts[0])
        #expect(a.merges == b.merges)
    }

    @Test func `merges of the fixture equal the golden of Hugging Face`() throws {
        let vocabulary = try vocabulary(of: try fixtureTexts(), size: 3000, specialTokens: ["<|endoftext|>"])
        let text = spelledMerges(vocabulary).joined(separator: "\n")
        // scripts/compat/tokenizer-training prints it: XXH64 of the merges, one a line.
        #expect(vocabulary.merges.count == 2743)
        #expect(Array(text.utf8).withUnsafeBytes { XXHash64.hash($0) } == 0xBF59_2FB8_2ED7_F212)
    }

    @Test func `the bundled vocabulary is what training gives`() throws {
        let trained = try vocabulary(of: try fixtureTexts(), size: 2048, specialTokens: ["<|endoftext|>"])
        let bundled = try FileSystem.readAll(Place.fixture("tokenizers/default/tokenizer.json"))
        #expect(try trained.files(as: .huggingFace, name: "default")[0].bytes == bundled)
    }

    @Test(arguments: [1, 2, 7]) func `any number of workers counts the same`(workers: Int) throws {
        let documents = try fixtureTexts()
        let next = Mutex(0)
        let counter = PreTokenCounter.counting(workers: workers) { counter in
            while let index = next.withLock({ next in
                defer { next += 1 }
                return next < documents.count ? next : nil
            }) {
                counter.count(documents[index])
            }
        }
        #expect(counter.byteCount == documents.reduce(0) { $0 + $1.utf8.count })
        let vocabulary = try BPETrainer(vocabularySize: 2048).vocabulary(of: counter)
        let bundled = try FileSystem.readAll(Place.fixture("tokenizers/default/tokenizer.json"))
        #expect(try vocabulary.files(as: .huggingFace, name: "default")[0].bytes == bundled)
    }

    @Test func `a worker's error ends the counting`() {
        struct Broken: Error {}
        #expect(throws: Broken.self) { _ = try PreTokenCounter.counting(workers: 2) { _ throws(Broken) in throw Broken() } }
    }

    private func fixtureTexts() throws -> [String] {
        try FileSystem.readAll(Place.fixture("some.jsonl")).split(separator: UInt8(ascii: "\n")).map {
            try #require(try JSONValue.parse(Array($0))["text"]?.string)
        }
    }
}

@Suite("PreTokenScanner")
struct PreTokenScannerTests {
    @Test func `pre-tokens equal those of the pattern read alternative by alternative`() throws {
        let scanner = PreTokenScanner()
        let pieces = [
            " ", "  ", "\n", "\t", "\u{A0}", "\u{2003}", "'", "'s", "'re", "'ll", "'l", "a", "Zz", "é", "中", "ß", "7", "٣", "½", "Ⅷ",
            "!", "…", "👍🏽", "\u{301}", "\u{0}", "_", "\u{10FFFF}",
        ]
        for round in 0..<TestRun.cases(3000) {
            let seed = TestRun.seed &+ UInt64(round)
            var random = SeededGenerator(seed)
            let text = (0..<Int.random(in: 0...24, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            var expected: [Range<Int>] = []
            var found: [Range<Int>] = []
            Array(text.utf8).withUnsafeBufferPointer { bytes in
                ReferencePreTokenizer.forEachPreToken(in: bytes) { expected.append($0..<$1) }
                scanner.forEachPreToken(in: bytes) { found.append($0..<$0 + $1) }
            }
            #expect(found == expected, "seed \(seed): \(text.debugDescription)")
        }
    }

    @Test func `documents of a batch are counted as they are alone, over all borders of chunks`() throws {
        var random = SeededGenerator(TestRun.seed)
        let pieces = ["", " ", "\n ", "word", " it's", "é", "中文", " 12", "'", "'re", "!?", "\u{0}", String(repeating: "long ", count: 90)]
        for _ in 0..<TestRun.cases(40) {
            let documents = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            }
            let (batch, alone) = (PreTokenCounter(), PreTokenCounter())
            var ends: [Int] = []
            for document in documents {
                ends.append((ends.last ?? 0) + document.utf8.count)
                alone.count(document)
            }
            Array(documents.joined().utf8).withUnsafeBytes { text in
                ends.withUnsafeBufferPointer { batch.count(text, documentEnds: $0) }
            }
            var counts: [[[UInt8]: Int]] = []
            for table in [batch.table, alone.table] {
                counts.append([:])
                table.forEach { counts[counts.count - 1][Array($0), default: 0] += $1 }
            }
            #expect(counts[0] == counts[1] && batch.byteCount == alone.byteCount)
        }
    }

    @Test func `bytes that are no UTF-8 are covered once each`() throws {
        var random = SeededGenerator(TestRun.seed)
        let scanner = PreTokenScanner()
        for _ in 0..<TestRun.cases(3000) {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            var next = 0
            bytes.withUnsafeBufferPointer {
                scanner.forEachPreToken(in: $0) { start, length in
                    #expect(start == next && length > 0)
                    next = start + length
                }
            }
            #expect(next == bytes.count)
        }
    }
}

extension PreTokenScanner {
    /// Of one document.
    fileprivate func forEachPreToken(in document: UnsafeBufferPointer<UInt8>, _ body: (Int, Int) -> Void) {
        withUnsafePointer(to: document.count) {
            forEachPreToken(in: document, documentEnds: UnsafeBufferPointer(start: $0, count: 1), body)
        }
    }
}

@Suite("PreTokenTable")
struct PreTokenTableTests {
    @Test func `pre-tokens of every length are counted apart`() {
        let table = PreTokenTable()
        var expected: [[UInt8]: Int] = [:]
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<60_000 {
            // Few byte values, zero among them: padding must not be taken for content.
            let length = Bool.random(using: &random) ? Int.random(in: 1...20, using: &random) : Int.random(in: 15...40, using: &random)
            let bytes = (0..<length).map { UInt8.random(in: 0...($0 > 12 ? 0 : 1), using: &random) }
            let readable = Bool.random(using: &random) ? bytes.count : bytes.count + 32
            (bytes + [UInt8](repeating: 7, count: readable - bytes.count)).withUnsafeBufferPointer {
                table.add($0.baseAddress!, length: bytes.count, readable: readable)
            }
            expected[bytes, default: 0] += 1
        }
        var found: [[UInt8]: Int] = [:]
        table.forEach { found[Array($0), default: 0] += $1 }
        #expect(found == expected)
        #expect(table.count == expected.count)
    }
}

@Suite("MergeQueue")
struct MergeQueueTests {
    @Test func `candidates leave by count, then by pair, also when pushed between pops`() {
        var random = SeededGenerator(TestRun.seed)
        var queue = MergeQueue()
        var waiting: [MergeCandidate] = []
        for step in 0..<20_000 {
            if step < 500 || Int.random(in: 0..<10, using: &random) < 5 {
                let highest = waiting.map(\.count).max() ?? 1000
                let candidate = MergeCandidate(
                    count: Int.random(in: 1...max(1, highest), using: &random), pair: UInt64(step), words: 0)
                queue.push(candidate)
                waiting.append(candidate)
                if waiting.count > 600 { break }
            } else if let popped = queue.pop() {
                let best = waiting.indices.min { MergeCandidate.precedes(waiting[$0], waiting[$1]) }!
                #expect(popped.pair == waiting[best].pair)
                waiting.remove(at: best)
            }
        }
        while let popped = queue.pop() {
            let best = waiting.indices.min { MergeCandidate.precedes(waiting[$0], waiting[$1]) }!
            #expect(popped.pair == waiting[best].pair)
            waiting.remove(at: best)
        }
        #expect(waiting.isEmpty)
    }
}
