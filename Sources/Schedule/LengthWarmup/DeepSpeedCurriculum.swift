#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
internal import Files
public import JSON
import Quantities

/// DeepSpeed's `curriculum_learning` block as it stood until it was removed, value for value.
///
/// Source: `deepspeed/runtime/data_pipeline/curriculum_scheduler.py`. DeepSpeed counts its first step as 1, rounds down to a multiple of
/// `difficulty_step` *after* growing, and clamps the result instead of t/T; so it reaches a maximum that is no multiple of the step late.
public struct DeepSpeedCurriculum: Sendable, Equatable {
    /// Which release's rounding. Until 0.19.6 a minimum below `difficulty_step` gave length 0 at first; 0.19.8 lifts it.
    public enum Dialect: String, Sendable, CaseIterable {
        case v0_19_6 = "0.19.6"
        case v0_19_8 = "0.19.8"
    }

    public enum Schedule: Sendable, Equatable {
        /// floor((t/T)^(1/degree)·(max − min) + min), less its remainder by `step`; `fixed_linear` is degree 1.
        case root(totalSteps: Int, step: Int, degree: Double)
        /// `difficulties[i]` while t ≤ `bounds[i]`, the last one from then on.
        case discrete(difficulties: [Int], bounds: [Int])
    }

    public let minimum: Int
    public let maximum: Int
    public let schedule: Schedule
    public let dialect: Dialect

    /// Reads a whole DeepSpeed configuration, its `curriculum_learning` block alone, or the metric `seqlen_truncate` of its `data_efficiency`.
    ///
    /// - Returns: nil when the block says `"enabled": false`.
    public static func read(_ json: JSONValue, dialect: Dialect = .v0_19_8) throws(WarmupError) -> DeepSpeedCurriculum? {
        if json["curriculum_learning"] == nil, let library = json["data_efficiency"] { return try read(library: library, dialect: dialect) }
        let block = json["curriculum_learning"] ?? json
        guard ["enabled", "min_difficulty", "max_difficulty", "schedule_type"].contains(where: { block[$0] != nil }) else {
            throw .badConfiguration(
                "it has no curriculum_learning block: it must be a DeepSpeed configuration with one, or with data_efficiency, or the block alone"
            )
        }
        if block["enabled"]?.bool == false { return nil }
        if let kind = block["curriculum_type"]?.string, kind != "seqlen" {
            throw bad("curriculum_type", "is \(kind): only seqlen changes the sequence length")
        }
        func integer(_ key: String, in object: JSONValue) throws(WarmupError) -> Int {
            guard let value = object[key] else { throw bad(key, "is missing") }
            guard let number = value.int, number > 0, number <= 1 << 40 else {
                throw bad(key, "is \(value.serialized()): it must be a whole number above 0")
            }
            return number
        }
        func integers(_ key: String, in object: JSONValue) throws(WarmupError) -> [Int] {
            guard let list = object[key]?.array, !list.isEmpty || key == "max_step" else {
                throw bad(key, "must be a list of whole numbers")
            }
            var numbers: [Int] = []
            for value in list {
                guard let number = value.int, number > 0 else {
                    throw bad(key, "holds \(value.serialized()): whole numbers above 0 are needed")
                }
                numbers.append(number)
            }
            return numbers
        }
        let minimum = try integer("min_difficulty", in: block)
        let maximum = try integer("max_difficulty", in: block)
        guard minimum <= maximum else { throw bad("min_difficulty", "is \(minimum), above max_difficulty \(maximum)") }
        guard let details = block["schedule_config"] else { throw bad("schedule_config", "is missing") }
        let schedule: Schedule
        switch block["schedule_type"]?.string {
        case "fixed_linear", "fixed_root":
            var degree = 1.0
            if block["schedule_type"]?.string == "fixed_root" {
                guard let value = details["root_degree"]?.double, value > 0 else { throw bad("root_degree", "must be a number above 0") }
                degree = value
            }
            schedule = .root(
                totalSteps: try integer("total_curriculum_step", in: details), step: try integer("difficulty_step", in: details),
                degree: degree)
        case "fixed_discrete":
            let difficulties = try integers("difficulty", in: details)
            let bounds = try integers("max_step", in: details)
            guard bounds.count == difficulties.count - 1 else {
                throw bad("max_step", "has \(bounds.count) entries for \(difficulties.count) difficulties: one less is needed")
            }
            schedule = .discrete(difficulties: difficulties, bounds: bounds)
        case "custom":
            throw bad("schedule_type", "is custom, a Python function: write its lengths as \(option: "slw-pacing") table or fixed_discrete")
        case let other: throw bad("schedule_type", "is \(other ?? "missing"): fixed_linear, fixed_root or fixed_discrete is needed")
        }
        let curriculum = DeepSpeedCurriculum(minimum: minimum, maximum: maximum, schedule: schedule, dialect: dialect)
        if curriculum.difficulty(atStep: 1) < 1, case .root(_, let step, _) = schedule {
            throw bad(
                "difficulty_step",
                "is \(step), above min_difficulty \(minimum): DeepSpeed up to 0.19.6 rounds the first steps down to length 0 and trains nothing; use 0.19.8's rounding, or a smaller difficulty_step"
            )
        }
        return curriculum
    }

