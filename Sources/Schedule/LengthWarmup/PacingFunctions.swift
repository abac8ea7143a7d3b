#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
public import JSON
public import Quantities

extension Pacing {
    /// All functions, in the order of help. A new one is a type in this file or one of its own, and a line here.
    public static let functions: [any NamedPacing.Type] = [
        ConstantPacing.self, LinearPacing.self, RootPacing.self, TwoStagePacing.self, MixedPacing.self, StageTable.self,
        AdaptivePacing.self,
        DeepSpeedCurriculum.self,
    ]

    /// Full length from the first step on: the baseline.
    public static let constant = Pacing(ConstantPacing())
    /// s + (e − s)·min(t/T, 1), rounded down to the granularity (paper, section 4).
    public static func linear(start: Int, steps: Int) -> Pacing { Pacing(LinearPacing(growth: Growth(start: start, steps: steps))) }
    /// s + (e − s)·min((t/T)^r, 1) (paper, section 4; DeepSpeed's `root_degree` is 1/r).
    public static func root(start: Int, steps: Int, exponent: Double) -> Pacing {
        Pacing(RootPacing(growth: Growth(start: start, steps: steps), exponent: exponent))
    }
    /// Shortformer: s until step T, then full length.
    public static func twoStage(start: Int, steps: Int) -> Pacing { Pacing(TwoStagePacing(growth: Growth(start: start, steps: steps))) }
    /// The paper's figure 2: so many steps of one length, so many of another, again and again.
    public static func mixed(first: Int, firstSteps: Int, second: Int, secondSteps: Int) -> Pacing {
        Pacing(MixedPacing(first: first, firstSteps: firstSteps, second: second, secondSteps: secondSteps))
    }
    /// `lengths[i]` while t < `bounds[i]`, the last length from then on.
    public static func table(lengths: [Int], bounds: [Int]) -> Pacing { Pacing(StageTable(lengths: lengths, bounds: bounds)) }
    /// DeepSpeed's schedule, with its rounding and its count of steps from 1.
    public static func deepSpeed(_ curriculum: DeepSpeedCurriculum) -> Pacing { Pacing(curriculum) }
    /// Grows while the loss is calm. The plan keeps its state; the length of a step is not a function of the step alone.
    public static func adaptive(_ pacing: AdaptivePacing) -> Pacing { Pacing(pacing) }

    /// The function when it watches the loss.
    var adaptive: AdaptivePacing? { function as? AdaptivePacing }
}

extension ScheduleOption {
    public static let start = ScheduleOption(
        "slw-start", key: "length_warmup.start", .count(1...1 << 24), default: "8", .warmup, "length of the first step, the paper's s")
    public static let steps = ScheduleOption(
        "slw-steps", key: "length_warmup.steps", .count(0...1 << 56), "T", default: "30 % of the steps that full length would take",
        .warmup,
        "step at which full length is reached")
    public static let rootDegree = ScheduleOption(
        "slw-root-degree", key: "length_warmup.root_degree", .number(0.001...1000), "D", default: "2", .warmup,
        "for root: progress to the power 1/D")
    public static let exponent = ScheduleOption(
        "slw-exponent", key: "length_warmup.exponent", .number(0.001...1000), "R", default: "1/D", .warmup,
        "for root: the power itself, the paper's r, in place of \(option: "slw-root-degree")")
    public static let stages = ScheduleOption(
        "slw-table", key: "length_warmup.table", .text, "LENGTH:STEPS,…", .warmup,
        "for table: lengths and for how many steps, the last without steps; for mixed: two of them, repeated")
}

