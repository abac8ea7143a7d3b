import Quantities

/// A parameter of a dialect: `min` of `composer:min=8`.
public struct CurriculumParameter: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case count(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case choice([String])
        /// Whole numbers with `/` between them.
        case list(ClosedRange<Int>)
        case word
    }

    public let name: String
    public let kind: Kind
    /// What holds when nothing is said, for people; nil for a parameter that must be given.
    public let defaultText: String?
    public let summary: String

    init(_ name: String, _ kind: Kind, default defaultText: String?, _ summary: String) {
        (self.name, self.kind, self.defaultText, self.summary) = (name, kind, defaultText, summary)
    }

    static func length(_ name: String, default text: String?, _ summary: String) -> CurriculumParameter {
        CurriculumParameter(name, .count(CurriculumError.lengths), default: text, summary)
    }

    static func steps(_ name: String, default text: String?, _ summary: String) -> CurriculumParameter {
        CurriculumParameter(name, .count(CurriculumError.steps), default: text, summary)
    }

    func value(of word: String, dialect: String) throws(CurriculumError) -> CurriculumValue {
        do throws(SpellingError) {
            switch kind {
            case .count(let range): return .count(try NumberSpelling.integer(word, in: range))
            case .number(let range): return .number(try NumberSpelling.double(word, in: range))
            case .list(let range):
                var numbers: [Int] = []
                for part in word.split(separator: "/", omittingEmptySubsequences: false) {
                    numbers.append(try NumberSpelling.integer(String(part), in: range))
                }
                return .list(numbers)
            case .choice(let words):
                guard words.contains(word) else { throw SpellingError(expected: "one of \(words.joined(separator: ", "))") }
                return .word(word)
            case .word:
                if word.isEmpty { throw SpellingError(expected: "a word") }
                return .word(word)
            }
        } catch { throw .badValue("\(name) of \(dialect) is \(word): it must be \(error.expected)") }
    }
}

/// What a parameter is.
public enum CurriculumValue: Sendable, Equatable {
    case count(Int)
    case number(Double)
    case list([Int])
    case word(String)

    /// As it is written.
    var text: String {
        switch self {
        case .count(let count): "\(count)"
        case .number(let number): "\(number)"
        case .list(let numbers): numbers.map { "\($0)" }.joined(separator: "/")
        case .word(let word): word
        }
    }
}
