public import JSON

/// Which sequence length a step trains at: one of the ``functions``. Steps count from 0 as in the paper's formula: its first step has t = 0.
public struct Pacing: Sendable, Equatable {
    public let function: any PacingFunction

    public init(_ function: some PacingFunction) { self.function = function }

    public static func == (a: Pacing, b: Pacing) -> Bool { a.function.equals(b.function) }

    /// The function of this name.
    static func function(named name: String) -> (any NamedPacing.Type)? { functions.first { $0.name == name } }

    /// As `--slw-pacing` spells it.
    public var name: String { type(of: function).name }

    /// The length of step `step` (0 for the first), between 1 and `full`.
    ///
    /// - Parameters:
    ///   - full: the samples' length, e.
    ///   - granularity: lengths are cut down to a multiple of it where that leaves at least one; 8 in the paper.
    public func length(atStep step: Int, full: Int, granularity: Int = 8) -> Int {
        function.length(atStep: step, full: full, granularity: granularity)
    }

    /// From this step on every step has full length; nil when that never comes.
    public func fullLengthStep(full: Int) -> Int? { function.fullLengthStep(full: full) }

    /// For people: `linear from 8 to 256 in 40 steps`.
    public func summary(full: Int) -> String { function.summary(full: full) }

    func check(full: Int) throws(WarmupError) { try function.check(full: full) }

    /// The function's parameters and its name under `function`: as states keep it.
    public var json: JSONObject { JSONObject([("function", JSONValue(name))] + function.parameters.map { ($0.key, $0.value) }) }

    /// Reads ``json``; nil when it is no pacing.
    public init?(json: JSONObject) {
        guard let name = json["function"]?.string, let kind = Self.function(named: name), let function = kind.init(parameters: json) else {
            return nil
        }
        self.init(function)
    }
}
