/// A command line that was understood: values by option, operands, and the console to talk to.
public struct Invocation: Sendable {
    /// The words that led here: `slwdata inspect index`.
    public let path: String
    public let operands: [String]
    public let console: Console
    let values: OptionValues

    /// The option's value, or its default.
    public subscript<Value>(_ option: Option<Value>) -> Value {
        if let value = values[option.definition.name] as? Value { return value }
        guard let initial = option.initial else { preconditionFailure("\(path) does not have the option \(option.definition.name)") }
        return initial
    }

    /// Whether the option stood on the command line.
    public func isGiven(_ option: some AnyOption) -> Bool { values[option.definition.name] != nil }

    /// The words that would give the option the same value again; empty when it did not stand on the command line.
    public func words(of option: any AnyOption) -> [String] { values.words(of: option.definition.name) }

    /// The word behind the option of this name; nil when it was not given, or when the command has no such option with a text.
    public func givenText(_ name: String) -> String? { (values[name] as? String?) ?? nil }

    /// Whether `--json` was given.
    public var wantsJSON: Bool { self[CommonOptions.json] }

    /// Whether `--quiet` was given.
    public var isQuiet: Bool { self[CommonOptions.quiet] }

    /// A mistake in this command line that only the command itself can see.
    public func misuse(_ problem: String, hint: String? = nil) -> UsageError { UsageError(path: path, problem: problem, hint: hint) }
}

/// A command line that cannot be understood. Exit code 2.
public struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The command that was reached: `slwdata inspect`.
    public let path: String
    public let problem: String
    public var hint: String?

    /// `slwdata: preprocess: unknown option --inptu: did you mean --input?`
    public var description: String {
        let words = path.split(separator: " ", maxSplits: 1)
        let place = words.count > 1 ? "\(words[0]): \(words[1])" : path
        return "\(place): \(problem): \(hint ?? "see \(path) --help")"
    }
}

/// Ends a command before its work is done, other than by an error of a library.
public enum CommandEnd: Error, Sendable, CustomStringConvertible {
    /// The work failed, and this line says why. Exit code 1.
    case failed(String)
    /// The work failed, and what was printed says why. Exit code 1.
    case failedAsPrinted
    /// Somebody asked to stop; the line says how to go on. Exit code 130.
    case interrupted(String)

    public var description: String {
        switch self {
        case .failed(let text), .interrupted(let text): text
        case .failedAsPrinted: ""
        }
    }
}
