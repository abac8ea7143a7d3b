import Quantities

/// What stood behind the options of a command line: their values, and the words that said them.
struct OptionValues: Sendable {
    private var values: [String: any Sendable] = [:]
    private var words: [String: [String]] = [:]

    /// The value of the option of this name; nil when it was not given.
    subscript(name: String) -> (any Sendable)? { values[name] }

    /// The words that would say the option of this name again; empty when it was not given.
    func words(of name: String) -> [String] { words[name] ?? [] }

    /// Takes up one occurrence of an option, written `spelling`, with its words.
    mutating func add(_ definition: OptionDefinition, _ spelling: String, _ given: [String], path: String) throws(UsageError) {
        for value in given {
            do throws(SpellingError) { values[definition.name] = try definition.fold(values[definition.name], value) } catch {
                let shown = value.isEmpty ? "an empty value" : value
                throw UsageError(path: path, problem: "\(spelling): \(shown) is not \(error.expected)", hint: error.hint)
            }
        }
        switch definition.arity {
        case .none: words[definition.name] = [spelling]
        case .one:
            // A value that looks like an option is only understood behind an equals sign.
            let isPlain = given.allSatisfy { !$0.hasPrefix("-") || Double($0) != nil }
            words[definition.name] = isPlain ? [spelling] + given : ["\(spelling)=\(given[0])"]
        case .several: words[definition.name] = (words[definition.name] ?? [spelling]) + given
        }
    }
}
