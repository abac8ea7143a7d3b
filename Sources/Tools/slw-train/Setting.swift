import CommandKit
import Quantities
import Training

/// An option that stands for one value of the configuration. Its default is the configuration's own.
struct Setting: Sendable {
    let option: any AnyOption
    let apply: @Sendable (Invocation, inout TrainingConfiguration) -> Void

    private static let standard = TrainingConfiguration()

    /// Any option whose value goes to one place.
    static func value<Value: Sendable>(
        _ option: Option<Value?>, _ path: any WritableKeyPath<TrainingConfiguration, Value> & Sendable
    ) -> Setting {
        Setting(option: option) { call, configuration in
            if let value = call[option] { configuration[keyPath: path] = value }
        }
    }

    /// Any option whose value goes to one place that may stay open.
    static func choice<Value: Sendable>(
        _ option: Option<Value?>, _ path: any WritableKeyPath<TrainingConfiguration, Value?> & Sendable
    ) -> Setting {
        Setting(option: option) { call, configuration in
            if let value = call[option] { configuration[keyPath: path] = value }
        }
    }

    static func count(
        _ name: String, _ path: any WritableKeyPath<TrainingConfiguration, Int> & Sendable, in range: ClosedRange<Int> = 1...1 << 40,
        also names: [String] = [], _ summary: String
    ) -> Setting {
        var option = Option<Int?>.count(name, in: range, summary).defaulting(to: NumberSpelling.text(standard[keyPath: path]))
        option.definition.aliases = names
        return value(option, path)
    }

    static func number(
        _ name: String, _ path: any WritableKeyPath<TrainingConfiguration, Double> & Sendable, in range: ClosedRange<Double> = 0...1e9,
        also names: [String] = [], _ summary: String
    ) -> Setting {
        var option = Option<Double?>.number(name, in: range, summary).defaulting(to: "\(standard[keyPath: path])")
        option.definition.aliases = names
        return value(option, path)
    }

    /// A flag that is on or off by default and can be said either way.
    static func flag(
        _ name: String, _ path: any WritableKeyPath<TrainingConfiguration, Bool> & Sendable, _ summary: String
    ) -> Setting {
        let option = Option.flag(name, default: standard[keyPath: path], negatable: true, summary)
        return Setting(option: option) { call, configuration in
            if call.isGiven(option) { configuration[keyPath: path] = call[option] }
        }
    }

    /// A word that names a case.
    static func word<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, _ placeholder: String, _ path: any WritableKeyPath<TrainingConfiguration, Value> & Sendable, _ summary: String
    ) -> Setting where Value.RawValue == String {
        let option = Option<String?>.choice(name, placeholder, of: Value.allCases.map(\.rawValue), summary).defaulting(
            to: standard[keyPath: path].rawValue)
        return word(option, path)
    }

    /// An option whose choices are the names of cases.
    static func word<Value: RawRepresentable & Sendable>(
        _ option: Option<String?>, _ path: any WritableKeyPath<TrainingConfiguration, Value> & Sendable
    ) -> Setting where Value.RawValue == String {
        Setting(option: option) { call, configuration in
            if let value = call[option].flatMap({ Value(rawValue: $0) }) { configuration[keyPath: path] = value }
        }
    }

    /// The same amount in steps, samples or tokens: three options for one value.
    static func amounts(
        _ names: (steps: String, samples: String, tokens: String),
        _ path: any WritableKeyPath<TrainingConfiguration, TrainingAmount?> & Sendable,
        _ summary: String
    ) -> [Setting] {
        let units: [(String, String, @Sendable (Int) -> TrainingAmount)] = [
            (names.tokens, "tokens", { .tokens($0) }), (names.steps, "steps", { .steps($0) }), (names.samples, "samples", { .samples($0) }),
        ]
        return units.map { name, unit, amount in
            let option = Option<Int?>.count(name, "N", "\(summary), in \(unit)")
            return Setting(option: option) { call, configuration in
                if let value = call[option] { configuration[keyPath: path] = amount(value) }
            }
        }
    }
}
