import CMinHash
import Corpus
import TestSupport
import Testing

@testable import Cleaning

@Suite("Near duplicates")
struct NearDuplicateTests {
    private func signature(_ text: String, isPortable: Bool = false) -> [UInt64] {
        var words: [UInt64] = []
        Array(text.utf8).withUnsafeBytes { MinHash(isPortable: isPortable).appendSignature(of: $0, to: &words) }
        return words
    }

    private func words(of text: [UInt8], capacity: Int = 1000) -> [UInt64] {
        var words: [UInt64] = []
        let buffer = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity)
        defer { buffer.deallocate() }
        text.withUnsafeBytes {
            var scanner = WordScanner($0)
            while case let count = scanner.next(into: buffer, capacity: capacity), count > 0 {
                words += UnsafeBufferPointer(start: buffer, count: count)
            }
        }
        return words
    }

    @Test("sixty-four bytes at a time, words are the same as alone, wherever they stand and however little room there is")
    func blocks() {
        var random = SeededGenerator(TestRun.seed)
        for _ in 0..<300 {
            var (text, expected) = ([UInt8](), [UInt64]())
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                let characters = Bool.random(using: &random) ? Array("abcXYZ019") : Array("aé9жЖ한Zµ😀ا")
                let length = Int.random(in: 0..<20, using: &random) == 0 ? 300 : Int.random(in: 1...12, using: &random)
                let word = String((0..<length).map { _ in characters.randomElement(using: &random)! })
                // Alone a word is scanned character by character.
                let alone = words(of: Array(word.utf8))
                #expect(alone.count == 1)
                text += Array(word.utf8)
                expected += alone
                if Int.random(in: 0..<20, using: &random) == 0 {
                    text += Array("語".utf8)
                    expected += words(of: Array("語".utf8))
                }
                text += Array([" ", ", ", "\n", "—", "\u{0}", " »", "\u{A0}", "…", "”, “"].randomElement(using: &random)!.utf8)
            }
            #expect(words(of: text) == expected)
            #expect(words(of: text, capacity: WordScanner.leastCapacity + Int.random(in: 0...3, using: &random)) == expected)
        }
    }

    private func agreement(_ a: String, _ b: String) -> Int { MinHash.agreement(signature(a), signature(b)) }

    @Test("words do not depend on punctuation, spaces and the case of ASCII letters; scripts without spaces have a word a character")
    func words() {
        func count(_ text: String) -> Int {
            words(of: Array(text.utf8)).count
        }
        #expect(count("") == 0 && count(" \n.,;\u{A0}—“”…。「」") == 0)
        #expect(count("One, two; THREE—four 5ive naïve Straße») привет") == 8)
        #expect(count("日本語のテキスト。ภาษา") == 12)
        #expect(count("한국어 문장") == 2 && count("e\u{301}te\u{301}") == 1)
        #expect(agreement("One, two: three (four) FIVE six!", "one two three four five six") == 112)
        #expect(agreement("Один два три четыре пять", "один два три четыре пять") < 10)
        #expect(agreement("éa", "Éa") < 10)
        #expect(agreement("alpha beta", "Alpha, Beta!") == 112 && agreement("alpha beta", "beta alpha") < 10)
        #expect(agreement("...", "!!!") < 10 && agreement("", "") == 112 && agreement("", "...") < 10)
        // Bytes that are no UTF-8, also a lead at the very end.
        for bytes in [[0xFF, 0x41, 0x80], [0x41, 0xE3], [0xF0, 0x9F, 0x98], [0xC1, 0xBF]] as [[UInt8]] {
            var signature: [UInt64] = []
            bytes.withUnsafeBytes { MinHash().appendSignature(of: $0, to: &signature) }
            #expect(signature.count == MinHash.sketchWords)
        }
    }

    /// `count` words out of `vocabulary`, the frequent ones first.
    static func randomWords(_ count: Int, vocabulary: Int = 5000, _ random: inout SeededGenerator) -> [String] {
        (0..<count).map { _ in
            let share = Double.random(in: 0..<1, using: &random)
            return "w\(Int(Double(vocabulary) * share * share * share))"
        }
    }

    static func shingles(_ words: [String]) -> Set<String> { Set((0...words.count - 5).map { words[$0..<$0 + 5].joined(separator: " ") }) }

    @Test("vectors and plain C give the same signatures, in pieces of any size")
    func kernels() {
        var random = SeededGenerator(TestRun.seed)
        for count in [0, 1, 4, 5, 6, 100, 2050, 2052, 5000] {
            let text = Self.randomWords(count, &random).joined(separator: " ")
            #expect(signature(text) == signature(text, isPortable: true))
        }
        var flips: [UInt32] = []
        for _ in 0..<224 { flips.append(UInt32.random(in: 0...(.max), using: &random)) }
        let numbers = (0..<999).map { _ in UInt32.random(in: 0...(.max), using: &random) }
        for isPortable: Int32 in [0, 1] {
            var minima = [UInt32](repeating: .max, count: 112)
            minhash_lower(&minima, flips, Array(flips[112...]), numbers, 400, isPortable)
            minhash_lower(&minima, flips, Array(flips[112...]), Array(numbers[400...]), 599, isPortable)
            #expect(minima == (0..<112).map { i in numbers.map { ($0 ^ flips[i]) &* flips[112 + i] }.min()! })
        }
    }

    @Test("signatures estimate the Jaccard similarity of the sets of 5-grams without bias, as closely as 112 places can")
    func estimates() {
        var random = SeededGenerator(TestRun.seed)
        var (deviations, squares, pairs) = (0.0, 0.0, 0)
        for round in 0..<400 {
            let words = Self.randomWords(Int.random(in: 20...600, using: &random), &random)
            // A part of the text is replaced: similarities all over the range.
            var changed = words
            let part = Int.random(in: 0..<words.count, using: &random)
            changed.replaceSubrange(0..<part, with: Self.randomWords(part, &random))
            let (a, b) = (Self.shingles(words), Self.shingles(changed))
            let jaccard = Double(a.intersection(b).count) / Double(a.union(b).count)
            let estimate = Double(agreement(words.joined(separator: " "), changed.joined(separator: " "))) / 112
            let variance = jaccard * (1 - jaccard) / 112
            #expect(abs(estimate - jaccard) <= 5 * variance.squareRoot() + 1e-9, "round \(round): \(estimate) for \(jaccard)")
            if variance > 1e-4 {
                deviations += (estimate - jaccard) / variance.squareRoot()
                squares += (estimate - jaccard) * (estimate - jaccard) / variance
                pairs += 1
            }
        }
        let (bias, spread) = (deviations / Double(pairs).squareRoot(), squares / Double(pairs))
        print("   \(pairs) pairs: bias \(bias) standard errors, variance \(spread) of the binomial's")
        #expect(pairs > 300 && abs(bias) < 4 && spread > 0.7 && spread < 1.3)
    }

    /// The rule, as one writes it down.
    private struct Reference {
        var kept: [[UInt64]] = []

        mutating func insert(_ sketch: [UInt64]) -> Bool {
            func inBand(_ band: Int, _ other: [UInt64]) -> Bool {
                sketch[2 * band] == other[2 * band] && sketch[2 * band + 1] == other[2 * band + 1]
            }
            func places(_ words: [UInt64]) -> [UInt16] {
                words.flatMap { word in (0..<4).map { UInt16(truncatingIfNeeded: word >> (16 * $0)) } }
            }
            for other in kept where (0..<14).contains(where: { inBand($0, other) }) {
                if zip(places(sketch), places(other)).count(where: { $0 == $1 }) >= 84 { return false }
            }
            kept.append(sketch)
            return true
        }
    }

    @Test("the index finds what comparing with every kept document finds, and forgets nothing while it grows")
    func index() {
        var random = SeededGenerator(TestRun.seed)
        let index = SignatureIndex()
        var reference = Reference()
        var originals: [[UInt64]] = []
        var left = 0
        for _ in 0..<2000 {
            var sketch = (0..<28).map { _ in random.next() }
            if let original = originals.randomElement(using: &random), Int.random(in: 0..<3, using: &random) > 0 {
                sketch = original
                // Around the threshold, with some bands unharmed.
                for _ in 0..<Int.random(in: 0...40, using: &random) {
                    let place = Int.random(in: 0..<112, using: &random)
                    sketch[place / 4] ^= UInt64(UInt16.random(in: 1...(.max), using: &random)) << UInt64(place % 4 * 16)
                }
            } else {
                originals.append(sketch)
            }
            let isNew = reference.insert(sketch)
            #expect(index.insert(sketch, memoryLimit: .max) == isNew)
            if !isNew { left += 1 }
        }
        #expect(left > 500 && index.count == 2000 - left && index.count > 900)
        for sketch in reference.kept { #expect(index.insert(sketch, memoryLimit: .max) == false) }
    }

    @Test(
        "of texts that agree in one band and no more, so many are compared that time does not run away, and a copy is found by its other bands"
    )
    func crowdedBand() {
        var random = SeededGenerator(TestRun.seed)
        let index = SignatureIndex()
        var sketches: [[UInt64]] = []
        for _ in 0..<2000 {
            sketches.append([7, 7] + (0..<26).map { _ in random.next() })
            #expect(index.insert(sketches.last!, memoryLimit: .max) == true)
        }
        for sketch in sketches { #expect(index.insert(sketch, memoryLimit: .max) == false) }
    }

    @Test("a kept document takes at most 400 bytes")
    func memory() {
        var random = SeededGenerator(TestRun.seed)
        let index = SignatureIndex()
        for limit in [1 << 20, 2 << 20, 5 << 20, 20 << 20] {
            while index.insert((0..<28).map { _ in random.next() }, memoryLimit: limit) == true {}
            // Up to a block of 4096 signatures and a table's growth may be missing.
            #expect(index.count * 400 > limit - 4096 * 224 - limit / 8 && index.count * 360 < limit)
        }
    }

    @Test("planted duplicates: copies and near copies are found, the reordered and the unrelated are kept")
    func planted() throws {
        var random = SeededGenerator(TestRun.seed)
        enum Kind: String, CaseIterable { case original, copied, changed, cut, swapped, edited, rewritten, shuffled, related }
        var texts: [(kind: Kind, text: String)] = []
        for _ in 0..<400 {
            let words = Self.randomWords(Int.random(in: 80...400, using: &random), &random)
            func add(_ kind: Kind, _ words: [String]) { texts.append((kind, words.joined(separator: " "))) }
            add(.original, words)
            add(.copied, words)
            var changed = words
            changed[Int.random(in: 0..<words.count, using: &random)] = "another"
            add(.changed, changed)
            add(.cut, words.dropLast(words.count / 20))
            add(.swapped, Array(words[(words.count / 2)...] + words[..<(words.count / 2)]))
            // One word in fifty, in twelve: similarities of about 0.82 and 0.48.
            func replacing(every count: Int) -> [String] {
                words.map { Int.random(in: 0..<count, using: &random) == 0 ? "another" : $0 }
            }
            add(.edited, replacing(every: 50))
            add(.rewritten, replacing(every: 12))
            add(.shuffled, words.shuffled(using: &random))
            // Half of it is new: a similarity of a third.
            add(.related, words[..<(words.count / 2)] + Self.randomWords(words.count / 2, &random))
        }
        // The originals first; their kin in any order behind them.
        let order = texts.filter { $0.kind == .original } + texts.filter { $0.kind != .original }.shuffled(using: &random)
        let filter = DuplicateFilter(.near, memoryLimit: 1 << 30)
        var (total, left) = ([Kind: Int](), [Kind: Int]())
        for (kind, text) in order {
            total[kind, default: 0] += 1
            if try !filter.isNew(signature(text)[...]) { left[kind, default: 0] += 1 }
        }
        let wanted = [Kind.copied, .changed, .cut, .swapped, .edited].reduce(0) { $0 + left[$1, default: 0] }
        let all = left.values.reduce(0, +)
        for kind in Kind.allCases { print("   \(kind.rawValue): \(left[kind, default: 0]) of \(total[kind]!) left out") }
        print("   precision \(Double(wanted) / Double(all)), recall \(Double(wanted) / 2000)")
        #expect(left[.copied] == 400)
        #expect(left[.changed, default: 0] >= 396 && left[.cut, default: 0] >= 392 && left[.swapped, default: 0] >= 392)
        #expect(left[.edited, default: 0] >= 320 && left[.rewritten, default: 0] <= 8)
        #expect(left[.original, default: 0] == 0 && left[.shuffled, default: 0] == 0 && left[.related, default: 0] == 0)
    }
}
