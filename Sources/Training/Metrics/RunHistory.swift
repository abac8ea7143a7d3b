public import Files
public import JSON
import TypedErrors

/// What a run measured, in order: read from `metrics.jsonl`, or from a Megatron console log.
public struct RunHistory: Sendable {
    /// Short name for headings and legends.
    public var name: String
    public var steps: [StepRecord]
    public var validations: [ValidationRecord]
    /// The run's configuration as its `config.json` has it; nil for foreign logs.
    public var configuration: JSONValue?
    /// Lines that could not be read (the last one of a crashed run, or damage).
    public var unreadableLines = 0

    public init(name: String, steps: [StepRecord] = [], validations: [ValidationRecord] = [], configuration: JSONValue? = nil) {
        self.name = name
        self.steps = steps
        self.validations = validations
        self.configuration = configuration
    }

    /// Reads what measured a run: its `metrics.jsonl`, or the console log of a Megatron run.
    public static func read(_ path: String) throws(FormatError) -> RunHistory {
        if path.hasSuffix(".jsonl") { return try RunHistory(metrics: path, name: FileSystem.name(of: path)) }
        return try MegatronLog.read(path)
    }

    /// Reads a `metrics.jsonl`. Where steps repeat after a crash or a resume, the last value of each is kept.
    public init(metrics path: String, name: String, configuration: JSONValue? = nil) throws(FormatError) {
        self.init(name: name, configuration: configuration)
        let bytes = try mapping(FormatError.file, FileSystem.readAll(path, limit: 1 << 34))
        var isFirst = true
        for line in bytes.split(separator: 0x0A) {
            guard let value = try? JSONValue.parse(Array(line)) else {
                if isFirst { throw .foreign(path: path, expected: "the metrics of a run (metrics.jsonl)") }
                unreadableLines += 1
                continue
            }
            if isFirst {
                isFirst = false
                guard value["schema"]?.string == "slw-train.metrics", let version = value["version"]?.int else {
                    throw .foreign(path: path, expected: "the metrics of a run (metrics.jsonl)")
                }
                guard version <= MetricsWriter.version else { throw .newer(path: path, version: version) }
                continue
            }
            switch value["kind"]?.string {
            case "step": if let record = StepRecord(value) { append(record) }
            case "validation": if let record = ValidationRecord(value) { append(record) }
            case "resume": if let step = value["step"]?.int { forget(after: step) }
            default: break
            }
        }
    }

    /// Adds a step; an earlier record of it and of those after it is replaced.
    public mutating func append(_ record: StepRecord) {
        while let last = steps.last, last.step >= record.step { steps.removeLast() }
        steps.append(record)
    }

    /// Adds a validation; an earlier one at the same step or after it is replaced.
    public mutating func append(_ record: ValidationRecord) {
        while let last = validations.last, last.progress.steps >= record.progress.steps { validations.removeLast() }
        validations.append(record)
    }

    private mutating func forget(after step: Int) {
        while let last = steps.last, last.step > step { steps.removeLast() }
        while let last = validations.last, last.progress.steps > step { validations.removeLast() }
    }

    /// Mean training loss of the last steps (one in fifty, at least ten): a single step is noise. NaN where none has a loss.
    public var recentLoss: Double {
        let losses = steps.suffix(max(10, steps.count / 50)).map(\.loss).filter(\.isFinite)
        return losses.isEmpty ? .nan : losses.reduce(0, +) / Double(losses.count)
    }

    /// All tokens over all training time, a second; nil without a time.
    public var overallSpeed: Double? {
        guard let last = steps.last, last.elapsed > 0 else { return nil }
        return Double(last.tokens) / last.elapsed
    }

    /// The steps as a table with a heading line, for spreadsheets, pandas and trackio; an unmeasured value is an empty field.
    /// Validation losses stand in the row of the step they followed.
    public var csv: String {
        var text = StepRecord.columns.map(\.name).joined(separator: ",") + ",validation_loss,validation_perplexity\n"
        var next = validations.startIndex
        for record in steps {
            for column in StepRecord.columns {
                let value = column.value(in: record)
                if value.isFinite { text += value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)" }
                text += ","
            }
            while next < validations.endIndex && validations[next].progress.steps < record.step { next += 1 }
            if next < validations.endIndex && validations[next].progress.steps == record.step {
                text += "\(validations[next].loss),\(validations[next].perplexity)\n"
            } else {
                text += ",\n"
            }
        }
        return text
    }
}
