import Quantities

/// What parser, help, completions, documentation and self-checks know of an option. Its values' type is in ``Option``.
public struct OptionDefinition: Sendable {
    /// How many words of the command line follow the name.
    public enum Arity: Sendable, Equatable {
        /// A flag.
        case none
        /// Exactly one; `--name value` or `--name=value`.
        case one
        /// One or more, up to the next option; the option may also be repeated.
        case several
    }

    /// With its dashes: `--output-prefix`.
    public let name: String
    /// Other spellings that mean the same, Megatron-LM's among them.
    public var aliases: [String] = []
    public let arity: Arity
    /// Stands for the value in help: `PATH`.
    public let placeholder: String
    /// The only values that are taken; empty for any.
    public var choices: [String] = []
    /// What holds when it is not given, for people.
    public var defaultText: String?
    /// One line for help.
    public let summary: String
    public var isRequired = false
    /// Whether `--no-name` is understood.
    public var isNegatable = false
    /// Adds one word of the command line to the value so far. Flags are given `true` or `false`.
    let fold: @Sendable ((any Sendable)?, String) throws(SpellingError) -> any Sendable

    /// `--no-append-eod` of `--append-eod`.
    public var negatedName: String? { isNegatable ? "--no-" + name.dropFirst(2) : nil }

    /// Every spelling that the parser takes.
    public var spellings: [String] { [name] + aliases + (negatedName.map { [$0] } ?? []) }

    /// `--input PATH…`
    public var usage: String {
        switch arity {
        case .none: name
        case .one: "\(name) \(placeholder)"
        case .several: "\(name) \(placeholder)…"
        }
    }
}
