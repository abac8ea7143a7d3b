public import JSON
import Quantities

extension PlanConfiguration {
    /// All values by name, as states of version 3 keep them. The names are those of the options in JSON.
    public var json: JSONObject {
        var json: JSONObject = [
            "seq_length": JSONValue(sequenceLength), "global_batch_size": JSONValue(globalBatchSize),
            "train_tokens": JSONValue(trainTokens), "slw_pacing": .object(pacing.json), "tails": JSONValue(tails.rawValue),
            "batch_warmup": batchWarmup.map { .object($0.json) } ?? .null, "slw_granularity": JSONValue(granularity),
            // As text: JSON's numbers are no 64 bits everywhere.
            "seed": JSONValue(String(seed)),
        ]
        // States of rows are those of older builds.
        if batchUnit != .rows { json["batch_unit"] = JSONValue(batchUnit.rawValue) }
        for (name, value) in rowRules.json { json[name] = value }
        return json
    }

    /// Reads the configuration of a state; throws `badState` when it is none, so that whoever has one can count on its numbers.
    ///
    /// - Parameter version: of the state. Versions 1 and 2 have pacing and batch warmup as ``ReflectedSchedule`` reads them.
    init(json: JSONObject, version: Int) throws(WarmupError) {
        func number(_ key: String) throws(WarmupError) -> Int {
            guard let value = json[key]?.int else { throw .badState("its configuration has no \(key)") }
            return value
        }
        let pacing: JSONObject?
        let batchWarmup: JSONObject?
        if version < 3 {
            pacing = json["slw_pacing"]?.string.flatMap { ReflectedSchedule.pacing($0) }
            batchWarmup = json["batch_warmup"]?.string.flatMap { ReflectedSchedule.batchWarmup($0) }
        } else {
            pacing = json["slw_pacing"]?.object
            batchWarmup = json["batch_warmup"]?.object
        }
        guard let pacing = pacing.flatMap({ Pacing(json: $0) }) else { throw .badState("its configuration has no pacing that is known") }
        guard let tails = json["tails"]?.string.flatMap(TailPolicy.init(rawValue:)), let seed = json["seed"]?.string.flatMap({ UInt64($0) })
        else { throw .badState("its configuration has no tails or no seed") }
        self.init(
            sequenceLength: try number("seq_length"), globalBatchSize: try number("global_batch_size"),
            trainTokens: try number("train_tokens"), pacing: pacing, tails: tails, granularity: try number("slw_granularity"), seed: seed,
            rowRules: RowRules(json: json))
        if let value = json["batch_warmup"], !value.isNull {
            guard let warmup = batchWarmup.flatMap({ BatchWarmup(json: $0) }) else {
                throw .badState("its configuration has no batch warmup that is known")
            }
            self.batchWarmup = warmup
        }
        if let unit = json["batch_unit"] {
            guard let known = unit.string.flatMap(BatchUnit.init(rawValue:)) else {
                throw .badState("its configuration has a unit of batches that is not known")
            }
            batchUnit = known
        }
        do { try check() } catch { throw .badState("its configuration is none: \(error)") }
    }

    /// Throws, with the first difference named, when a state was made with `other`.
    func check(sameAs other: PlanConfiguration) throws(WarmupError) {
        func check<T: Equatable>(_ name: String, _ path: KeyPath<PlanConfiguration, T>) throws(WarmupError) {
            guard self[keyPath: path] != other[keyPath: path] else { return }
            let key = String(name.map { $0 == "-" ? "_" : $0 })
            throw .changed(
                name: "\(option: name)", was: other.json[key]?.serialized() ?? "not set", isNow: json[key]?.serialized() ?? "not set")
        }
        try check("seq-length", \.sequenceLength)
        try check("global-batch-size", \.globalBatchSize)
        try check("train-tokens", \.trainTokens)
        try check("slw-pacing", \.pacing)
        try check("tails", \.tails)
        try check("batch-warmup", \.effectiveBatchWarmup)
        try check("batch-unit", \.batchUnit)
        try check("slw-granularity", \.granularity)
        try check("seed", \.seed)
        try rowRules.check(sameAs: other.rowRules)
    }
}

extension BatchWarmup {
    var json: JSONObject { ["start": JSONValue(start), "increment": JSONValue(increment), "tokens": JSONValue(tokens)] }

    init?(json: JSONObject) {
        guard let start = json["start"]?.int, let increment = json["increment"]?.int, let tokens = json["tokens"]?.int else { return nil }
        self.init(start: start, increment: increment, tokens: tokens)
    }
}
