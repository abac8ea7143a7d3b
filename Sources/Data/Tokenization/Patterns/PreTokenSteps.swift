/// How a `tokenizer.json` (or a rank file of a family without a scan of its own) cuts texts into pre-tokens: splitters one after the other, each applied to each
/// piece that the ones before it left. The general path: exact, and slower than the scans of `PreTokenPattern`.
struct PreTokenSteps: Sendable, Hashable {
    enum Behavior: String, Sendable {
        case isolated = "Isolated", removed = "Removed", contiguous = "Contiguous"
        case mergedWithPrevious = "MergedWithPrevious", mergedWithNext = "MergedWithNext"
    }

    enum Matcher: Sendable {
        case expression(RegularExpression)
        /// A string of at least one character.
        case string([UInt32])
        /// What `tokenizers` calls a digit.
        case digit
        /// What `tokenizers` calls punctuation.
        case punctuation
    }

    enum Step: Sendable {
        case split(Matcher, Behavior, isInverted: Bool)
        /// Puts a blank before each piece that does not begin with one.
        case prefix
        /// From here on each byte is a character, its stand-in.
        case bytes
    }

    let steps: [Step]
    /// What it does, in words: for people, and for the tokenizer's digest.
    let description: String
    /// The regular expression if that is all: what tiktoken does.
    var onlyExpression: String? {
        if steps.count == 1, case .split(.expression(let expression), .isolated, isInverted: false) = steps[0] {
            expression.source
        } else {
            nil
        }
    }

    static func == (one: PreTokenSteps, other: PreTokenSteps) -> Bool { one.description == other.description }
    func hash(into hasher: inout Hasher) { hasher.combine(description) }

    init(_ steps: [Step]) {
        self.steps = steps
        description = steps.map(\.description).joined(separator: ", then ")
    }
}

extension PreTokenSteps.Step {
    var description: String {
        switch self {
        case .prefix: return "a blank before each piece"
        case .bytes: return "bytes"
        case .split(let matcher, let behavior, let isInverted):
            let what =
                switch matcher {
                case .expression(let expression): expression.source
                case .string(let string): "the string \(string)"
                case .digit: "digits"
                case .punctuation: "punctuation"
                }
            return "\(behavior.rawValue)\(isInverted ? " inverted" : "") \(what)"
        }
    }
}
