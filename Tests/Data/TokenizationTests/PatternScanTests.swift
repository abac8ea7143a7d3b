import CBPE
import TestSupport
import Testing

@testable import Tokenization

/// The scan of a chunk's sets against `PatternScanner`, which goes through a text a character at a time as the pattern is written.
@Suite("Pattern scans")
struct PatternScanTests {
    private static let levels = Array(0...slw_best_scan_level().rawValue)

    /// Mostly words and blanks, so that plain blocks come up, and everything that ends them.
    private static func randomText(_ generator: inout SeededGenerator, pieces: Int, plain: Int) -> [UInt8] {
        let prose = [
            " the", " Word", " a", "x", " iPhone", " HTML", "ing", " B", ",", ".", " (", ")", "-", "\n", " 12", " 7", "\"", "é", " ÉCOLE",
        ]
        let special = [
            "'s", "'S", "'t", "'re", "'VE", "'ll", "'d", "'m", "'", "''", "'ſ", "'x", "'sound", "'LLama", "1234567", "99", "½", "٣٤", "  ",
            "   ",
            "\n\n", "\r\n", "\r", "\t", "\t\t", " \n ", "\n  ", "/", "//", "!\n/", "!\n//", "!\n///,", "/\n", "1234", "(中", "\u{201C}the",
            "\u{1F600}x", "it's's", ".\n\n", "...", "—", "’s", "“", "\u{A0}",
            "\u{3000}",
            "\u{2028}", "中文", "한", "ǅ", "ʰ", "e\u{301}", "\u{301}", "😀", "_", "a_b", "\0", "\u{85}",
            "カ・ラ", "ひ\u{3099}", "\u{3040}", "文1文", "\u{1}", "\u{1}\u{7F}", "\u{200B}a", "\u{AD}\u{AD}é", "(a", "(é", "aé", "'aé", "・\n",
            "\u{E000}",
        ]
        var bytes: [UInt8] = []
        for _ in 0..<pieces {
            switch Int.random(in: 0..<100, using: &generator) {
            case 0..<plain: bytes += prose.randomElement(using: &generator)!.utf8
            case 99 where plain < 90: bytes.append(UInt8.random(in: 0x80...0xFF, using: &generator))
            case 98:
                bytes += String(repeating: [" ", "a", "1", "!", "\n", "A"].randomElement(using: &generator)!, count: 70).utf8
            default: bytes += special.randomElement(using: &generator)!.utf8
            }
        }
        return bytes
    }

    /// Some documents, one after the other.
    private struct Documents {
        var text: [UInt8] = []
        var ends: [Int] = []

        init() {}

        init(_ generator: inout SeededGenerator, round: Int) {
            // Many short texts meet more of what happens at the ends of blocks than a few long ones, which meet the ends of chunks.
            let isLong = round % 50 == 0
            let plain = [97, 94, 60, 20][round % 4]
            for _ in 0..<(isLong ? 12 : Int.random(in: 1...3, using: &generator)) {
                let pieces = isLong ? [0, 5, 200, 3000].randomElement(using: &generator)! : Int.random(in: 1...100, using: &generator)
                text += PatternScanTests.randomText(&generator, pieces: pieces, plain: plain)
                ends.append(text.count)
            }
        }

        /// Where pre-tokens begin.
        func starts(_ pattern: PreTokenPattern) -> [Int] {
            text.withUnsafeBufferPointer { text in
                var starts: [Int] = []
                var place = 0
                for end in ends {
                    while place < end {
                        starts.append(place)
                        place = PatternScanner(pattern, text.baseAddress!, end: end).end(from: place)
                    }
                }
                return starts
            }
        }
    }

