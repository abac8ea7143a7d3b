import Foundation
import TestSupport
import Testing

@testable import Cleaning

@Suite("Decontamination")
struct DecontaminationTests {
    /// The rules written down once more, on arrays of characters and dictionaries of strings.
    struct Plain {
        let rules: DecontaminationRules
        var keys: Set<String> = []

        static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
            scalar == "_" || scalar.properties.numericType != nil
                || [.uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter].contains(
                    scalar.properties.generalCategory)
        }

        static func lowered(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
            text.indices.flatMap { index -> [Unicode.Scalar] in
                guard text[index] == "Σ" else { return Array(text[index].properties.lowercaseMapping.unicodeScalars) }
                let before = text[..<index].last { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
                let behind = text[(index + 1)...].first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
                return [before && !behind ? "ς" : "σ"]
            }
        }

        static func words(_ text: [Unicode.Scalar]) -> [(word: String, start: Int)] {
            var words: [(word: String, start: Int)] = []
            var wasOfWord = false
            for (index, scalar) in lowered(text).enumerated() {
                let isOfWord = isOfWord(scalar)
                if isOfWord {
                    if !wasOfWord { words.append(("", index)) }
                    words[words.count - 1].word.unicodeScalars.append(scalar)
                }
                wasOfWord = isOfWord
            }
            return words
        }

        static func keys(_ text: String, _ rules: DecontaminationRules) -> [String] {
            let words = words(Array(text.unicodeScalars)).map(\.word)
            if words.count < rules.shortestPassage { return [] }
            if words.count < rules.longestPassage { return [words.joined(separator: " ")] }
            return (0...words.count - rules.longestPassage).map { words[$0..<$0 + rules.longestPassage].joined(separator: " ") }
        }

        func first(_ text: [Unicode.Scalar]) -> (key: String, start: Int)? {
            let words = Self.words(text)
            let (count, longest) = (words.count, rules.longestPassage)
            guard count >= longest else { return nil }
            let lengths = Set(keys.map { $0.split(separator: " ").count }).sorted()
            func hit(_ index: Int, _ length: Int) -> (key: String, start: Int)? {
                let key = words[index..<index + length].map(\.word).joined(separator: " ")
                return keys.contains(key) ? (key, words[index].start) : nil
            }
            for index in 0...count - longest { for length in [longest] + lengths { if let hit = hit(index, length) { return hit } } }
            guard count > longest else { return nil }
            for length in lengths where length < longest {
                for index in count - longest...count - length { if let hit = hit(index, length) { return hit } }
            }
            return nil
        }

        func found(_ text: [Unicode.Scalar]) -> Set<String> {
            var (text, found) = (text, Set<String>())
            while let (key, start) = first(text) {
                found.insert(key)
                text = Array(text.dropFirst(start + key.unicodeScalars.count + 1))
            }
            return found
        }

        /// Nil where the original runs out of the text, which only `İ` brings about.
        func pieces(_ text: [Unicode.Scalar]) -> [Range<Int>]? {
            var (base, pieces) = (0, [Range<Int>]())
            func isMark(_ index: Int) -> Bool { ".!?".unicodeScalars.contains(text[base + index]) }
            while let (key, start) = first(Array(text[base...])) {
                var p = start - rules.removedEachSide
                if base + p >= text.count { return nil }
                while p > 0, !isMark(p) { p -= 1 }
                if p > 0, p + 1 > rules.leastPiece { pieces.append(base..<base + p + 1) }
                var q = start + key.unicodeScalars.count + rules.removedEachSide
                while base + q < text.count, !isMark(q) { q += 1 }
                guard text.count - (base + q + 1) > rules.leastPiece else { return pieces }
                base += q + 1
            }
            return pieces + [base..<text.count]
        }
    }

    @Test("words, passages and cuts are those of the rules written down plainly, in random texts of several scripts")
    func random() {
        var random = SeededGenerator(TestRun.seed)
        let vocabulary = [
            "the", "Word", "x1", "ΟΔΟΣ", "Σ", "αΣ'ΣΑ", "Ⱥb", "\u{212A}elvin", "İ", "aİb", "ﬁ", "½", "日本", "e\u{301}e", "n't", "_a", "Ǆ",
            "’Σ",
        ]
        let gaps = [" ", " ", " ", ". ", "! ", "\n", " - ", "'", "? ", "。", "\u{AD}", ".Σ ", ", "]
        for _ in 0..<TestRun.cases(150) {
            var rules = DecontaminationRules()
            rules.longestPassage = Int.random(in: 2...5, using: &random)
            rules.shortestPassage = Int.random(in: 1...rules.longestPassage, using: &random)
            rules.removedEachSide = [0, 1, 5, 20].randomElement(using: &random)!
            rules.leastPiece = [0, 3, 12, 40].randomElement(using: &random)!
            let size = Int.random(in: 2...vocabulary.count, using: &random)
            func text(_ count: Int, _ gaps: [String]) -> String {
                (0..<count).map { _ in vocabulary[Int.random(in: 0..<size, using: &random)] + gaps.randomElement(using: &random)! }.joined()
            }
            let tasks = (0..<4).map { _ in text(Int.random(in: 1...7, using: &random), [" ", ", "]) }
            var passages = TaskPassages(rules)
            passages.add(tasks, of: "t")
            passages.prepare()
            let plain = Plain(rules: rules, keys: Set(tasks.flatMap { Plain.keys($0, rules) }))
            #expect(Set((0..<passages.count).map(passages.text)) == plain.keys)
            let decontaminator = Decontaminator(passages)
            for _ in 0..<4 {
                var document = text(Int.random(in: 0...60, using: &random), gaps)
                let scalars = Array(document.unicodeScalars)
                var found = Set<String>()
                document.withUTF8 { decontaminator.passages(in: UnsafeRawBufferPointer($0)) { found.insert(passages.text($0)) } }
                #expect(found == plain.found(scalars), "\(rules) \(tasks) \(document)")
                guard let wanted = plain.pieces(scalars) else { continue }
                let outcome = document.withUTF8 { decontaminator.clean(UnsafeRawBufferPointer($0)) }
                let ends = document.unicodeScalars.reduce(into: [0]) { $0.append($0[$0.count - 1] + UTF8.width($1)) }
                #expect(
                    outcome.pieces ?? [0..<document.utf8.count] == wanted.map { ends[$0.lowerBound]..<ends[$0.upperBound] },
                    "\(rules) \(tasks) \(document)")
            }
        }
    }
}