/// Full length from the first step on.
public struct ConstantPacing: NamedPacing {
    public static let name = "none"
    public static let options: [ScheduleOption] = []
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) -> Pacing { .constant }
    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] { [] }

    public init() {}

    public var parameters: JSONObject { [:] }
    public init?(parameters: JSONObject) {}
    public func check(full: Int) {}
    public func length(atStep step: Int, full: Int, granularity: Int) -> Int { full }
    public func fullLengthStep(full: Int) -> Int? { 0 }
    public func summary(full: Int) -> String { "\(full) throughout" }
}

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
        guard let start = parameters["start"]?.int, let steps = parameters["steps"]?.int else { return nil }
        self.init(start: start, steps: steps)
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

/// The paper's pacing: s + (e − s)·min(t/T, 1).
public struct LinearPacing: NamedPacing {
    public static let name = "linear"
    public static let options: [ScheduleOption] = [.start, .steps]
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        try Growth.words(words, facts).map { Pacing(LinearPacing(growth: $0)) } ?? .constant
    }
    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] { growth.words }
    public var growth: Growth

    init(growth: Growth) { self.growth = growth }

    public var parameters: JSONObject { growth.parameters }
    public init?(parameters: JSONObject) {
        guard let growth = Growth(parameters: parameters) else { return nil }
        self.growth = growth
    }

    public func check(full: Int) throws(WarmupError) { try growth.check(full: full) }
    public func length(atStep step: Int, full: Int, granularity: Int) -> Int {
        growth.length(at: growth.progress(atStep: step), full: full, granularity: granularity)
    }
    public func fullLengthStep(full: Int) -> Int? { growth.steps }
    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? {
        nextRise(after: step, full: full, granularity: granularity)
    }
    public func summary(full: Int) -> String { "linear from \(growth.start) to \(full) in \(growth.steps) steps" }
}

/// s + (e − s)·min((t/T)^r, 1).
public struct RootPacing: NamedPacing {
    public static let name = "root"
    public static let options: [ScheduleOption] = [.start, .steps, .rootDegree, .exponent]
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        if words.isGiven(.rootDegree), words.isGiven(.exponent) {
            throw ScheduleError(
                "\(ScheduleOption.rootDegree.text) and \(ScheduleOption.exponent.text) cannot both be given",
                hint: "one is 1 over the other")
        }
        let degree = words.number(.rootDegree) ?? 2
        let exponent = words.isGiven(.rootDegree) ? 1 / degree : words.number(.exponent) ?? 1 / degree
        return try Growth.words(words, facts).map { Pacing(RootPacing(growth: $0, exponent: exponent)) } ?? .constant
    }
    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] {
        // As it was said: 1 over 1 over a degree need not be the degree.
        let isExponent = !original.isGiven(.rootDegree) && original[.exponent] != nil
        return growth.words
            + [isExponent ? (.exponent, .number(exponent)) : (.rootDegree, original[.rootDegree] ?? .number(1 / exponent))]
    }
    public var growth: Growth
    /// The paper's r, 1 over DeepSpeed's degree.
    public var exponent: Double

    init(growth: Growth, exponent: Double) {
        self.growth = growth
        self.exponent = exponent
    }

    public var parameters: JSONObject {
        var parameters = growth.parameters
        parameters["exponent"] = JSONValue(exponent)
        return parameters
    }
    public init?(parameters: JSONObject) {
        guard let growth = Growth(parameters: parameters), let exponent = parameters["exponent"]?.double else { return nil }
        self.init(growth: growth, exponent: exponent)
    }

    public func check(full: Int) throws(WarmupError) {
        try growth.check(full: full)
        if !(exponent > 0 && exponent.isFinite) {
            throw .badConfiguration("the exponent of the root is \(exponent): it must be above 0")
        }
    }
    public func length(atStep step: Int, full: Int, granularity: Int) -> Int {
        growth.length(at: pow(growth.progress(atStep: step), exponent), full: full, granularity: granularity)
    }
    public func fullLengthStep(full: Int) -> Int? { growth.steps }
    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? {
        nextRise(after: step, full: full, granularity: granularity)
    }
    public func summary(full: Int) -> String {
        "from \(growth.start) to \(full) in \(growth.steps) steps, progress to the power \(exponent)"
    }
}

