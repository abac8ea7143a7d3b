import Drawing
public import Files
import JSON
public import Metrics
import Quantities

/// What one or several runs measured, as one page that needs nothing but a browser.
///
/// Everything on the page is computed from the histories given; a quantity that was not measured has no figure.
public struct Report: Sendable {
    public var runs: [RunHistory]
    /// Date and program, printed at the foot.
    public var origin: String

    public init(_ runs: [RunHistory], origin: String? = nil) {
        self.runs = runs
        self.origin = origin ?? "slw-train, \(Timestamp.now())"
    }

    /// The page.
    public var html: String {
        let title = runs.count == 1 ? runs[0].name : "\(runs.count) runs compared"
        var body = runs.count == 1 ? tiles(runs[0]) : ""
        if runs.count > 1 { body += "<h2>At a glance</h2>" + comparison }
        for section in figureSections {
            let figures = section.figures.map { $0.html(of: runs) }.filter { !$0.isEmpty }
            if !figures.isEmpty { body += "<h2>\(section.title)</h2><div class=\"figures\">\(figures.joined(separator: "\n"))</div>" }
        }
        body += "<h2>Stability in numbers</h2>" + stability
        let configurations = runs.filter { $0.configuration?.object != nil }
        if !configurations.isEmpty { body += "<h2>Configuration</h2>" + configurationTable(configurations) }
        let recorders = runs.count == 1 ? "run" : "runs"
        return Page.html(
            title: title, header: header(title), body: body,
            footer: Page.escaped("Made by \(origin). Every number is computed from what the \(recorders) recorded step by step."))
    }

    /// Writes the page; the name appears when it is complete.
    public func write(to path: String) throws(FileError) {
        try FileSystem.writeAtomically(Array(html.utf8), to: path)
    }

    private func header(_ title: String) -> String {
        var text = "<h1>\(Page.escaped(title))</h1>"
        let sentences = runs.map { run -> String in
            var parts: [String] = []
            if let model = run.configuration?["model"]?.object, let layers = model["layers"]?.int, let width = model["width"]?.int {
                parts.append("GPT with \(layers) layers, \(width) wide")
            }
            if let last = run.steps.last {
                parts.append("\(QuantityText.compact(Double(last.tokens))) tokens in \(QuantityText.count(last.step)) steps")
                if last.elapsed.isFinite { parts.append(QuantityText.duration(last.elapsed)) }
            }
            return (runs.count > 1 ? run.name + ": " : "") + parts.joined(separator: " · ")
        }
        for sentence in sentences { text += "<p class=\"lead\">\(Page.escaped(sentence))</p>" }
        return text
    }

    private func tiles(_ run: RunHistory) -> String {
        let statistics = StabilityStatistics(run.steps)
        var tiles: [(value: String, name: String, note: String)] = []
        if let last = run.steps.last {
            tiles.append((QuantityText.fixed(run.recentLoss, 4), "training loss", "mean of the last steps"))
            if let best = run.validations.min(by: { $0.loss < $1.loss }) {
                let final = run.validations.last!
                tiles.append(
                    (
                        QuantityText.fixed(final.loss, 4), "validation loss",
                        "best \(QuantityText.fixed(best.loss, 4)) at step \(QuantityText.count(best.progress.steps))"
                    ))
                tiles.append((QuantityText.significant(final.perplexity), "validation perplexity", "at full length"))
            }
            tiles.append((QuantityText.compact(Double(last.tokens)), "tokens trained", "\(QuantityText.count(last.step)) steps"))
            if !statistics.maximumRatio.isNaN {
                tiles.append(
                    (
                        QuantityText.count(statistics.above12), "spikes (loss ratio > 1.2)",
                        "largest \(QuantityText.fixed(statistics.maximumRatio, 3))"
                    ))
            }
            if statistics.stepsWithClipping > 0 {
                tiles.append(
                    (
                        RunTable.percent(statistics.clippedSteps, statistics.stepsWithClipping), "steps clipped",
                        "\(QuantityText.count(statistics.clippedSteps)) of \(QuantityText.count(statistics.stepsWithClipping))"
                    ))
            }
            if last.dropped.isFinite {
                tiles.append(
                    (
                        QuantityText.compact(last.dropped), "tokens dropped",
                        "\(QuantityText.compact(last.outstanding)) waiting in the ledger"
                    ))
            }
            if let speed = run.overallSpeed {
                tiles.append(
                    (
                        QuantityText.compact(speed), "tokens per second",
                        last.elapsed.isFinite ? "over \(QuantityText.duration(last.elapsed))" : ""
                    ))
            }
        }
        return Page.tiles(tiles)
    }

