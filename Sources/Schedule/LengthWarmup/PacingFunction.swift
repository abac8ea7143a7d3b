public import JSON

/// A pacing function that people choose by its name: it stands in ``Pacing/functions``, and front ends have everything about it from here.
public protocol NamedPacing: PacingFunction {
    /// The options that give its parameters, in the order of help.
    static var options: [ScheduleOption] { get }

    /// The function that the words ask for; open parameters are chosen. May be another function: a growth from the full length on is none.
    static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing

    /// The options that say its parameters, with the words for them that it was made from where it can be said in no other way.
    func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)]
}

/// One way in which the sequence length goes with the steps: a value with its parameters.
public protocol PacingFunction: Sendable, Equatable, SendableMetatype {
    /// As `--slw-pacing` and saved states spell it; never changed once states have it.
    static var name: String { get }

    /// The parameters, by names that states keep for ever.
    var parameters: JSONObject { get }

    /// Reads ``parameters``; nil when they are none. What they say is checked by ``check(full:)``.
    init?(parameters: JSONObject)

    /// Throws when the parameters make no function towards the full length `full`.
    func check(full: Int) throws(WarmupError)

    /// The length of step `step` (0 for the first), between 1 and `full`; lengths that grow are cut down to multiples of `granularity`.
    func length(atStep step: Int, full: Int, granularity: Int) -> Int

    /// The same of a step that begins after so many trained tokens, for functions that look at them.
    func length(atStep step: Int, afterTokens trained: Int, full: Int, granularity: Int) -> Int

    /// The tokens that attention reaches in a step, in fragments of so many; nil for the whole row.
    func window(atStep step: Int, full: Int) -> Int?

    /// How samples become rows at its lengths.
    var cut: SampleCut { get }

    /// What steps have as many of when nobody says it.
    var standardBatchUnit: BatchUnit { get }

    /// From this step on every step has full length; nil when that never comes, or when nobody can know.
    func fullLengthStep(full: Int) -> Int?

    /// The first step after `step` that may have another length; nil when none has. Early is right, late is not: ``PlanForecast`` takes the steps up to it
    /// at once. Without one of its own a function has `step + 1` until its length is full.
    func nextChange(after step: Int, full: Int, granularity: Int) -> Int?

    /// For people: `linear from 8 to 256 in 40 steps`.
    func summary(full: Int) -> String
}

extension PacingFunction {
    public func length(atStep step: Int, afterTokens trained: Int, full: Int, granularity: Int) -> Int {
        length(atStep: step, full: full, granularity: granularity)
    }
    public func window(atStep step: Int, full: Int) -> Int? { nil }
    public var cut: SampleCut { SampleCut() }
    public var standardBatchUnit: BatchUnit { .rows }

    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? {
        if let end = fullLengthStep(full: full), step >= end { return nil }
        return step + 1
    }

    /// ``nextChange(after:full:granularity:)`` of a function whose lengths never fall: by doubling, then halving.
    func nextRise(after step: Int, full: Int, granularity: Int) -> Int? {
        let length = length(atStep: step, full: full, granularity: granularity)
        var (alike, other) = (step, step + 1)
        while self.length(atStep: other, full: full, granularity: granularity) == length {
            (alike, other) = (other, step + 2 * (other - step))
            // No plan has so many steps.
            if other > 1 << 61 { return nil }
        }
        while other - alike > 1 {
            let middle = (alike + other) / 2
            if self.length(atStep: middle, full: full, granularity: granularity) == length { alike = middle } else { other = middle }
        }
        return other
    }

    func equals(_ other: any PacingFunction) -> Bool { (other as? Self) == self }
}
