import Cleaning
import CommandKit
import Files
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

    // As Megatron's filter_ngrams.py calls them.
    static let tasks = Option.list(
        "--decontaminate", "FILE",
        "cut out what is asked in these files of evaluation tasks: the tasks' own JSON, or a text a line. The input is read twice")
    static let longest = Option<Int?>.count("--max-ngram-size", in: 1...64, "words of a passage that is looked for").defaulting(to: "13")
    static let shortest = Option<Int?>.count("--min-ngram-size", in: 1...64, "shorter task texts are not looked for").defaulting(to: "8")
    static let side = Option<Int?>.count(
        "--remove-char-each-side", in: 0...1_000_000, "what goes around a passage, and on to the end of a sentence"
    ).defaulting(to: "200")
    static let least = Option<Int?>.count("--filter-text-char-len", in: 0...1_000_000, "pieces of up to so many characters go too")
        .defaulting(
            to: "200")
    static let common = Option<Int?>.count(
        "--key-threshold", in: 1...Int.max, "a passage in so many documents is a common phrase and stays"
    ).defaulting(to: "10")
    static let splits = Option<Int?>.count("--splits-count", in: 1...Int.max, "a document of more pieces is left out").defaulting(to: "10")
    static let report = Option<String?>.text(
        "--cleaning-report", "FILE", "write which documents were cut, why and where: a line of JSON each")

    static let group = OptionGroup(
        "Cleaning",
        [normalForm, minimum, maximum, duplicates, memory, tasks, longest, shortest, side, least, common, splits, report])

    /// The passages of `--decontaminate`; nil without it.
    private static func passages(_ call: Invocation) throws -> TaskPassages? {
        let files = call[tasks]
        guard !files.isEmpty else {
            for (option, isGiven) in [
                ("--max-ngram-size", call[longest] != nil), ("--min-ngram-size", call[shortest] != nil),
                ("--remove-char-each-side", call[side] != nil), ("--filter-text-char-len", call[least] != nil),
                ("--key-threshold", call[common] != nil), ("--splits-count", call[splits] != nil),
                ("--cleaning-report", call[report] != nil),
            ] where isGiven { throw call.misuse("\(option) has no effect without --decontaminate") }
            return nil
        }
        var rules = DecontaminationRules()
        if let count = call[longest] { rules.longestPassage = count }
        rules.shortestPassage = call[shortest] ?? min(rules.shortestPassage, rules.longestPassage)
        if let count = call[side] { rules.removedEachSide = count }
        if let count = call[least] { rules.leastPiece = count }
        if let count = call[common] { rules.commonDocuments = count }
        if let count = call[splits] { rules.mostPieces = count }
        guard rules.shortestPassage <= rules.longestPassage else {
            throw call.misuse("--min-ngram-size \(rules.shortestPassage) is above --max-ngram-size \(rules.longestPassage)")
        }
        let texts = try files.map { path throws(CleaningError) in try TaskTexts(reading: path) }
        for (file, task) in zip(files, texts) {
            if let (count, line) = task.skipped {
                call.console.warn(
                    "\(PathName.printable(file)): \(QuantityText.count(count)) lines have no question, the first is line \(line)")
            }
        }
        let passages = TaskPassages(texts, rules)
        guard passages.count > 0 else {
            throw call.misuse(
                "--decontaminate: no text of \(rules.shortestPassage) words or more is in \(files.map(PathName.printable).joined(separator: ", "))"
            )
        }
        return passages
    }

    static func rules(_ call: Invocation) throws -> CleaningRules {
        var rules = CleaningRules()
        rules.normalForm = call[normalForm].flatMap { NormalForm(rawValue: $0) }
        if let count = call[minimum] { rules.minimumCharacters = count }
        if let count = call[maximum] { rules.maximumCharacters = count }
        rules.taskPassages = try passages(call)
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
            ("left out as duplicates", counts.duplicates), ("trimmed around passages of tasks", counts.trimmed),
            ("split there", counts.split), ("removed for them", counts.removed), ("left out in too many pieces", counts.overSplit),
        ].filter { $0.1 > 0 }.map { "\(QuantityText.count($0.1)) \($0.0)" }
    }
}