/// Shortformer: s until step T, then full length.
public struct TwoStagePacing: NamedPacing {
    public static let name = "two-stage"
    public static let options: [ScheduleOption] = [.start, .steps]
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        try Growth.words(words, facts).map { Pacing(TwoStagePacing(growth: $0)) } ?? .constant
    }
    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] { growth.words }
    public var growth: Growth

    init(growth: Growth) { self.growth = growth }

    public var parameters: JSONObject { growth.parameters }
    public init?(parameters: JSONObject) {
        guard let growth = Growth(parameters: parameters) else { return nil }
        self.growth = growth
    }

    public func check(full: Int) throws(WarmupError) { try growth.check(full: full) }
    public func length(atStep step: Int, full: Int, granularity: Int) -> Int { step < growth.steps ? min(growth.start, full) : full }
    public func fullLengthStep(full: Int) -> Int? { growth.steps }
    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? { step < growth.steps ? growth.steps : nil }
    public func summary(full: Int) -> String { "\(growth.start) for \(growth.steps) steps, then \(full)" }
}

/// The paper's figure 2: so many steps of one length, so many of another, again and again.
public struct MixedPacing: NamedPacing {
    public static let name = "mixed"
    public static let options: [ScheduleOption] = [.stages]
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        try Stages.pacing(words, name) { text throws(SpellingError) in try .mixed(stages: text) }
    }
    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] { original[.stages].map { [(.stages, $0)] } ?? [] }
    public var first: Int
    public var firstSteps: Int
    public var second: Int
    public var secondSteps: Int

    init(first: Int, firstSteps: Int, second: Int, secondSteps: Int) {
        self.first = first
        self.firstSteps = firstSteps
        self.second = second
        self.secondSteps = secondSteps
    }

    public var parameters: JSONObject {
        [
            "first": JSONValue(first), "first_steps": JSONValue(firstSteps), "second": JSONValue(second),
            "second_steps": JSONValue(secondSteps),
        ]
    }
    public init?(parameters: JSONObject) {
        guard let first = parameters["first"]?.int, let firstSteps = parameters["first_steps"]?.int,
            let second = parameters["second"]?.int, let secondSteps = parameters["second_steps"]?.int
        else { return nil }
        self.init(first: first, firstSteps: firstSteps, second: second, secondSteps: secondSteps)
    }

    public func check(full: Int) throws(WarmupError) {
        if min(first, second) < 1 || firstSteps < 0 || secondSteps < 0 || max(firstSteps, secondSteps) < 1
            || max(firstSteps, secondSteps) > 1 << 60
        {
            throw .badConfiguration("mixed pacing needs two lengths of at least 1 and one step in a cycle")
        }
    }
    public func length(atStep step: Int, full: Int, granularity: Int) -> Int {
        min(step % max(firstSteps + secondSteps, 1) < firstSteps ? first : second, full)
    }
    public func fullLengthStep(full: Int) -> Int? { nil }
    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? {
        let place = step % max(firstSteps + secondSteps, 1)
        return step - place + (place < firstSteps ? firstSteps : firstSteps + secondSteps)
    }
    public func summary(full: Int) -> String { "\(firstSteps) steps of \(first) and \(secondSteps) of \(second), in turn" }
}

