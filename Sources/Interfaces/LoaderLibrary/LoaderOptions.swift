import JSON
import LengthWarmup
import Sampling
import Quantities

/// The configuration of a loader as C and Python hand it over: a JSON object whose names are the options of `slwdata plan` and `slw-train` with
/// underscores for hyphens, and whose values are spelled as on the command line (`4K`, `1.5e-4`) or are JSON numbers.
struct LoaderOptions {
    var data: [DataSetName] = []
    var split = DocumentSplit.standard
    var part = DocumentSplit.Part.train
    var rank = 0
    var world = 1
    var microBatchSize: Int?
    var prefetch = 2
    /// Whether a restored state may be of fewer data sets, or of other weights.
    var allowsNewData = false
    var order = OrderChoice.keyed
    var plan = PlanConfiguration(sequenceLength: 256, globalBatchSize: 16, trainTokens: 0, pacing: .constant)

    /// Throws one line that names the option when a name or value is not known.
    init(_ json: JSONObject) throws {
        var values: [String: String] = [:]
        for (name, value) in json where name != "data" {
            switch value {
            case .null: break
            case .string(let text): values[name] = text
            default: values[name] = value.serialized()
            }
        }
        func take(_ name: String) -> String? { values.removeValue(forKey: name) }
        func count(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
            guard let word = take(name) else { return nil }
            do { return try NumberSpelling.integer(word, in: range) } catch { throw LoaderFault("\(name): \(error)") }
        }
        func number(_ name: String) throws -> Double? {
            guard let word = take(name) else { return nil }
            do { return try NumberSpelling.double(word) } catch { throw LoaderFault("\(name): \(error)") }
        }

        guard let names = json["data"]?.array, !names.isEmpty else { throw LoaderFault("data: give at least one prefix") }
        for name in names {
            guard let text = name.string else { throw LoaderFault("data: a prefix is a string, not \(name.serialized())") }
            data.append(try DataSetName(text))
        }
        if let text = take("split") { split = try DocumentSplit(text) }
        if let text = take("part") {
            guard let named = DocumentSplit.Part.allCases.first(where: { $0.name == text }) else {
                throw LoaderFault("part is \(text): it must be train, valid or test")
            }
            part = named
        }
        rank = try count("rank", in: 0...(1 << 30)) ?? 0
        world = try count("world_size", in: 1...(1 << 30)) ?? 1
        microBatchSize = try count("micro_batch_size", in: 1...(1 << 30))
        prefetch = try count("prefetch", in: 1...64) ?? 2
        switch take("allow_new_data") ?? "false" {
        case "true": allowsNewData = true
        case "false": break
        case let other: throw LoaderFault("allow_new_data is \(other): it must be true or false")
        }
        plan.sequenceLength = try count("seq_length", in: 1...(1 << 24)) ?? plan.sequenceLength
        plan.globalBatchSize = try count("global_batch_size", in: 1...(1 << 24)) ?? plan.globalBatchSize
        plan.trainTokens = try count("train_tokens", in: 1...Int.max) ?? 0
        plan.seed = UInt64(try count("seed", in: 0...Int.max) ?? 1234)
        if let text = take("tails") {
            guard let policy = TailPolicy(rawValue: text) else {
                throw LoaderFault("tails is \(text): it must be one of \(TailPolicy.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            plan.tails = policy
        }
        let samples = try count("train_samples", in: 1...(1 << 48))
        switch take("order") ?? "slw" {
        case "slw":
            if samples != nil { throw LoaderFault("train_samples is for order megatron: the budget is train_tokens") }
        case "megatron": order = .megatron(samples: samples)
        case let other: throw LoaderFault("order is \(other): it must be slw or megatron")
        }
        plan.pacing = try pacing(take, { try count($0, in: $1) }, number)
        if let unknown = values.keys.sorted().first { throw LoaderFault("there is no option \(unknown)") }
    }

    /// The pacing function of the `slw_…` options.
    private func pacing(
        _ take: (String) -> String?, _ count: (String, ClosedRange<Int>) throws -> Int?, _ number: (String) throws -> Double?
    ) throws -> Pacing {
        if let path = take("slw_config") {
            let block: JSONValue
            do { block = try DeepSpeedCurriculum.block(ofFile: path) } catch { throw LoaderFault("slw_config: \(error)") }
            let word = take("slw_config_version") ?? DeepSpeedCurriculum.Dialect.v0_19_8.rawValue
            guard let dialect = DeepSpeedCurriculum.Dialect(rawValue: word) else {
                throw LoaderFault(
                    "slw_config_version is \(word): it must be \(DeepSpeedCurriculum.Dialect.allCases.map(\.rawValue).joined(separator: " or "))"
                )
            }
            return try DeepSpeedCurriculum.read(block, dialect: dialect).map { .deepSpeed($0) } ?? .constant
        }
        let start = try count("slw_start", 1...(1 << 24)) ?? min(8, plan.sequenceLength)
        let steps = try count("slw_steps", 0...Int.max)
        let exponent = try number("slw_exponent")
        let stages = take("slw_table")
        let name = take("slw_pacing") ?? (stages != nil ? "table" : steps == nil ? "none" : "linear")
        switch name {
        case "none": return .constant
        case "linear": return .linear(start: start, steps: steps ?? 0)
        case "root": return .root(start: start, steps: steps ?? 0, exponent: exponent ?? 0.5)
        case "two-stage": return .twoStage(start: start, steps: steps ?? 0)
        case "adaptive":
            return .adaptive(
                AdaptivePacing(
                    start: start, increment: try count("slw_increment", 1...(1 << 24)) ?? 8,
                    interval: try count("slw_interval", 1...(1 << 40)) ?? 100,
                    tolerance: try number("slw_tolerance") ?? 0.05))
        case "table", "mixed":
            guard let stages else { throw LoaderFault("slw_pacing \(name) needs slw_table, such as 64:1000,128:2000,256") }
            do throws(SpellingError) { return name == "table" ? try .table(stages: stages) : try .mixed(stages: stages) } catch {
                throw LoaderFault("slw_table is \(stages): it must be \(error.expected)\(error.hint.map { ", \($0)" } ?? "")")
            }
        default: throw LoaderFault("slw_pacing is \(name): it must be none, linear, root, two-stage, table, mixed or adaptive")
        }
    }
}

/// One line for whoever called.
struct LoaderFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