    /// Where Python's `regex` 2026 finds the matches of each pattern, as its publishers write it.
    @Test(arguments: [
        (
            PreTokenPattern.cl100k,
            [
                0, 2, 4, 6, 10, 12, 15, 26, 37, 38, 41, 43, 44, 47, 49, 52, 56, 57, 59, 62, 66, 69, 74, 76, 77, 79, 87, 88, 92, 94, 95, 97,
                98, 100,
                103, 110, 113, 118,
            ]
        ),
        (
            .llama3,
            [
                0, 2, 4, 6, 10, 12, 15, 26, 37, 38, 41, 43, 44, 47, 49, 52, 56, 57, 59, 62, 66, 69, 74, 76, 77, 79, 87, 88, 92, 94, 95, 97,
                98, 100,
                103, 110, 113, 118, 121,
            ]
        ),
        (
            .qwen2,
            [
                0, 2, 4, 6, 10, 12, 15, 26, 37, 38, 39, 40, 41, 42, 43, 44, 45, 47, 49, 52, 56, 57, 59, 62, 66, 69, 74, 76, 77, 79, 87, 88,
                92, 94,
                95, 97, 98, 100, 103, 110, 113, 118, 121,
            ]
        ),
        (
            .qwen35,
            [
                0, 2, 4, 6, 10, 12, 15, 26, 37, 38, 39, 40, 41, 42, 43, 44, 45, 47, 52, 54, 57, 59, 62, 66, 69, 74, 76, 77, 79, 87, 88, 92,
                94, 95,
                97, 98, 100, 103, 110, 113, 118, 121,
            ]
        ),
        (
            .o200k,
            [
                0, 4, 6, 12, 15, 21, 26, 37, 38, 41, 43, 44, 47, 52, 56, 57, 59, 62, 66, 69, 76, 77, 79, 87, 88, 92, 94, 95, 97, 98, 100,
                103, 110,
                113, 118, 121,
            ]
        ),
    ])
    func `a pattern finds what a regular expression finds`(pattern: PreTokenPattern, expected: [Int]) {
        let text =
            "It's's DON'Tcha helloWorld HTMLParser 12345 3\u{BD} e\u{301}a !\u{301}x (the \u{201C}end\u{201D},\n//a/b ...\r\n\r\n  two \n  x\t\ty \u{301} \u{4E2D}\u{6587}\u{3002} done  \n  "
        var documents = Documents()
        documents.text = Array(text.utf8)
        documents.ends = [documents.text.count]
        #expect(documents.starts(pattern) == expected)
    }

    private static let patterns = PreTokenPattern.allCases.filter { $0 != .gpt2 }

    @Test(arguments: patterns)
    func `a pattern cuts texts where its regular expressions do`(pattern: PreTokenPattern) throws {
        var generator = SeededGenerator(TestRun.seed)
        let stepped = SteppedText(PreTokenizerSetting.steps(pattern))
        for round in 0..<TestRun.cases(1000) {
            // Regular expressions read what is no UTF-8 as a character; what PatternScanner makes of it is tested elsewhere.
            let text = String(
                decoding: Self.randomText(&generator, pieces: Int.random(in: 1...60, using: &generator), plain: [60, 0][round % 2]),
                as: UTF8.self)
            var documents = Documents()
            documents.text = Array(text.utf8)
            documents.ends = [documents.text.count]
            var (starts, place): ([Int], Int) = ([], 0)
            documents.text.withUnsafeBytes {
                stepped.forEachPreToken(in: $0) {
                    starts.append(place)
                    place += $0.count
                }
            }
            try #require(documents.starts(pattern) == starts, "seed \(TestRun.seed), round \(round): \(text.debugDescription)")
        }
    }

