extension Command {
    /// The tool's reference for `docs/commands.md`.
    func markdown(path: String = "", level: Int = 2) -> String {
        let path = path.isEmpty ? name : "\(path) \(name)"
        var text = "\(String(repeating: "#", count: level)) \(path)\n\n\(summary.prefix(1).uppercased() + summary.dropFirst()).\n\n"
        text += "```\n" + usageLines(path: path).map { $0 + "\n" }.joined() + "```\n\n"
        text += discussion.map { $0 + "\n\n" }.joined()
        if !examples.isEmpty {
            text += (examples.count == 1 ? "Example:" : "Examples:") + "\n\n```\n" + examples.map { $0 + "\n" }.joined() + "```\n\n"
        }
        if !operands.isEmpty { text += operands.map { "* `\($0.usage)`: \($0.summary)\n" }.joined() + "\n" }
        for group in options where !group.options.isEmpty {
            text += "**\(group.title)**\n\n| option | meaning |\n|---|---|\n"
            text += group.options.map { "| `\($0.definition.usage)` | \(Self.escaped($0.definition.explanation)) |\n" }.joined() + "\n"
        }
        if printsJSON { text += "Prints one JSON object with `--json`.\n\n" }
        return text + subcommands.map { $0.markdown(path: path, level: min(4, level + 1)) }.joined()
    }

    private static func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
