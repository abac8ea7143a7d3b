import Foundation
import JSON
import TestSupport
import Testing

@testable import Cleaning

/// `filter_ngrams.py` of Megatron-DeepSpeed over documents and task texts that were written for it.
@Suite("Golden decontamination")
struct GoldenDecontaminationTests {
    static let folder = "decontamination/filter"

    static func json(_ name: String) throws -> JSONValue {
        try JSONValue.parse(Array(Data(contentsOf: URL(filePath: try #require(Place.golden("\(folder)/\(name)"))))))
    }

    static func texts(_ task: String) throws -> TaskTexts {
        try TaskTexts(reading: try #require(Place.golden("\(folder)/tasks/\(task).jsonl")))
    }

    /// The documents by line, from 1; those without a text are not there.
    static func documents() throws -> [Int: String] {
        let lines = try Data(contentsOf: URL(filePath: try #require(Place.golden("\(folder)/docs.jsonl")))).split(
            separator: 0x0A, omittingEmptySubsequences: false)
        var texts: [Int: String] = [:]
        for (index, line) in lines.enumerated() where !line.isEmpty {
            if let text = try? JSONValue.parse(Array(line))["text"]?.string {
                texts[index + 1] = text
            } else {
                // A lone surrogate, which is a character to the original, and no letter.
                let mended = String(decoding: line, as: UTF8.self).replacing(/\\u[dD][89a-fA-F][0-9a-fA-F]{2}/, with: "\\ufffd")
                texts[index + 1] = try? JSONValue.parse(Array(mended.utf8))["text"]?.string
            }
        }
        return texts
    }

    @Test(
        "counts, passages that are used, matches, pieces and verdicts are the original's", .needs(.golden(folder)),
        arguments: Place.goldens(in: folder).filter { $0.hasPrefix("case_") })
    func cases(_ name: String) throws {
        let golden = try Self.json(name + ".json")
        let options = try #require(golden["options"])
        var rules = DecontaminationRules()
        rules.longestPassage = try #require(options["max_ngram_size"]?.int)
        rules.shortestPassage = try #require(options["min_ngram_size"]?.int)
        rules.removedEachSide = try #require(options["remove_char_each_side"]?.int)
        rules.leastPiece = try #require(options["filter_text_char_len"]?.int)
        rules.commonDocuments = try #require(options["key_threshold"]?.int)
        rules.mostPieces = try #require(options["splits_count"]?.int)
        let all = TaskPassages(try #require(golden["tasks"]?.array).map { try Self.texts($0.string ?? "") }, rules)
        let documents = try Self.documents()

        var counts = Array(repeating: 0, count: all.count)
        let counting = Decontaminator(all)
        for var text in documents.values {
            text.withUTF8 { counting.passages(in: UnsafeRawBufferPointer($0)) { counts[$0] += 1 } }
        }
        let wanted = try #require(golden["ngrams"]?.object)
        #expect(wanted.members.count == all.count)
        for index in 0..<all.count {
            let (count, isUsed) = (wanted[all.text(index)]?[0]?.int, wanted[all.text(index)]?[1]?.int)
            #expect(count == counts[index], "\(all.text(index))")
            #expect(isUsed == (counts[index] < rules.commonDocuments ? 1 : 0), "\(all.text(index))")
        }

        let used = all.keeping(counts.indices.filter { counts[$0] < rules.commonDocuments })
        let cutting = Decontaminator(used)
        for verdict in try #require(golden["verdicts"]?.array) {
            let line = try #require(verdict["line"]?.int)
            guard verdict["verdict"]?.string != "no_text" else { continue }
            var text = try #require(documents[line], "line \(line)")
            let outcome = text.withUTF8 { cutting.clean(UnsafeRawBufferPointer($0)) }
            #expect(outcome.verdict?.rawValue ?? "clean" == verdict["verdict"]?.string, "line \(line)")
            let matches = outcome.matches.map { "\(used.text($0.passage)) \($0.character)" }
            #expect(matches == verdict["matches"]?.array?.map { "\($0[0]?.string ?? "") \($0[1]?.int ?? -1)" }, "line \(line)")
            func character(_ byte: Int) -> Int { text.utf8.prefix(byte).count { $0 & 0xC0 != 0x80 } }
            let pieces = (outcome.pieces ?? [0..<text.utf8.count]).map { "\(character($0.lowerBound)) \(character($0.upperBound))" }
            #expect(pieces == verdict["pieces"]?.array?.map { "\($0[0]?.int ?? -1) \($0[1]?.int ?? -1)" }, "line \(line)")
        }
    }
}
