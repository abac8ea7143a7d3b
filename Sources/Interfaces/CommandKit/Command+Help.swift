extension Command {
    /// The text of `--help`, wrapped to `width` columns.
    func help(path: String, width: Int) -> String {
        var lines = ["\(path) - \(summary)", ""]
        lines += usageLines(path: path).enumerated().map { ($0.offset == 0 ? "Usage: " : "       ") + $0.element }
        for paragraph in discussion { lines += [""] + Self.wrapped(paragraph, width: width) }
        if !examples.isEmpty { lines += ["", examples.count == 1 ? "Example:" : "Examples:"] + examples.map { "  " + $0 } }
        if !subcommands.isEmpty { lines += ["", "Commands:"] + Self.columns(subcommands.map { ($0.name, $0.summary) }, width: width) }
        if !operands.isEmpty { lines += ["", "Operands:"] + Self.columns(operands.map { ($0.usage, $0.summary) }, width: width) }
        for group in allOptions where !group.options.isEmpty {
            lines += ["", group.title + ":"]
            lines += Self.columns(group.options.map { ($0.definition.usage, $0.definition.explanation) }, width: width)
        }
        if !subcommands.isEmpty { lines += ["", "'\(path) COMMAND --help' explains each command."] }
        return lines.map { $0 + "\n" }.joined()
    }

    /// `slwdata preprocess --input PATH… [options]`
    func usageLines(path: String) -> [String] {
        var lines: [String] = []
        if run != nil {
            let required = options.flatMap(\.options).map(\.definition).filter(\.isRequired).map(\.usage)
            lines.append(([path] + operands.map(\.usage) + required + ["[options]"]).joined(separator: " "))
        }
        if !subcommands.isEmpty { lines.append("\(path) COMMAND …") }
        return lines
    }

    /// Two columns: names, and what they mean; a name too long for its column has the line to itself.
    private static func columns(_ rows: [(String, String)], width: Int) -> [String] {
        let indent = min(26, (rows.map(\.0.count).max() ?? 0) + 4)
        return rows.flatMap { name, text -> [String] in
            var lines = wrapped(text, width: max(20, width - indent)).map { String(repeating: " ", count: indent) + $0 }
            let head = "  " + name
            if head.count + 2 > indent { return [head] + lines }
            lines[0] = head + lines[0].dropFirst(head.count)
            return lines
        }
    }

    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty && line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}

extension OptionDefinition {
    /// Summary with choices, default and other spellings.
    var explanation: String {
        var remarks: [String] = []
        if isRequired { remarks.append("required") }
        if let defaultText { remarks.append("default: \(defaultText)") }
        if !aliases.isEmpty { remarks.append("also \(aliases.joined(separator: ", "))") }
        if let negatedName { remarks.append("\(negatedName) turns it off") }
        let listed = choices.isEmpty ? "" : ": \(choices.joined(separator: ", "))"
        return summary + listed + (remarks.isEmpty ? "" : " (\(remarks.joined(separator: "; ")))")
    }
}