    /// Reads the form of the data efficiency library, whose difficulty is one of several metrics.
    private static func read(library: JSONValue, dialect: Dialect) throws(WarmupError) -> DeepSpeedCurriculum? {
        let sampling = library["data_sampling"]
        let learning = sampling?["curriculum_learning"]
        if [library, sampling, learning].contains(where: { $0?["enabled"]?.bool == false }) { return nil }
        guard let metrics = learning?["curriculum_metrics"]?.object, !metrics.isEmpty else {
            throw .badConfiguration("data_efficiency: it has no data_sampling.curriculum_learning.curriculum_metrics")
        }
        guard let block = metrics["seqlen_truncate"] ?? metrics["seqlen"] else {
            throw .badConfiguration(
                "data_efficiency: its metrics are \(metrics.keys.joined(separator: ", ")): only seqlen_truncate changes the sequence length as this loader does"
            )
        }
        return try read(block, dialect: dialect)
    }

    /// The `curriculum_learning` block of the DeepSpeed configuration at `path`, or all of it when it is the block alone.
    public static func block(ofFile path: String) throws(WarmupError) -> JSONValue {
        let (bytes, json): ([UInt8], JSONValue)
        do throws(FileError) { bytes = try FileSystem.readAll(path, limit: 16 << 20) } catch { throw .badConfiguration("\(error)") }
        do throws(JSONError) { json = try JSONValue.parse(bytes) } catch {
            throw .badConfiguration("\(PathName.printable(path)): not JSON: \(error)")
        }
        return json["curriculum_learning"] ?? json
    }

    private static func bad(_ key: String, _ reason: OptionText) -> WarmupError {
        .badConfiguration("curriculum_learning: \(key) \(reason)")
    }

    /// The length of step `step`, 1 for the first, as the engine uses it (`update_difficulty` once a step): once the maximum is reached it
    /// never falls again.
    public func difficulty(atStep step: Int) -> Int {
        if case .discrete(let difficulties, let bounds) = schedule {
            var before = 0
            for (stage, difficulty) in difficulties.enumerated() {
                let last = stage < bounds.count ? bounds[stage] : Int.max
                if last > before {
                    if step <= last || difficulty >= maximum { return difficulty }
                    before = last
                }
            }
        }
        return statelessDifficulty(atStep: step)
    }

    /// DeepSpeed's `get_difficulty`.
    public func statelessDifficulty(atStep step: Int) -> Int {
        switch schedule {
        case .discrete(let difficulties, let bounds):
            return difficulties[bounds.firstIndex { step <= $0 } ?? difficulties.count - 1]
        case .root(let totalSteps, let granularity, let degree):
            let progress = pow(Double(step) / Double(totalSteps), 1 / degree)
            let exact = (progress * Double(maximum - minimum) + Double(minimum)).rounded(.down)
            // Far beyond T the root outgrows every integer; the maximum is all that is left of it.
            guard exact < 0x1p62 else { return maximum }
            var difficulty = Int(exact)
            difficulty -= difficulty % granularity
            if dialect == .v0_19_8 { difficulty = max(difficulty, (minimum + granularity - 1) / granularity * granularity) }
            return min(difficulty, maximum)
        }
    }
}
