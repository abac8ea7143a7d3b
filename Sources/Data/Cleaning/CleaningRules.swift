/// Which documents of a corpus become part of a data set, and as what text.
///
/// A document that is left out is as good as not in the input: no tokens, no place in the document array.
public struct CleaningRules: Sendable, Equatable {
    /// The form that texts are given before anything else; nil: they stay as they are.
    public var normalForm: NormalForm?
    /// Shorter texts are left out. Characters are Unicode scalars.
    public var minimumCharacters = 0
    /// Longer texts are left out.
    public var maximumCharacters = Int.max

    /// Passages of evaluation tasks that are cut out, after the rules above; nil: documents are not looked through.
    public var taskPassages: TaskPassages?

    /// Of documents that count as the same only the first is kept; nil: all are.
    public var duplicates: DuplicateRule?

    public init() {}

    /// Whether every document is kept as it is.
    public var isEmpty: Bool { self == CleaningRules() }

    /// The rules that were given, by the names of their options; nothing for those that were not.
    public var options: [(name: String, value: String)] {
        var options: [(name: String, value: String)] = []
        if let normalForm { options.append(("--normalize", normalForm.rawValue)) }
        if minimumCharacters > 0 { options.append(("--min-chars", "\(minimumCharacters)")) }
        if maximumCharacters < Int.max { options.append(("--max-chars", "\(maximumCharacters)")) }
        if let taskPassages { options.append(("--decontaminate", taskPassages.summary)) }
        if let duplicates { options.append(("--dedup", duplicates.rawValue)) }
        return options
    }
}

/// A form of Unicode text in which what looks the same is the same.
public enum NormalForm: String, Sendable, CaseIterable {
    /// Canonical composition.
    case nfc
}

/// How many documents were changed, and how many left out, each for the first reason that applied.
public struct CleaningCounts: Sendable, Equatable {
    /// Documents whose text is another in ``CleaningRules/normalForm``.
    public var normalized = 0
    /// Fewer characters than ``CleaningRules/minimumCharacters``.
    public var tooShort = 0
    /// More characters than ``CleaningRules/maximumCharacters``.
    public var tooLong = 0
    /// In which passages of tasks were found, by what is left of them.
    public var trimmed = 0
    public var split = 0
    public var removed = 0
    public var overSplit = 0
    /// The same as an earlier one, by ``CleaningRules/duplicates``.
    public var duplicates = 0

    public init() {}

    public static func += (sum: inout CleaningCounts, more: CleaningCounts) {
        sum.normalized += more.normalized
        sum.tooShort += more.tooShort
        sum.tooLong += more.tooLong
        sum.trimmed += more.trimmed
        sum.split += more.split
        sum.removed += more.removed
        sum.overSplit += more.overSplit
        sum.duplicates += more.duplicates
    }
}