/// `lengths[i]` while t < `bounds[i]`, the last length from then on.
public struct StageTable: NamedPacing {
    public static let name = "table"
    public static let options: [ScheduleOption] = [.stages]
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        try Stages.pacing(words, name) { text throws(SpellingError) in try .table(stages: text) }
    }
    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] { original[.stages].map { [(.stages, $0)] } ?? [] }
    public var lengths: [Int]
    public var bounds: [Int]

    init(lengths: [Int], bounds: [Int]) {
        self.lengths = lengths
        self.bounds = bounds
    }

    public var parameters: JSONObject {
        ["lengths": .array(lengths.map { JSONValue($0) }), "bounds": .array(bounds.map { JSONValue($0) })]
    }
    public init?(parameters: JSONObject) {
        guard let lengths = parameters["lengths"]?.integers, let bounds = parameters["bounds"]?.integers else { return nil }
        self.init(lengths: lengths, bounds: bounds)
    }

    public func check(full: Int) throws(WarmupError) {
        if lengths.isEmpty || lengths.contains(where: { $0 < 1 }) || bounds.count != lengths.count - 1 {
            throw .badConfiguration("a table of lengths needs lengths of at least 1, and one step bound less than lengths")
        }
    }
    public func length(atStep step: Int, full: Int, granularity: Int) -> Int {
        let stage = bounds.firstIndex { step < $0 } ?? lengths.count - 1
        return lengths.indices.contains(stage) ? min(lengths[stage], full) : full
    }
    public func fullLengthStep(full: Int) -> Int? { lengths.last ?? full >= full ? bounds.last ?? 0 : nil }
    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? { bounds.first { step < $0 } }
    public func summary(full: Int) -> String {
        zip(lengths, bounds).map { "\($0) until step \($1)" }.joined(separator: ", ") + ", then \(lengths.last ?? full)"
    }
}

extension JSONValue {
    /// A list of whole numbers, or nil.
    var integers: [Int]? {
        guard let array else { return nil }
        let numbers = array.compactMap(\.int)
        return numbers.count == array.count ? numbers : nil
    }
}

/// Stages of lengths as people write them: `64:1000,128:2000,256`.
extension Pacing {
    /// `table`: each length with the steps for which it is trained, the last one for the rest of the run.
    public static func table(stages text: String) throws(SpellingError) -> Pacing {
        let stages = try stages(text)
        var bounds: [Int] = []
        for stage in stages.dropLast() { bounds.append((bounds.last ?? 0) + (stage.steps ?? 0)) }
        return .table(lengths: stages.map(\.length), bounds: bounds)
    }

    /// `mixed`: two lengths with the steps of each, in turn.
    public static func mixed(stages text: String) throws(SpellingError) -> Pacing {
        let stages = try stages(text)
        guard stages.count == 2, let first = stages[0].steps, let second = stages[1].steps, first + second > 0 else {
            throw SpellingError(expected: "two lengths with their numbers of steps, such as 128:900,1024:100")
        }
        return .mixed(first: stages[0].length, firstSteps: first, second: stages[1].length, secondSteps: second)
    }

    private static let notStages = SpellingError(expected: "a list of LENGTH:STEPS, such as 64:1000,128:2000,256")

    private static func stages(_ text: String) throws(SpellingError) -> [(length: Int, steps: Int?)] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        return try parts.enumerated().map { index, part throws(SpellingError) in
            let numbers = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard numbers.count == 2 || numbers.count == 1 && index == parts.count - 1,
                let length = try? NumberSpelling.integer(numbers[0], in: 1...1 << 24)
            else { throw notStages }
            if numbers.count == 1 { return (length, nil) }
            guard let steps = try? NumberSpelling.integer(numbers[1], in: 0...1 << 40) else { throw notStages }
            return (length, steps)
        }
    }
}

private enum Stages {
    /// The pacing `name` of the words' stages.
    static func pacing(_ words: ScheduleWords, _ name: String, _ read: (String) throws(SpellingError) -> Pacing) throws(ScheduleError)
        -> Pacing
    {
        guard let text = words.word(.stages) else {
            throw ScheduleError(
                "\(ScheduleOption.pacing.text) \(name) needs \(ScheduleOption.stages.text)",
                hint: "LENGTH:STEPS,… such as 64:1000,128:2000,256")
        }
        do throws(SpellingError) { return try read(text) } catch {
            throw ScheduleError("\(ScheduleOption.stages.text) is \(text): it must be \(error.expected)", hint: error.hint.map { "\($0)" })
        }
    }
}
