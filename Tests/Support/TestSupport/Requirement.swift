import Foundation
public import Testing

/// What a test needs beyond the checkout. A test whose need is not met is skipped and says so; `scripts/test` counts the skipped by reason.
public struct Requirement: Sendable {
    public let isMet: Bool
    /// What is missing, in the words that `scripts/test` counts by: "no ../shared/corpora".
    public let lack: String

    /// What only some machines have.
    /// - Parameter lack: what is missing when `isMet` is false, without a full stop.
    public static func machine(_ isMet: Bool, _ lack: String) -> Requirement { Requirement(isMet: isMet, lack: lack) }

    /// A file or folder of the team's shared folder.
    public static func shared(_ name: String) -> Requirement {
        Requirement(isMet: Place.shared(name) != nil, lack: "no ../shared/" + (name.split(separator: "/").first.map(String.init) ?? name))
    }

    /// A file or folder of the goldens: see `Place.golden(_:)`.
    public static func golden(_ name: String) -> Requirement {
        Requirement(isMet: Place.golden(name) != nil, lack: "no \(name) among the goldens")
    }

    /// An environment variable that names what the test is about.
    public static func environment(_ name: String) -> Requirement {
        Requirement(isMet: ProcessInfo.processInfo.environment[name] != nil, lack: "\(name) is not set")
    }
}

extension Trait where Self == ConditionTrait {
    /// Runs the test only where all `requirements` are met; the comment of the skipped test names those that are not.
    public static func needs(_ requirements: Requirement...) -> Self {
        let lacks = requirements.filter { !$0.isMet }.map(\.lack)
        return .enabled(if: lacks.isEmpty, Comment(rawValue: lacks.joined(separator: ", ")))
    }
}
