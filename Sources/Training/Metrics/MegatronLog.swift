public import Files
import TypedErrors

/// Reads the console log of a Megatron-LM or Megatron-DeepSpeed run, so that its users get the same report.
///
/// A training line is a list of ` | ` separated fields, each `name: value`, that begins with `iteration    120/  500000`. Unknown
/// fields are skipped; what a line lacks (Megatron-LM prints neither consumed tokens nor sequence length) is computed where
/// the other numbers allow it.
public enum MegatronLog {
    /// Reads the log at `path`. Throws when not one training line is in it.
    public static func read(_ path: String, name: String? = nil) throws(FormatError) -> RunHistory {
        let bytes = try mapping(FormatError.file, FileSystem.readAll(path, limit: 1 << 34))
        let history = parse(bytes, name: name ?? FileSystem.name(of: path))
        guard !history.steps.isEmpty else {
            throw .foreign(path: path, expected: "a Megatron console log (no line with \"iteration n/ m |\")")
        }
        return history
    }

    /// Reads a log's bytes.
    public static func parse(_ bytes: [UInt8], name: String) -> RunHistory {
        var history = RunHistory(name: name)
        for bytes in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let line = String(decoding: bytes, as: UTF8.self)
            if let record = step(line, after: history.steps.last) {
                history.append(record)
            } else if let record = validation(line, history) {
                history.append(record)
            }
        }
        history.steps.fillLossRatios()
        return history
    }

    private static func step(_ line: String, after previous: StepRecord?) -> StepRecord? {
        guard let start = line.firstRange(of: "iteration"), line.contains("|"), line.contains("elapsed time per iteration") else {
            return nil
        }
        var record = StepRecord()
        var milliseconds = Double.nan
        var samplesPerSecond = Double.nan
        for field in line[start.lowerBound...].split(separator: "|") {
            let field = trimmed(field)
            if field.hasPrefix("iteration"), let slash = field.firstIndex(of: "/") {
                record.step = count(Double(trimmed(field[field.index(field.startIndex, offsetBy: 9)..<slash])))
                continue
            }
            guard let colon = field.lastIndex(of: ":"), let value = Double(trimmed(field[field.index(after: colon)...])) else { continue }
            switch field[..<colon] {
            case "consumed samples": record.samples = count(value)
            case "consumed tokens": record.tokens = count(value)
            case "elapsed time per iteration (ms)": milliseconds = value
            case "learning rate": record.learningRate = value
            case "global batch size": record.rows = count(value)
            case "lm loss": record.loss = value
            case "grad norm": record.gradientNorm = value
            case "params norm": record.weightNorm = value
            case "curriculum seqlen": if record.length == 0 { record.length = count(value) }
            case "actual seqlen": record.length = count(value)
            case "samples per second": samplesPerSecond = value
            default: break
            }
        }
        guard record.step > 0 else { return nil }
        record.seconds = milliseconds / 1000
        // A line stands for all steps since the line before it.
        let steps = Double(record.step - (previous?.step ?? 0))
        record.elapsed = (previous?.elapsed ?? 0) + record.seconds * max(0, steps)
        if record.tokens == 0 && record.length > 0 {
            let (tokens, overflow) = (record.samples - (previous?.samples ?? 0)).multipliedReportingOverflow(by: record.length)
            if !overflow { record.tokens = count(Double((previous?.tokens ?? 0) &+ tokens)) }
        }
        if record.tokens > 0 {
            let tokens = Double(record.tokens - (previous?.tokens ?? 0))
            record.tokensPerSecond = steps > 0 ? tokens / (record.seconds * steps) : .nan
        } else if samplesPerSecond.isFinite && record.length > 0 {
            record.tokensPerSecond = samplesPerSecond * Double(record.length)
        }
        return record
    }

    /// `validation loss at iteration 1000 | lm loss value: 3.2 | lm loss PPL: 24.5 |`
    private static func validation(_ line: String, _ history: RunHistory) -> ValidationRecord? {
        guard let start = line.firstRange(of: "validation loss at"), let value = number(after: "lm loss value:", in: line) else {
            return nil
        }
        let last = history.steps.last
        let step = number(after: "iteration", in: String(line[start.lowerBound...])).map(count) ?? last?.step ?? 0
        let progress = TrainingProgress(steps: step, samples: last?.samples ?? 0, tokens: last?.tokens ?? 0)
        return ValidationRecord(progress: progress, elapsed: last?.elapsed ?? .nan, loss: value, targets: 0)
    }

    /// A count as the log spells it; 0 where it cannot be one.
    private static func count(_ value: Double?) -> Int {
        value.flatMap { Int(exactly: $0) }.flatMap { StepRecord.counts.contains($0) ? $0 : nil } ?? 0
    }

    private static func number(after mark: String, in line: String) -> Double? {
        guard let range = line.firstRange(of: mark) else { return nil }
        let rest = line[range.upperBound...].drop { $0 == " " }
        return Double(rest.prefix { $0 != " " && $0 != "|" })
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = text[...]
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return String(text)
    }
}
