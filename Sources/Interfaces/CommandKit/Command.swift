/// A command or a tool: what it is called, what it takes, what it does. Parser, help, completions and
/// `docs/commands.md` are made from this one value.
public struct Command: Sendable {
    public let name: String
    /// Half a sentence for the list of commands.
    public let summary: String
    /// Paragraphs below the usage line; each is wrapped to the terminal.
    public var discussion: [String]
    /// Command lines that work as they stand on the fixtures, without the `$`.
    public var examples: [String]
    /// What the words without a `--name` are.
    public var operands: [Operand]
    public var options: [OptionGroup]
    public var subcommands: [Command]
    /// Whether there is an object for machines (`--json`).
    public var printsJSON: Bool
    /// The work; nil for a command that only has subcommands.
    let run: (@Sendable (Invocation) throws -> Void)?

    public init(
        _ name: String, _ summary: String, discussion: [String] = [], examples: [String], operands: [Operand] = [],
        options: [OptionGroup] = [], subcommands: [Command] = [], printsJSON: Bool = false,
        run: (@Sendable (Invocation) throws -> Void)? = nil
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.examples = examples
        self.operands = operands
        self.options = options
        self.subcommands = subcommands
        self.printsJSON = printsJSON
        self.run = run
    }

    /// Its own options and those that every command has.
    var allOptions: [OptionGroup] {
        var common: [any AnyOption] = []
        if printsJSON { common.append(CommonOptions.json) }
        if run != nil { common.append(CommonOptions.quiet) }
        return options + [OptionGroup("Everywhere", common + [CommonOptions.help, CommonOptions.version])]
    }

    var definitions: [OptionDefinition] { allOptions.flatMap { $0.options.map(\.definition) } }
}

/// A word of a command line that has no `--name`.
public struct Operand: Sendable {
    public let placeholder: String
    public let summary: String
    public let range: ClosedRange<Int>

    /// Exactly one word.
    public static func one(_ placeholder: String, _ summary: String) -> Operand {
        Operand(placeholder: placeholder, summary: summary, range: 1...1)
    }

    /// One word or none.
    public static func optional(_ placeholder: String, _ summary: String) -> Operand {
        Operand(placeholder: placeholder, summary: summary, range: 0...1)
    }

    /// At least so many words; only the last operand of a command may be one of these.
    public static func many(_ placeholder: String, atLeast count: Int = 1, _ summary: String) -> Operand {
        Operand(placeholder: placeholder, summary: summary, range: count...Int.max)
    }

    var usage: String {
        let repeated = range.upperBound > 1 ? "\(placeholder)…" : placeholder
        return range.lowerBound == 0 ? "[\(repeated)]" : repeated
    }
}

/// Options that belong together in help.
public struct OptionGroup: Sendable {
    public let title: String
    public let options: [any AnyOption]

    public init(_ title: String, _ options: [any AnyOption]) {
        self.title = title
        self.options = options
    }
}

/// What every command takes.
enum CommonOptions {
    static let json = Option.flag("--json", "print one JSON object for machines instead of text")
    static let quiet = Option.flag("--quiet", "no progress and no remarks on standard error")
    static let help = Option.flag("--help", "show this and exit").also("-h")
    static let version = Option.flag("--version", "show the version and exit")
}
