extension Command {
    /// What is wrong with the definition itself: names used twice, defaults that are no choice, texts missing. Empty when all is well.
    /// Checked at every start of a debug build, and in tests.
    func problems(path: String = "") -> [String] {
        let path = path.isEmpty ? name : "\(path) \(name)"
        var found: [String] = []
        var seen = Set<String>()
        for definition in definitions {
            for spelling in definition.spellings where !seen.insert(spelling).inserted {
                found.append("\(path): \(spelling) is defined twice")
            }
            let letters = definition.name.dropFirst(2)
            if !definition.name.hasPrefix("--") || letters.isEmpty
                || letters.contains(where: { !$0.isASCII || $0.isUppercase || $0 == "=" })
            {
                found.append("\(path): \(definition.name) is not a long option in lower case")
            }
            if definition.summary.isEmpty || definition.summary.last == "." {
                found.append("\(path): \(definition.name): summary is empty or a sentence")
            }
            if definition.arity != .none && definition.placeholder.isEmpty { found.append("\(path): \(definition.name): no placeholder") }
            if let text = definition.defaultText, !definition.choices.isEmpty, !definition.choices.contains(text) {
                found.append("\(path): \(definition.name): default \(text) is no choice")
            }
        }
        for operand in operands.dropLast() where operand.range.lowerBound != operand.range.upperBound {
            found.append("\(path): only the last operand may be optional or repeated, not \(operand.placeholder)")
        }
        for (index, command) in subcommands.enumerated() where subcommands[..<index].contains(where: { $0.name == command.name }) {
            found.append("\(path): \(command.name) is defined twice")
        }
        if examples.isEmpty { found.append("\(path): no example") }
        if run == nil && subcommands.isEmpty { found.append("\(path): does nothing") }
        return found + subcommands.flatMap { $0.problems(path: path) }
    }
}
