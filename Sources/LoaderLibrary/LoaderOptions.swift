import CommandLine
import JSON
import LengthWarmup
import Sampling

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
        let start = try count("slw_start", in: 1...(1 << 24)) ?? 8
        let steps = try count("slw_steps", in: 0...Int.max)
        let exponent = try number("slw_exponent")
        switch take("slw_pacing") ?? (steps == nil ? "none" : "linear") {
        case "none": plan.pacing = .constant
        case "linear": plan.pacing = .linear(start: start, steps: steps ?? 0)
        case "root": plan.pacing = .root(start: start, steps: steps ?? 0, exponent: exponent ?? 0.5)
        case "two-stage": plan.pacing = .twoStage(start: start, steps: steps ?? 0)
        case let other: throw LoaderFault("slw_pacing is \(other): it must be none, linear, root or two-stage")
        }
        if let unknown = values.keys.sorted().first { throw LoaderFault("there is no option \(unknown)") }
    }
}

/// One line for whoever called.
struct LoaderFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
