/// One line for people that speaks of options, made where nobody knows yet how its reader spells them: `--seq-length`, `seq_length`, or
/// a key of `config.json`.
///
///     let text: OptionText = "\(option: "slw-start") is 0: it must be at least 1"
///     text.text(.commandLine)   // --slw-start is 0: it must be at least 1
public struct OptionText: Sendable, Equatable, ExpressibleByStringInterpolation, CustomStringConvertible {
    fileprivate enum Part: Sendable, Equatable {
        case text(String)
        case option(String)
    }

    private var parts: [Part]

    public init(_ text: String) { parts = [.text(text)] }

    public init(stringLiteral text: String) { self.init(text) }

    public init(stringInterpolation interpolation: StringInterpolation) { parts = interpolation.parts }

    /// The line with options spelled as a front end spells them.
    public func text(_ spelling: OptionSpelling) -> String {
        parts.map {
            switch $0 {
            case .text(let text): text
            case .option(let name): spelling.spell(name)
            }
        }.joined()
    }

    /// With the options' bare names.
    public var description: String { text(.bare) }

    public struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var parts: [Part] = []

        public init(literalCapacity: Int, interpolationCount: Int) {}

        public mutating func appendLiteral(_ literal: String) { parts.append(.text(literal)) }

        /// An option by its name without dashes: `seq-length`.
        public mutating func appendInterpolation(option name: String) { parts.append(.option(name)) }

        public mutating func appendInterpolation(_ text: OptionText) { parts += text.parts }

        /// What an error says, its options still to be spelled.
        public mutating func appendInterpolation(_ error: some OptionNaming) { parts += error.optionText.parts }

        public mutating func appendInterpolation(_ value: some CustomStringConvertible) { parts.append(.text(value.description)) }
    }
}

/// How a front end spells the name of an option.
public struct OptionSpelling: Sendable {
    /// From the bare name, `seq-length`.
    let spell: @Sendable (String) -> String

    public init(_ spell: @escaping @Sendable (String) -> String) { self.spell = spell }

    /// `seq-length`
    public static let bare = OptionSpelling { $0 }
    /// `--seq-length`
    public static let commandLine = OptionSpelling { "--" + $0 }
    /// `seq_length`, in the JSON of C and Python.
    public static let json = OptionSpelling { String($0.map { $0 == "-" ? "_" : $0 }) }
}

/// An error whose line may speak of options. Libraries throw it; front ends print ``optionText`` in their spelling.
public protocol OptionNaming: Error, CustomStringConvertible {
    var optionText: OptionText { get }
}

extension OptionNaming {
    public var description: String { optionText.description }
}
