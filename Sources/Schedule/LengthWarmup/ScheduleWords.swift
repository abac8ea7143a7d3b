public import JSON
public import Sampling
import Quantities

/// What somebody said about a schedule, read but not resolved: values by option. What was not said stays open for the resolver.
public struct ScheduleWords: Sendable, Equatable {
    /// The data sets and their shares.
    public var data: [DataSetName] = []
    /// What a person said: an option without effect among them is a mistake.
    private var given: [String: ScheduleValue] = [:]
    /// What a preset or an older run's configuration said: it holds where it has an effect.
    private var assumed: [String: ScheduleValue] = [:]

    public init() {}

    /// Equal when they say the same, whoever said it.
    public static func == (a: ScheduleWords, b: ScheduleWords) -> Bool {
        a.data == b.data && a.assumed.merging(a.given) { _, new in new } == b.assumed.merging(b.given) { _, new in new }
    }

    /// The value, or nil.
    public subscript(option: ScheduleOption) -> ScheduleValue? {
        get { given[option.name] ?? assumed[option.name] }
        set {
            given[option.name] = newValue
            if newValue == nil { assumed[option.name] = nil }
        }
    }

    public func count(_ option: ScheduleOption) -> Int? { if case .count(let value)? = self[option] { value } else { nil } }
    public subscript(count option: ScheduleOption) -> Int? {
        get { count(option) }
        set { self[option] = newValue.map { .count($0) } }
    }
    public func number(_ option: ScheduleOption) -> Double? { if case .number(let value)? = self[option] { value } else { nil } }
    public func word(_ option: ScheduleOption) -> String? { if case .word(let value)? = self[option] { value } else { nil } }
    public func flag(_ option: ScheduleOption) -> Bool? { if case .flag(let value)? = self[option] { value } else { nil } }
    public func json(_ option: ScheduleOption) -> JSONValue? { if case .json(let value)? = self[option] { value } else { nil } }

    /// Whether a person said it.
    public func isGiven(_ option: ScheduleOption) -> Bool { given[option.name] != nil }

    /// Takes in a word for an option.
    public mutating func read(_ word: String, for option: ScheduleOption) throws(ScheduleError) {
        given[option.name] = try option.value(of: word)
    }

    /// Takes in JSON for an option.
    public mutating func read(_ json: JSONValue, for option: ScheduleOption) throws(ScheduleError) {
        given[option.name] = try option.value(of: json)
    }

    /// Takes in the words of `--data`: see ``DataSetName/list(_:)``.
    public mutating func readData(_ words: [String]) throws(ScheduleError) {
        do throws(SamplingError) { data = try DataSetName.list(words) } catch { throw ScheduleError(error.optionText) }
    }

    /// Takes in data sets as JSON has them: see ``DataSetName/list(_:)``.
    public mutating func readData(_ json: JSONValue) throws(ScheduleError) {
        do throws(SamplingError) { data = try DataSetName.list(json) } catch { throw ScheduleError(error.optionText) }
    }

    /// From here on what was said holds where it has an effect.
    public mutating func assume() {
        assumed.merge(given) { _, new in new }
        given = [:]
    }

    /// Forgets parameters that the chosen pacing does not take.
    public mutating func dropIdle() {
        let own = Pacing.function(named: pacingName)?.options.map(\.name) ?? []
        for option in Pacing.functions.flatMap({ $0.options }) where !own.contains(option.name) { self[option] = nil }
    }

    /// Puts `others`, which a person said, over these.
    public mutating func merge(_ others: ScheduleWords) {
        given.merge(others.given) { _, new in new }
        assumed.merge(others.assumed) { _, new in new }
        if !others.data.isEmpty { data = others.data }
    }

    /// The name of the pacing function that is meant.
    public var pacingName: String {
        if isGiven(.pacing) { return word(.pacing) ?? LinearPacing.name }
        return impliedPacing?.name ?? word(.pacing) ?? LinearPacing.name
    }

    /// A pacing function that nobody named and that an option implies, since no other takes a file, or stages of so many lengths.
    private var impliedPacing: (name: String, by: ScheduleOption)? {
        if isGiven(.pacing) { return nil }
        if isGiven(.deepSpeed) { return (DeepSpeedCurriculum.name, .deepSpeed) }
        if isGiven(.curriculum) { return (CurriculumPacing.name, .curriculum) }
        if isGiven(.stages) { return (StageTable.name, .stages) }
        return nil
    }

    /// Whether a person said anything of the pacing.
    public var saysPacing: Bool { isGiven(.pacing) || Pacing.functions.contains { $0.options.contains { isGiven($0) } } }

    /// Takes another pacing function, without any of its parameters.
    public mutating func choosePacing(_ name: String) {
        for option in Pacing.functions.flatMap({ $0.options }) { self[option] = nil }
        self[.pacing] = .word(name)
    }

    /// Throws at words that make no schedule whatever the data are. Asked before anything is opened.
    public func check() throws(ScheduleError) {
        try checkRanges()
        try checkEffects()
        _ = try ScheduleResolver.split(self)
    }

    /// Throws at a value outside of its option's range, which no front end can have read.
    private func checkRanges() throws(ScheduleError) {
        for option in ScheduleOption.all {
            switch (option.kind, self[option]) {
            case (.count(let range), .count(let value)?) where !range.contains(value): _ = try option.value(of: "\(value)")
            case (.number(let range), .number(let value)?) where !range.contains(value): _ = try option.value(of: "\(value)")
            default: break
            }
        }
    }

    /// Throws at a word that would do nothing beside the others.
    private func checkEffects() throws(ScheduleError) {
        let chosen = pacingName
        let own = Pacing.function(named: chosen)?.options.map(\.name) ?? []
        // "none" switches the warmup off by one word, and leaves the others where they stand.
        let idle = chosen == ConstantPacing.name ? [] : Pacing.functions.flatMap { $0.options }.filter { !own.contains($0.name) }
        for option in idle where isGiven(option) {
            if let implied = impliedPacing {
                throw ScheduleError(
                    "\(option.text) and \(implied.by.text) cannot both be given",
                    hint: "\(implied.by.text) holds the whole schedule, and the pacing is \(chosen)")
            }
            let takers = Pacing.functions.filter { $0.options.contains { $0.name == option.name } }.map { $0.name }
            let list = takers.count > 1 ? takers.dropLast().joined(separator: ", ") + " or " + takers.last! : takers[0]
            throw ScheduleError(
                "\(option.text) needs \(ScheduleOption.pacing.text) \(list)", hint: "the pacing \(chosen) takes no such value")
        }
        if isGiven(.trainSamples), word(.order) != "megatron" {
            throw ScheduleError(
                "\(ScheduleOption.trainSamples.text) needs \(ScheduleOption.order.text) megatron",
                hint: "the budget is \(ScheduleOption.trainTokens.text)")
        }
        if isGiven(.batchWarmupStart), self[.batchWarmupTokens] == nil {
            throw ScheduleError("\(ScheduleOption.batchWarmupStart.text) needs \(ScheduleOption.batchWarmupTokens.text)")
        }
    }
}
