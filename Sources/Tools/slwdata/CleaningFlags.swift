import Cleaning
import CommandKit
import Quantities

/// Which documents are kept, and as what text.
enum CleaningFlags {
    static let normalForm = Option<String?>.choice(
        "--normalize", "FORM", of: NormalForm.allCases.map(\.rawValue), "give texts this form of Unicode, before all else")
    static let minimum = Option<Int?>.count("--min-chars", in: 0...Int.max, "leave out shorter texts; characters are Unicode scalars")
    static let maximum = Option<Int?>.count("--max-chars", in: 0...Int.max, "leave out longer texts")

    static let duplicates = Option<String?>.choice(
        "--dedup", "RULE", of: DuplicateRule.allCases.map(\.rawValue),
        "keep the first of the same texts: exact compares bytes (25 bytes of memory a document), near word 5-grams by MinHash (400)")
    static let memory = Option<Int?>.bytes("--dedup-memory", "what --dedup may take; when it is used up the run stops").defaulting(
        to: "4GiB")

    static let group = OptionGroup("Cleaning", [normalForm, minimum, maximum, duplicates, memory])

    static func rules(_ call: Invocation) throws -> CleaningRules {
        var rules = CleaningRules()
        rules.normalForm = call[normalForm].flatMap { NormalForm(rawValue: $0) }
        if let count = call[minimum] { rules.minimumCharacters = count }
        if let count = call[maximum] { rules.maximumCharacters = count }
        rules.duplicates = call[duplicates].flatMap { DuplicateRule(rawValue: $0) }
        guard rules.minimumCharacters <= rules.maximumCharacters else {
            throw call.misuse("--min-chars \(rules.minimumCharacters) and --max-chars \(rules.maximumCharacters) leave nothing")
        }
        return rules
    }

    /// What was left out and why, for people.
    static func remarks(_ counts: CleaningCounts) -> [String] {
        [
            ("normalized", counts.normalized), ("left out as too short", counts.tooShort), ("left out as too long", counts.tooLong),
            ("left out as duplicates", counts.duplicates),
        ].filter { $0.1 > 0 }.map { "\(QuantityText.count($0.1)) \($0.0)" }
    }
}
