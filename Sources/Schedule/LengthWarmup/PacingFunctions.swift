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
        DeepSpeedCurriculum.self, CurriculumPacing.self,
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

/// The paper's pacing: s + (e − s)·min(t/T, 1).
public struct LinearPacing: PlainGrowthPacing {
    public static let name = "linear"
    public var growth: Growth
    public init(growth: Growth) { self.growth = growth }

    public func length(atStep step: Int, full: Int, granularity: Int) -> Int {
        growth.length(at: growth.progress(atStep: step), full: full, granularity: granularity)
    }
    public func summary(full: Int) -> String { "linear from \(growth.start) to \(full) in \(growth.steps) steps" }
}

/// s + (e − s)·min((t/T)^r, 1).
public struct RootPacing: GrowthPacing {
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

    public var parameters: JSONObject {
        var parameters = growth.parameters
        parameters["exponent"] = JSONValue(exponent)
        return parameters
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
    public func summary(full: Int) -> String {
        "from \(growth.start) to \(full) in \(growth.steps) steps, progress to the power \(exponent)"
    }
}

extension RootPacing {
    public init?(parameters: JSONObject) {
        guard let growth = Growth(parameters: parameters), let exponent = parameters["exponent"]?.double else { return nil }
        self.init(growth: growth, exponent: exponent)
    }
}

/// Shortformer: s until step T, then full length.
public struct TwoStagePacing: PlainGrowthPacing {
    public static let name = "two-stage"
    public var growth: Growth
    public init(growth: Growth) { self.growth = growth }

    public func length(atStep step: Int, full: Int, granularity: Int) -> Int { step < growth.steps ? min(growth.start, full) : full }
    public func summary(full: Int) -> String { "\(growth.start) for \(growth.steps) steps, then \(full)" }
}

/// The paper's figure 2: so many steps of one length, so many of another, again and again.
public struct MixedPacing: StagedPacing {
    public static let name = "mixed"
    public static func read(stages: String) throws(SpellingError) -> Pacing { try .mixed(stages: stages) }
    public var first: Int
    public var firstSteps: Int
    public var second: Int
    public var secondSteps: Int

    public var parameters: JSONObject {
        [
            "first": JSONValue(first), "first_steps": JSONValue(firstSteps), "second": JSONValue(second),
            "second_steps": JSONValue(secondSteps),
        ]
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

extension MixedPacing {
    public init?(parameters: JSONObject) {
        guard let numbers = parameters.integers("first", "first_steps", "second", "second_steps") else { return nil }
        self.init(first: numbers[0], firstSteps: numbers[1], second: numbers[2], secondSteps: numbers[3])
    }
}

/// `lengths[i]` while t < `bounds[i]`, the last length from then on.
public struct StageTable: StagedPacing {
    public static let name = "table"
    public static func read(stages: String) throws(SpellingError) -> Pacing { try .table(stages: stages) }
    public var lengths: [Int]
    public var bounds: [Int]

    public var parameters: JSONObject {
        ["lengths": .array(lengths.map { JSONValue($0) }), "bounds": .array(bounds.map { JSONValue($0) })]
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

extension StageTable {
    public init?(parameters: JSONObject) {
        guard let lengths = parameters["lengths"]?.integers, let bounds = parameters["bounds"]?.integers else { return nil }
        self.init(lengths: lengths, bounds: bounds)
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

extension JSONObject {
    /// The whole numbers under these keys; nil when one is none.
    func integers(_ keys: String...) -> [Int]? {
        let numbers = keys.compactMap { self[$0]?.int }
        return numbers.count == keys.count ? numbers : nil
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

/// A function whose parameters are stages of lengths.
public protocol StagedPacing: NamedPacing {
    /// The function of stages as people write them.
    static func read(stages: String) throws(SpellingError) -> Pacing
}

extension StagedPacing {
    public static var options: [ScheduleOption] { [.stages] }
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        guard let text = words.word(.stages) else {
            throw ScheduleError(
                "\(ScheduleOption.pacing.text) \(name) needs \(ScheduleOption.stages.text)",
                hint: "LENGTH:STEPS,… such as 64:1000,128:2000,256")
        }
        do throws(SpellingError) { return try read(stages: text) } catch {
            throw ScheduleError("\(ScheduleOption.stages.text) is \(text): it must be \(error.expected)", hint: error.hint.map { "\($0)" })
        }
    }
    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] { original[.stages].map { [(.stages, $0)] } ?? [] }
}