    @Test(arguments: patterns)
    func `a scan in chunks of any size finds what the pattern finds, at every vector level`(pattern: PreTokenPattern) throws {
        var generator = SeededGenerator(TestRun.seed)
        let bits = UnsafeMutablePointer<UInt64>.allocate(capacity: 70)
        let classes = UnsafeMutablePointer<slw_classes>.allocate(capacity: 1)
        defer {
            bits.deallocate()
            classes.deallocate()
        }
        for round in 0..<TestRun.cases(2000) {
            let documents = Documents(&generator, round: round)
            let expected = documents.starts(pattern)
            let padded = documents.text + [UInt8](repeating: 0, count: 192)
            for level in Self.levels {
                classes.initialize(to: slw_classes())
                classes.pointee.level = slw_scan_level(rawValue: level)
                var found: [Int] = []
                var positions = [UInt16](repeating: 0, count: 64 * 66)
                documents.ends.withUnsafeBufferPointer { ends in
                    padded.withUnsafeBufferPointer { text in
                        var marks = DocumentStarts(bits, ends)
                        var offset = 0
                        var place = 0
                        while offset < documents.text.count {
                            let left = (documents.text.count - offset + 63) / 64
                            let blocks = min(left, Int.random(in: 1...62, using: &generator))
                            let chunk = text.baseAddress! + offset
                            marks.mark(from: offset, blocks: blocks)
                            if offset == 0 { slw_classify_begin(classes, pattern.inC!, chunk, bits) }
                            let hasNUL = slw_classify_chunk(classes, chunk, bits, blocks) != 0
                            let stop = min(64 * blocks, documents.text.count - offset)
                            #expect(hasNUL || !documents.text[offset..<offset + stop].contains(0))
                            while place < offset + stop {
                                var (count, isUndecided) = (0, Int32(0))
                                place =
                                    offset
                                    + slw_scan_pattern(
                                        classes, chunk, bits, place - offset, stop, &positions, &count, &isUndecided)
                                found += positions[..<count].map { offset + Int($0) }
                                if isUndecided != 0 {
                                    let end = documents.ends.first { $0 > place }!
                                    place = PatternScanner(pattern, text.baseAddress!, end: end).end(from: place)
                                }
                            }
                            offset += 64 * blocks
                        }
                    }
                }
                if found != expected {
                    let index = zip(found, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(found.count, expected.count)
                    let place = max(0, (index > 0 ? expected[index - 1] : 0) - 20)
                    let around = String(decoding: documents.text[place..<min(place + 100, documents.text.count)], as: UTF8.self)
                    Issue.record(
                        "seed \(TestRun.seed), round \(round), level \(level): differs after byte \(place) in \(around.debugDescription)")
                    return
                }
            }
        }
    }

    @Test(arguments: patterns)
    func `an encoder's ids are those of the pattern on each document alone`(pattern: PreTokenPattern) throws {
        let bundled = try EncoderTests.bundled.get()
        let merges = bundled.model.merges
        let tokenizer = Tokenizer(
            name: "pattern", vocabulary: bundled.vocabulary,
            model: EncodingModel(merges: merges, pattern: pattern, vocabularySize: bundled.vocabularySize))
        var generator = SeededGenerator(TestRun.seed)
        let encoders = Self.levels.map { Encoder(tokenizer, cacheBytes: 1 << 20, scanLevel: $0) }
        let scratch = MergeScratch(merges)
        for round in 0..<TestRun.cases(100) {
            let documents = Documents(&generator, round: round)
            let starts = documents.starts(pattern) + [documents.text.count]
            let expected = documents.text.withUnsafeBufferPointer { text in
                zip(starts, starts.dropFirst()).flatMap { start, end in
                    let count = scratch.encode(text.baseAddress! + start, count: end - start)
                    return (0..<count).map { scratch.tokens[$0] }
                }
            }
            for encoder in encoders {
                let output = TokenBuffer(width: 2)
                documents.text.withUnsafeBytes { text in
                    documents.ends.withUnsafeBufferPointer { encoder.encode(text, documentEnds: $0, appendEndOfText: false, into: output) }
                }
                try #require(output.tokens == expected, "seed \(TestRun.seed), round \(round), level \(encoder.scan.pointee.level)")
            }
        }
    }
}
