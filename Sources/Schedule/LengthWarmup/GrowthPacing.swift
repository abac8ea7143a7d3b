public import JSON
import Quantities

/// What functions have in common that begin at a length and reach the full one at a step: the paper's s and T.
public struct Growth: Sendable, Equatable {
    public var start: Int
    public var steps: Int

    var parameters: JSONObject { ["start": JSONValue(start), "steps": JSONValue(steps)] }

    init(start: Int, steps: Int) {
        self.start = start
        self.steps = steps
    }

    init?(parameters: JSONObject) {
        guard let numbers = parameters.integers("start", "steps") else { return nil }
        self.init(start: numbers[0], steps: numbers[1])
    }

    func check(full: Int) throws(WarmupError) {
        if start < 1 || start > full {
            throw .badConfiguration("\(option: "slw-start") is \(start): it must lie between 1 and \(option: "seq-length"), \(full)")
        }
        if steps < 0 { throw .badConfiguration("\(option: "slw-steps") is \(steps): it must be at least 0") }
    }

    var words: [(ScheduleOption, ScheduleValue)] { [(.start, .count(start)), (.steps, .count(steps))] }

    /// The growth that words ask for; nil when it would begin at the full length.
    static func words(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Growth? {
        guard let start = try start(words, facts) else { return nil }
        return Growth(start: start, steps: words.count(.steps) ?? max(1, facts.fullSteps * 3 / 10))
    }

    /// The first length that words ask for; nil for the full one.
    static func start(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Int? {
        let start = words.count(.start) ?? min(ScheduleResolver.standardStart, facts.fullLength)
        if start > facts.fullLength, words.isGiven(.start) {
            throw ScheduleError(
                "\(ScheduleOption.start.text) is \(start): it must be at most \(ScheduleOption.sequenceLength.text), \(facts.fullLength)",
                hint: "choose a smaller one, or \(ScheduleOption.pacing.text) none")
        }
        return start >= facts.fullLength ? nil : start
    }

    /// t/T; a growth of no steps is over at once.
    func progress(atStep step: Int) -> Double { steps > 0 ? Double(step) / Double(steps) : 1 }

    /// s + (e − s)·progress, rounded down to the granularity where that leaves a token.
    func length(at progress: Double, full: Int, granularity: Int) -> Int {
        if progress >= 1 { return full }
        let exact = Int((Double(start) + Double(full - start) * progress).rounded(.down))
        let cut = exact - exact % max(granularity, 1)
        return min(max(cut > 0 ? cut : exact, 1), full)
    }
}

/// A function that begins at a length and reaches the full one at a step, never falling on the way.
public protocol GrowthPacing: NamedPacing {
    var growth: Growth { get }
}

extension GrowthPacing {
    public func check(full: Int) throws(WarmupError) { try growth.check(full: full) }
    public func fullLengthStep(full: Int) -> Int? { growth.steps }
    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? {
        nextRise(after: step, full: full, granularity: granularity)
    }
}

/// One that has no other parameters: a name, a formula and a line for people.
public protocol PlainGrowthPacing: GrowthPacing {
    init(growth: Growth)
}

extension PlainGrowthPacing {
    public static var options: [ScheduleOption] { [.start, .steps] }
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        try Growth.words(words, facts).map { Pacing(Self(growth: $0)) } ?? .constant
    }
    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] { growth.words }
    public var parameters: JSONObject { growth.parameters }
    public init?(parameters: JSONObject) {
        guard let growth = Growth(parameters: parameters) else { return nil }
        self.init(growth: growth)
    }
}
