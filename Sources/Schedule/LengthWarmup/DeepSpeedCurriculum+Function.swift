public import JSON
import Quantities

extension DeepSpeedCurriculum: NamedPacing {
    public static let name = "deepspeed"

    public static let options: [ScheduleOption] = [.deepSpeed, .deepSpeedVersion]

    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        guard let block = words.json(.deepSpeed) else {
            throw ScheduleError("\(ScheduleOption.pacing.text) deepspeed needs \(ScheduleOption.deepSpeed.text)")
        }
        let dialect = words.word(.deepSpeedVersion).flatMap(Dialect.init(rawValue:)) ?? .v0_19_8
        do throws(WarmupError) { return try read(block, dialect: dialect).map { .deepSpeed($0) } ?? .constant } catch {
            throw ScheduleError("\(ScheduleOption.deepSpeed.text): \(error.optionText)")
        }
    }

    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] {
        [(.deepSpeed, original[.deepSpeed] ?? .json(block)), (.deepSpeedVersion, .word(dialect.rawValue))]
    }

    /// As DeepSpeed's configuration has it.
    var block: JSONValue {
        var block: JSONObject = ["curriculum_type": "seqlen", "min_difficulty": JSONValue(minimum), "max_difficulty": JSONValue(maximum)]
        switch schedule {
        case .root(let totalSteps, let step, let degree):
            block["schedule_type"] = "fixed_root"
            block["schedule_config"] = [
                "total_curriculum_step": JSONValue(totalSteps), "difficulty_step": JSONValue(step), "root_degree": JSONValue(degree),
            ]
        case .discrete(let difficulties, let bounds):
            block["schedule_type"] = "fixed_discrete"
            block["schedule_config"] = [
                "difficulty": .array(difficulties.map { JSONValue($0) }), "max_step": .array(bounds.map { JSONValue($0) }),
            ]
        }
        return .object(block)
    }

    public var parameters: JSONObject {
        var parameters: JSONObject = ["minimum": JSONValue(minimum), "maximum": JSONValue(maximum), "release": JSONValue(dialect.rawValue)]
        switch schedule {
        case .root(let totalSteps, let step, let degree):
            parameters["total_steps"] = JSONValue(totalSteps)
            parameters["step"] = JSONValue(step)
            parameters["degree"] = JSONValue(degree)
        case .discrete(let difficulties, let bounds):
            parameters["lengths"] = .array(difficulties.map { JSONValue($0) })
            parameters["bounds"] = .array(bounds.map { JSONValue($0) })
        }
        return parameters
    }

    public init?(parameters: JSONObject) {
        guard let limits = parameters.integers("minimum", "maximum"),
            let dialect = parameters["release"]?.string.flatMap(Dialect.init(rawValue:))
        else { return nil }
        let schedule: Schedule
        if let lengths = parameters["lengths"]?.integers, let bounds = parameters["bounds"]?.integers {
            schedule = .discrete(difficulties: lengths, bounds: bounds)
        } else if let totalSteps = parameters["total_steps"]?.int, let step = parameters["step"]?.int,
            let degree = parameters["degree"]?.double
        {
            schedule = .root(totalSteps: totalSteps, step: step, degree: degree)
        } else {
            return nil
        }
        self.init(minimum: limits[0], maximum: limits[1], schedule: schedule, dialect: dialect)
    }

    public func check(full: Int) throws(WarmupError) {
        let isSound =
            switch schedule {
            case .root(let totalSteps, let step, let degree): totalSteps > 0 && step > 0 && degree > 0 && degree.isFinite
            case .discrete(let difficulties, let bounds):
                !difficulties.isEmpty && difficulties.allSatisfy { $0 > 0 } && bounds.count == difficulties.count - 1
            }
        guard isSound, minimum > 0, minimum <= maximum, difficulty(atStep: 1) > 0 else {
            throw .badConfiguration("DeepSpeed's schedule needs lengths and steps of at least 1, the least length not above the greatest")
        }
    }

    public func length(atStep step: Int, full: Int, granularity: Int) -> Int { min(difficulty(atStep: step + 1), full) }

    public func fullLengthStep(full: Int) -> Int? {
        switch schedule {
        case .root(let totalSteps, _, _): maximum >= full ? totalSteps - 1 : nil
        case .discrete(let difficulties, let bounds): difficulties.last! >= full ? bounds.last ?? 0 : nil
        }
    }

    public func nextChange(after step: Int, full: Int, granularity: Int) -> Int? {
        // A list of lengths may fall as well as rise.
        if case .discrete(_, let bounds) = schedule { return bounds.filter { step < $0 }.min() }
        return nextRise(after: step, full: full, granularity: granularity)
    }

    public func summary(full: Int) -> String { "DeepSpeed's, from \(minimum) to \(maximum), rounding of \(dialect.rawValue)" }
}

extension ScheduleOption {
    public static let deepSpeed = ScheduleOption(
        "slw-config", key: "length_warmup.curriculum_learning", .jsonFile, "FILE", .warmup,
        "a DeepSpeed configuration with a curriculum_learning block, in place of the pacing's options")
    public static let deepSpeedVersion = ScheduleOption(
        "slw-config-version", key: "length_warmup.curriculum_version", .choice(DeepSpeedCurriculum.Dialect.allCases.map(\.rawValue)),
        "VERSION", default: DeepSpeedCurriculum.Dialect.v0_19_8.rawValue, .warmup,
        "whose rounding: up to 0.19.6 a start below difficulty_step gave length 0")
}
