public import Curricula
public import JSON
import Quantities

/// One of the curricula that others published (module Curricula), as a pacing function: `--curriculum NAME[:key=value,…]`.
public struct CurriculumPacing: NamedPacing {
    public static let name = "curriculum"
    public static let options: [ScheduleOption] = [.curriculum, .curriculumMode]

    public let rule: StepRule

    public init(_ rule: StepRule) { self.rule = rule }

    /// The function of a choice. The paper's warmup and DeepSpeed's are functions of their own, whatever they are called by.
    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        guard let text = words.word(.curriculum) else {
            throw ScheduleError("\(ScheduleOption.pacing.text) curriculum needs \(ScheduleOption.curriculum.text)")
        }
        do throws(CurriculumError) {
            let choice = try CurriculumChoice(text)
            switch choice.dialect.name {
            case "slw": return linear(choice, facts)
            case "deepspeed": return try deepSpeed(choice, facts)
            default:
                let mode = words.word(.curriculumMode).flatMap(CurriculumMode.init(rawValue:)) ?? .lossless
                return Pacing(
                    CurriculumPacing(
                        try StepRule(choice, mode: mode, StepRule.Facts(fullLength: facts.fullLength, fullSteps: facts.fullSteps))))
            }
        } catch { throw ScheduleError("\(ScheduleOption.curriculum.text): \(error.optionText)") }
    }

    private static func linear(_ choice: CurriculumChoice, _ facts: PacingFacts) -> Pacing {
        let start = choice.count("start") ?? min(ScheduleResolver.standardStart, facts.fullLength)
        return .linear(start: start, steps: choice.count("steps") ?? max(1, facts.fullSteps * 3 / 10))
    }

    private static func deepSpeed(_ choice: CurriculumChoice, _ facts: PacingFacts) throws(CurriculumError) -> Pacing {
        if choice.word("rows") == "reshape" {
            throw .badValue(
                "DeepSpeed's reshape trains some targets twice and others not at all, which this loader does not: composer:rows=reshape and olmo lose and repeat none"
            )
        }
        let step = choice.count("step") ?? 8
        let minimum = choice.count("min") ?? min(8, facts.fullLength)
        let release = choice.word("release").flatMap(DeepSpeedCurriculum.Dialect.init(rawValue:)) ?? .v0_19_8
        let curriculum = DeepSpeedCurriculum(
            minimum: minimum, maximum: choice.count("max") ?? facts.fullLength,
            schedule: .root(
                totalSteps: choice.count("total") ?? max(1, facts.fullSteps * 3 / 10), step: step, degree: choice.number("degree") ?? 1),
            dialect: release)
        guard curriculum.minimum <= curriculum.maximum else {
            throw .badValue("min of deepspeed is \(minimum), above max, \(curriculum.maximum)")
        }
        guard curriculum.difficulty(atStep: 1) > 0 else {
            throw .badValue(
                "DeepSpeed \(release.rawValue) rounds the first steps down to length 0: choose a step of at most \(minimum), or release=0.19.8"
            )
        }
        return .deepSpeed(curriculum)
    }

    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] {
        [(.curriculum, .word(rule.choice.text)), (.curriculumMode, .word(rule.mode.rawValue))]
    }

    public var parameters: JSONObject {
        ["curriculum": JSONValue(rule.choice.text), "mode": JSONValue(rule.mode.rawValue), "seq_length": JSONValue(rule.fullLength)]
    }

    public init?(parameters: JSONObject) {
        guard let text = parameters["curriculum"]?.string, let mode = parameters["mode"]?.string.flatMap(CurriculumMode.init(rawValue:)),
            let length = parameters["seq_length"]?.int, 1...1 << 24 ~= length, let choice = try? CurriculumChoice(text),
            let rule = try? StepRule(choice, mode: mode, StepRule.Facts(fullLength: length, fullSteps: 1))
        else { return nil }
        self.rule = rule
    }

    public func check(full: Int) throws(WarmupError) {
        guard rule.fullLength == full else {
            throw .badConfiguration("the curriculum was made for rows of \(rule.fullLength) targets, not \(full)")
        }
    }

    public func length(atStep step: Int, full: Int, granularity: Int) -> Int { rule.length(atStep: step, afterTokens: 0) }
    public func length(atStep step: Int, afterTokens trained: Int, full: Int, granularity: Int) -> Int {
        rule.length(atStep: step, afterTokens: trained)
    }
    public func window(atStep step: Int, full: Int) -> Int? { rule.window(atStep: step) }
    public var cut: SampleCut { SampleCut(splits: rule.splitsSamples, seam: rule.seam) }
    public var standardBatchUnit: BatchUnit { rule.holdsTokens ? .tokens : .rows }
    public func fullLengthStep(full: Int) -> Int? { rule.fullLengthStep }
    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? { rule.nextChange(after: step) }
    public func summary(full: Int) -> String { rule.summary }
}

extension ScheduleOption {
    public static let curriculum = ScheduleOption(
        "curriculum", key: "length_warmup.curriculum", .text, "NAME[:KEY=VALUE,…]", .warmup,
        "a published curriculum, in place of the pacing's options: slwdata curricula lists them")
    public static let curriculumMode = ScheduleOption(
        "curriculum-mode", key: "length_warmup.curriculum_mode", .choice(CurriculumMode.allCases.map(\.rawValue)), "MODE",
        default: CurriculumMode.lossless.rawValue, .warmup, "exact is the original with what it drops; lossless trains every target once")
}
