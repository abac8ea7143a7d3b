public import Quantities

/// Why a curriculum cannot be had. `description` is one line: what, where, what to do.
public enum CurriculumError: OptionNaming, Sendable, Equatable {
    /// A value that no curriculum of the dialect can have.
    case badValue(OptionText)
    /// Parameters with which the original itself ends: it is refused for the same reason.
    case originalFails(OriginalFailure)

    public var optionText: OptionText {
        switch self {
        case .badValue(let problem): problem
        case .originalFails(let failure): "\(failure.reason) (the original ends with \(failure.error) at \(failure.when))"
        }
    }

    static func original(_ error: String, at when: String, _ reason: OptionText) -> CurriculumError {
        .originalFails(OriginalFailure(error: error, when: when, reason: reason))
    }

    /// Throws unless the value lies in the range.
    static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(CurriculumError) {
        guard !range.contains(value) else { return }
        throw .badValue(
            value < range.lowerBound
                ? "\(name) is \(value): it must be at least \(range.lowerBound)"
                : "\(name) is \(value): it must be at most \(range.upperBound)")
    }

    /// Lengths, rows and steps up to these bounds are far above any run, and no sum of a curriculum can overflow.
    static let lengths = 1...1 << 24
    static let steps = 1...1 << 36
}

/// How and where an original ends.
public struct OriginalFailure: Sendable, Equatable {
    /// The name of what it raises: `ZeroDivisionError`.
    public var error: String
    /// Where: `construction`, `first batch`, `step 18`.
    public var when: String
    public var reason: OptionText
}
