import Files
public import JSON
public import Quantities

/// One option of a schedule. Command lines, `config.json`, the JSON of C and Python, help and docs are views of these values, see ``all``.
public struct ScheduleOption: Sendable {
    /// What stands behind the name.
    public enum Kind: Sendable {
        /// A whole number in a range.
        case count(ClosedRange<Int>)
        /// A finite number in a range.
        case number(ClosedRange<Double>)
        /// One of a few words.
        case choice([String])
        /// True or false.
        case flag
        /// Any word.
        case text
        /// A file of JSON, which is read at once: what the words say does not change when the file does.
        case jsonFile
    }

    /// Where it stands in help.
    public enum Group: Sendable { case data, batch, rows, warmup, loader }

    /// Without dashes: `seq-length`.
    public let name: String
    /// Other names that mean the same, Megatron-LM's among them.
    public let aliases: [String]
    /// Where `config.json` keeps it: `batch.sequence_length`; nil for what no run keeps.
    public let key: String?
    public let kind: Kind
    /// Stands for the value in help.
    public let placeholder: String
    /// What holds when nobody says anything, for people.
    public let defaultText: String?
    /// One line for help.
    public let summary: OptionText
    public let group: Group

    public init(
        _ name: String, also aliases: [String] = [], key: String? = nil, _ kind: Kind, _ placeholder: String = "N",
        default defaultText: String? = nil, _ group: Group, _ summary: OptionText
    ) {
        self.name = name
        self.aliases = aliases
        self.key = key
        self.kind = kind
        self.placeholder = placeholder
        self.defaultText = defaultText
        self.group = group
        self.summary = summary
    }

    /// For messages: the front end spells it.
    public var text: OptionText { "\(option: name)" }

    /// As the JSON of C and Python spells it, `seq_length`, and its other names.
    public var jsonNames: [String] { ([name] + aliases).map { OptionText("\(option: $0)").text(.json) } }

    /// The words that are taken; empty for any.
    public var choices: [String] {
        if case .choice(let words) = kind { words } else { [] }
    }

    /// The value that a word stands for.
    public func value(of word: String) throws(ScheduleError) -> ScheduleValue {
        if word.isEmpty { throw ScheduleError("\(text) has an empty value", hint: "is a shell variable unset?") }
        do throws(SpellingError) {
            switch kind {
            case .count(let range): return .count(try NumberSpelling.integer(word, in: range))
            case .number(let range): return .number(try NumberSpelling.double(word, in: range))
            case .text: return .word(word)
            case .choice(let words):
                if words.contains(word) { return .word(word) }
                let hint = Spelling.nearest(to: word, among: words).map { "did you mean \($0)?" }
                throw SpellingError(expected: "one of \(words.joined(separator: ", "))", hint: hint)
            case .flag:
                switch word {
                case "true", "True": return .flag(true)
                case "false", "False": return .flag(false)
                default: throw SpellingError(expected: "true or false")
                }
            case .jsonFile:
                do throws(WarmupError) { return .json(try DeepSpeedCurriculum.block(ofFile: word)) } catch {
                    throw SpellingError(expected: "a file of JSON: \(error)")
                }
            }
        } catch {
            throw ScheduleError("\(text) is \(word): it must be \(error.expected)", hint: error.hint.map { "\($0)" })
        }
    }

    /// The value that JSON stands for: numbers, words as on the command line, true and false; for a file also what would stand in it.
    public func value(of json: JSONValue) throws(ScheduleError) -> ScheduleValue {
        if case .jsonFile = kind, json.object != nil { return .json(json) }
        return try value(of: json.string ?? json.serialized())
    }
}

/// What was said for an option.
public enum ScheduleValue: Sendable, Equatable {
    case count(Int)
    case number(Double)
    case word(String)
    case flag(Bool)
    case json(JSONValue)

    /// As `config.json` keeps it.
    public var json: JSONValue {
        switch self {
        case .count(let value): JSONValue(value)
        case .number(let value): JSONValue(value)
        case .word(let value): JSONValue(value)
        case .flag(let value): .bool(value)
        case .json(let value): value
        }
    }
}

/// Words that make no schedule: what is wrong, and what to do.
public struct ScheduleError: OptionNaming, Sendable, Equatable {
    public let problem: OptionText
    public let hint: OptionText?

    public init(_ problem: OptionText, hint: OptionText? = nil) {
        self.problem = problem
        self.hint = hint
    }

    public var optionText: OptionText { hint.map { "\(problem): \($0)" } ?? problem }
}