    private var comparison: String {
        let rows = RunTable.rows.map { row in [row.name] + runs.map(row.value) }.filter { $0.dropFirst().contains { $0 != "–" } }
        return "<div class=\"panel\">\(Page.table([""] + runs.map(\.name), rows))</div>"
    }

    private var stability: String {
        let statistics = runs.map { StabilityStatistics($0.steps) }
        func row(_ name: String, _ value: (StabilityStatistics) -> String) -> [String] { [name] + statistics.map(value) }
        func correlation(_ value: PearsonCorrelation?) -> String {
            guard let value else { return "–" }
            let chance = value.p < 1e-300 ? "p < 1e-300" : "p = \(QuantityText.significant(value.p, 2))"
            return "\(QuantityText.fixed(value.r, 3)) (\(chance))"
        }
        let rows = [
            row("Steps with loss ratio above 1.2") { "\(QuantityText.count($0.above12)) (\(RunTable.percent($0.above12, $0.steps)))" },
            row("Steps with loss ratio above 1.5") { "\(QuantityText.count($0.above15)) (\(RunTable.percent($0.above15, $0.steps)))" },
            row("Largest loss ratio") {
                $0.maximumRatio.isNaN ? "–" : "\(QuantityText.fixed($0.maximumRatio, 3)) at step \(QuantityText.count($0.maximumStep))"
            },
            row("Clipped steps") {
                $0.stepsWithClipping == 0
                    ? "–" : "\(QuantityText.count($0.clippedSteps)) (\(RunTable.percent($0.clippedSteps, $0.stepsWithClipping)))"
            },
            row("Correlation of loss ratio with Σ√v") { correlation($0.varianceNormCorrelation) },
            row("Correlation of loss ratio with max √v") { correlation($0.varianceMaxCorrelation) },
        ]
        return "<div class=\"panel\">\(Page.table([""] + runs.map(\.name), rows))"
            + "<p class=\"note\">Loss ratio: a step’s loss over the smallest loss of all steps before it. Correlations are Pearson’s, "
            + "with exact two-sided p-values of Student’s t.</p></div>"
    }

    private func configurationTable(_ runs: [RunHistory]) -> String {
        var names: [String] = []
        let flat = runs.map { run in Self.flattened(run.configuration!) }
        for entries in flat { for (name, _) in entries where !names.contains(name) { names.append(name) } }
        let rows = names.map { name in [name] + flat.map { entries in entries.first { $0.0 == name }?.1 ?? "–" } }
        let half = runs.count == 1 && rows.count > 12 ? (rows.count + 1) / 2 : rows.count
        let heading = ["option"] + (runs.count == 1 ? ["value"] : runs.map(\.name))
        let parts = [Array(rows[..<half]), Array(rows[half...])].filter { !$0.isEmpty }
        return "<div class=\"split config\">" + parts.map { "<div class=\"panel\">\(Page.table(heading, $0))</div>" }.joined() + "</div>"
    }

    /// Members of nested objects under dotted names.
    private static func flattened(_ value: JSONValue, _ prefix: String = "") -> [(String, String)] {
        guard let object = value.object else {
            let text = value.string ?? value.serialized()
            return [(prefix, text.count > 120 ? String(text.prefix(119)) + "…" : text)]
        }
        return object.flatMap { flattened($0.value, prefix.isEmpty ? $0.key : "\(prefix).\($0.key)") }
    }
}
