import Metrics
import Quantities

/// A run as lines of text: one a step or every so many, in fixed columns that stay readable in a job log.
///
///        step    tokens  length      loss  ratio        rate   norm  tokens/s  left
///         120     45.1K      64    7.4312  1.002  6.0000e-04   0.83     18.2K  4m 10s  ▇▆▅▅▄▃▃▂▂▁
public struct ConsoleView: Sendable {
    /// Whether block characters and other marks may be used (a UTF-8 locale).
    public let usesUnicode: Bool
    private var losses: [Double] = []
    private var linesSinceHeading = Int.max

    public init(usesUnicode: Bool) { self.usesUnicode = usesUnicode }

    /// The lines to print for `event`: a heading comes first and again every thirty lines; none for a step that is not due.
    public mutating func lines(for event: TrainingEvent, every interval: Int = 1) -> [String] {
        switch event {
        case .step(let record, let forecast):
            if record.loss.isFinite { losses.append(record.loss) }
            if losses.count > 400 { losses.removeFirst(200) }
            guard record.step == 1 || record.step % max(1, interval) == 0 || forecast.tokensLeft <= 0 else { return [] }
            let line =
                Self.columns.map { QuantityText.padded($0.text(record, forecast), $0.width) }.joined(separator: "  ") + "  " + sparkline
            linesSinceHeading = linesSinceHeading >= 30 ? 1 : linesSinceHeading + 1
            return linesSinceHeading == 1 ? [Self.heading, Self.trimmed(line)] : [Self.trimmed(line)]
        case .validation(let record, let isBest):
            let best = isBest ? (usesUnicode ? "  ★ best so far" : "  * best so far") : ""
            return [
                "\(QuantityText.padded(QuantityText.count(record.progress.steps), 9))  validation loss \(QuantityText.fixed(record.loss, 4))"
                    + "  perplexity \(QuantityText.significant(record.perplexity))\(best)"
            ]
        case .checkpoint(let path): return ["\(String(repeating: " ", count: 9))  checkpoint \(path)"]
        case .notice(let text): return [text]
        }
    }

    /// The last losses as a row of blocks, oldest first; empty without Unicode.
    public var sparkline: String {
        guard usesUnicode, losses.count > 1 else { return "" }
        let shown = losses.suffix(200)
        let cells = min(10, shown.count)
        let means = (0..<cells).map { cell -> Double in
            let part = Array(shown)[cell * shown.count / cells..<(cell + 1) * shown.count / cells]
            return part.reduce(0, +) / Double(part.count)
        }
        guard let low = means.min(), let high = means.max(), high > low, high.isFinite else { return "" }
        let blocks = Array("▁▂▃▄▅▆▇█")
        return String(means.map { blocks[Int(($0 - low) / (high - low) * 7.999)] })
    }

    private struct Column: Sendable {
        var name: String
        var width: Int
        var text: @Sendable (StepRecord, TrainingForecast) -> String
    }

    private static let columns: [Column] = [
        Column(name: "step", width: 9) { record, _ in QuantityText.count(record.step) },
        Column(name: "tokens", width: 7) { record, _ in QuantityText.compact(Double(record.tokens)) },
        Column(name: "done", width: 6) { _, forecast in QuantityText.fixed(forecast.share * 100, 1) + "%" },
        Column(name: "length", width: 6) { record, _ in "\(record.length)" },
        Column(name: "loss", width: 8) { record, _ in QuantityText.fixed(record.loss, 4) },
        Column(name: "ratio", width: 6) { record, _ in record.lossRatio.isNaN ? "-" : QuantityText.fixed(record.lossRatio, 3) },
        Column(name: "rate", width: 8) { record, _ in QuantityText.scientific(record.learningRate, 2) },
        Column(name: "norm", width: 7) { record, _ in QuantityText.fixed(record.gradientNorm, 3) },
        Column(name: "tokens/s", width: 8) { record, _ in QuantityText.compact(record.tokensPerSecond) },
        Column(name: "left", width: 7) { _, forecast in forecast.secondsLeft.map(QuantityText.duration) ?? "-" },
    ]

    private static let heading = columns.map { QuantityText.padded($0.name, $0.width) }.joined(separator: "  ")

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
