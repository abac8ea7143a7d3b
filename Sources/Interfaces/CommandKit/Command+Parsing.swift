import Quantities

/// What a command line asks for.
enum Request: Sendable {
    case help(Command, path: String)
    case version
    case run(Command, path: String, values: OptionValues, operands: [String])
}

extension Command {
    /// Understands the words after the tool's name.
    func parse(_ words: [String]) throws(UsageError) -> Request {
        var (command, path, words) = (self, name, words[...])
        // Flags that every command has may stand before the subcommand: `slwdata --json plan`.
        var leading: [String] = []
        if words.first == "help" && !subcommands.isEmpty { words = words.dropFirst() + ["--help"] }
        while let word = words.first {
            if let next = command.subcommands.first(where: { $0.name == word }) {
                (command, path) = (next, "\(path) \(word)")
            } else if command.run == nil || !command.subcommands.isEmpty, ["--json", "--quiet"].contains(word) {
                leading.append(word)
            } else {
                break
            }
            words = words.dropFirst()
        }
        if command.run == nil || !command.subcommands.isEmpty, let word = words.first, !word.hasPrefix("-") {
            throw command.unknownCommand(word, path: path)
        }
        return try command.parse(leading + words, path: path)
    }

    private func unknownCommand(_ word: String, path: String) -> UsageError {
        let names = subcommands.map(\.name)
        let hint = Spelling.nearest(to: word, among: names).map { "did you mean \(path) \($0)?" }
        return UsageError(path: path, problem: "unknown command \(word)", hint: hint ?? "there are \(names.joined(separator: ", "))")
    }

    /// Options and operands of this command itself.
    private func parse(_ words: [String], path: String) throws(UsageError) -> Request {
        var values = OptionValues()
        var operands: [String] = []
        var asksForVersion = false
        // The last list that took several words, of which the last may have been meant as an operand.
        var greedy: (spelling: String, word: String)?
        let definitions = self.definitions
        var index = 0
        var onlyOperands = false
        // Help wins over every mistake, wherever it stands.
        if words.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) { return .help(self, path: path) }
        while index < words.count {
            let word = words[index]
            index += 1
            if onlyOperands || word == "-" || !word.hasPrefix("-") {
                operands.append(word)
                continue
            }
            if word == "--" {
                onlyOperands = true
                continue
            }
            let equals = word.hasPrefix("--") ? word.firstIndex(of: "=") : nil
            var spelling = String(word[..<(equals ?? word.endIndex)])
            // As configuration files spell it: `--append_eod`.
            let hyphened = spelling.replacing("_", with: "-")
            guard let definition = definitions.first(where: { $0.spellings.contains(hyphened) }) else {
                throw unknownOption(spelling, path: path)
            }
            spelling = hyphened
            if definition.name == CommonOptions.version.definition.name { asksForVersion = true }
            var given: [String] = []
            if definition.arity == .none {
                if equals != nil { throw UsageError(path: path, problem: "\(spelling) takes no value") }
                given = [spelling == definition.negatedName ? "false" : "true"]
            } else if let equals {
                given = [String(word[word.index(after: equals)...])]
            } else {
                while index < words.count, !Self.looksLikeOption(words[index]), given.isEmpty || definition.arity == .several {
                    given.append(words[index])
                    index += 1
                }
                if given.isEmpty {
                    throw UsageError(path: path, problem: "\(spelling) needs a value", hint: "\(definition.usage), \(definition.summary)")
                }
            }
            try values.add(definition, spelling, given, path: path)
            if given.count > 1 { greedy = (spelling, given[given.count - 1]) }
        }
        if asksForVersion { return .version }
        if run == nil {
            throw UsageError(path: path, problem: "a command is missing", hint: "one of \(subcommands.map(\.name).joined(separator: ", "))")
        }
        try checkOperands(operands, path: path, hint: greedy.map { "\($0.spelling) took \($0.word) as well: put it first" })
        if let missing = definitions.first(where: { $0.isRequired && values[$0.name] == nil }) {
            throw UsageError(path: path, problem: "\(missing.name) is missing", hint: "\(missing.usage), \(missing.summary)")
        }
        return .run(self, path: path, values: values, operands: operands)
    }

    /// A word that begins with a dash and is no number: `-1` may be a value.
    private static func looksLikeOption(_ word: String) -> Bool {
        guard word.hasPrefix("-"), word != "-" else { return false }
        return Double(word) == nil
    }

    private func unknownOption(_ spelling: String, path: String) -> UsageError {
        let nearest = Spelling.nearest(to: spelling, among: definitions.flatMap(\.spellings))
        return UsageError(path: path, problem: "unknown option \(spelling)", hint: nearest.map { "did you mean \($0)?" })
    }

    private func checkOperands(_ words: [String], path: String, hint: String?) throws(UsageError) {
        let least = operands.reduce(0) { $0 + $1.range.lowerBound }
        if words.count < least {
            let usage = operands.map(\.usage).joined(separator: " ")
            throw UsageError(path: path, problem: "\(usage) is missing", hint: hint ?? operands.map(\.summary).joined(separator: "; "))
        }
        let most = operands.reduce(0) { $0.addingReportingOverflow($1.range.upperBound).overflow ? Int.max : $0 + $1.range.upperBound }
        if words.count > most { throw UsageError(path: path, problem: "unexpected word \(words[most])", hint: nil) }
    }
}
