import Quantities

/// One option of a command with the type of its value; the only place where its name, default and meaning are written.
///
///     static let tails = Option.choice("--tails", "POLICY", of: ["drop", "reuse"], default: "reuse", "what happens to cut-off tokens")
///     …
///     let policy = invocation[tails]
public struct Option<Value: Sendable>: AnyOption {
    public var definition: OptionDefinition
    /// The value when it is not given; nil for an option that must be given.
    let initial: Value?

    init(
        _ name: String, arity: OptionDefinition.Arity, placeholder: String, initial: Value?, defaultText: String?, summary: String,
        fold: @escaping @Sendable (Value?, String) throws(SpellingError) -> Value
    ) {
        definition = OptionDefinition(
            name: name, arity: arity, placeholder: placeholder, defaultText: defaultText, summary: summary, isRequired: initial == nil
        ) { (old, word) throws(SpellingError) in try fold(old as? Value, word) }
        self.initial = initial
    }

    /// The same option under further names.
    public func also(_ names: String...) -> Option {
        var copy = self
        copy.definition.aliases += names
        return copy
    }

    /// The same option with another text for its default.
    public func defaulting(to text: String) -> Option {
        var copy = self
        copy.definition.defaultText = text
        return copy
    }
}

/// An option whatever its value.
public protocol AnyOption: Sendable {
    var definition: OptionDefinition { get }
}

extension Option where Value == Bool {
    /// On when given. With `negatable`, `--no-name` turns it off again.
    public static func flag(_ name: String, default isOn: Bool = false, negatable: Bool = false, _ summary: String) -> Option {
        var option = Option(
            name, arity: .none, placeholder: "", initial: isOn, defaultText: isOn ? "on" : nil, summary: summary
        ) { (_, word) throws(SpellingError) in word == "true" }
        option.definition.isNegatable = negatable || isOn
        return option
    }
}

extension Option where Value == Int {
    /// A whole number with a default: `512`, `4K`, `157B`.
    public static func count(
        _ name: String, _ placeholder: String = "N", default value: Int, in range: ClosedRange<Int> = 0...Int.max, _ summary: String
    ) -> Option {
        Option(name, arity: .one, placeholder: placeholder, initial: value, defaultText: NumberSpelling.text(value), summary: summary) {
            (_, word) throws(SpellingError) in try NumberSpelling.integer(word, in: range)
        }
    }
}

extension Option where Value == Int? {
    /// A whole number that may be left out.
    public static func count(
        _ name: String, _ placeholder: String = "N", in range: ClosedRange<Int> = 0...Int.max, _ summary: String
    ) -> Option {
        Option(name, arity: .one, placeholder: placeholder, initial: .some(nil), defaultText: nil, summary: summary) {
            (_, word) throws(SpellingError) in try NumberSpelling.integer(word, in: range)
        }
    }

    /// A number of bytes that may be left out: `64M`, `1GiB`.
    public static func bytes(_ name: String, _ summary: String) -> Option {
        Option(name, arity: .one, placeholder: "BYTES", initial: .some(nil), defaultText: nil, summary: summary) {
            (_, word) throws(SpellingError) in try NumberSpelling.bytes(word)
        }
    }
}

extension Option where Value == Double? {
    /// A finite number that may be left out: `1.5e-4`.
    public static func number(
        _ name: String, _ placeholder: String = "X",
        in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude,
        _ summary: String
    ) -> Option {
        Option(name, arity: .one, placeholder: placeholder, initial: .some(nil), defaultText: nil, summary: summary) {
            (_, word) throws(SpellingError) in try NumberSpelling.double(word, in: range)
        }
    }
}

extension Option where Value == String? {
    /// A word or a path that may be left out.
    public static func text(_ name: String, _ placeholder: String, _ summary: String) -> Option {
        Option(name, arity: .one, placeholder: placeholder, initial: .some(nil), defaultText: nil, summary: summary) {
            (_, word) throws(SpellingError) in try nonEmpty(word)
        }
    }

    /// Any word, the empty one too: what it must be, whoever reads it knows.
    public static func word(_ name: String, _ placeholder: String, _ summary: String) -> Option {
        Option(name, arity: .one, placeholder: placeholder, initial: .some(nil), defaultText: nil, summary: summary) {
            (_, word) throws(SpellingError) in word
        }
    }

    /// A flag for whoever reads words: `true` when it is given.
    public static func mark(_ name: String, _ summary: String) -> Option {
        Option(name, arity: .none, placeholder: "", initial: .some(nil), defaultText: nil, summary: summary) {
            (_, word) throws(SpellingError) in word
        }
    }

    /// One of a few words, or none.
    public static func choice(_ name: String, _ placeholder: String, of choices: [String], _ summary: String) -> Option {
        var option = Option(name, arity: .one, placeholder: placeholder, initial: .some(nil), defaultText: nil, summary: summary) {
            (_, word) throws(SpellingError) in try member(word, of: choices)
        }
        option.definition.choices = choices
        return option
    }
}

extension Option where Value == String {
    /// A word or a path with a default.
    public static func text(_ name: String, _ placeholder: String, default value: String, _ summary: String) -> Option {
        Option(name, arity: .one, placeholder: placeholder, initial: value, defaultText: value, summary: summary) {
            (_, word) throws(SpellingError) in try nonEmpty(word)
        }
    }

    /// A word or a path that must be given.
    public static func required(_ name: String, _ placeholder: String, _ summary: String) -> Option {
        Option(name, arity: .one, placeholder: placeholder, initial: nil, defaultText: nil, summary: summary) {
            (_, word) throws(SpellingError) in try nonEmpty(word)
        }
    }

    /// One of a few words.
    public static func choice(_ name: String, _ placeholder: String, of choices: [String], default value: String, _ summary: String)
        -> Option
    {
        var option = Option(name, arity: .one, placeholder: placeholder, initial: value, defaultText: value, summary: summary) {
            (_, word) throws(SpellingError) in try member(word, of: choices)
        }
        option.definition.choices = choices
        return option
    }
}

extension Option where Value == [String] {
    /// Words or paths, as many as there are up to the next option.
    public static func list(_ name: String, _ placeholder: String, isRequired: Bool = false, _ summary: String) -> Option {
        Option(name, arity: .several, placeholder: placeholder, initial: isRequired ? nil : [], defaultText: nil, summary: summary) {
            (old, word) throws(SpellingError) in (old ?? []) + [try nonEmpty(word)]
        }
    }

    /// Any words, as many as there are up to the next option: what they must be, whoever reads them knows.
    public static func words(_ name: String, _ placeholder: String, _ summary: String) -> Option {
        Option(name, arity: .several, placeholder: placeholder, initial: [], defaultText: nil, summary: summary) {
            (old, word) throws(SpellingError) in (old ?? []) + [word]
        }
    }
}

/// An empty word is nearly always a shell variable that was not set.
private func nonEmpty(_ word: String) throws(SpellingError) -> String {
    if word.isEmpty { throw SpellingError(expected: "a value", hint: "is a shell variable unset?") }
    return word
}

private func member(_ word: String, of choices: [String]) throws(SpellingError) -> String {
    if choices.contains(word) { return word }
    let hint = Spelling.nearest(to: word, among: choices).map { "did you mean \($0)?" }
    throw SpellingError(expected: "one of \(choices.joined(separator: ", "))", hint: hint)
}
