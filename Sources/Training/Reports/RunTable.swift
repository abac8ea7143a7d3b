import Metrics
import Quantities

/// The figures that sum up a run, as rows of the comparison.
enum RunTable {
    /// Name and value of a row; "–" where a run did not measure it.
    static let rows: [(name: String, value: @Sendable (RunHistory) -> String)] = [
        ("Steps", { $0.steps.last.map { QuantityText.count($0.step) } ?? "–" }),
        ("Tokens trained", { $0.steps.last.map { QuantityText.count($0.tokens) } ?? "–" }),
        ("Training loss at the end", { number($0.recentLoss, 4) }),
        ("Validation loss at the end", { $0.validations.last.map { number($0.loss, 4) } ?? "–" }),
        ("Best validation loss", { $0.validations.map(\.loss).min().map { number($0, 4) } ?? "–" }),
        ("Validation perplexity at the end", { $0.validations.last.map { QuantityText.significant($0.perplexity) } ?? "–" }),
        ("Training time", { $0.steps.last.map { $0.elapsed.isFinite ? QuantityText.duration($0.elapsed) : "–" } ?? "–" }),
        ("Tokens per second", { $0.overallSpeed.map { QuantityText.compact($0) } ?? "–" }),
        ("Tokens without loss", { $0.steps.last.map { count($0.masked) } ?? "–" }),
        ("Tokens in the ledger", { $0.steps.last.map { count($0.outstanding) } ?? "–" }),
        ("Tokens dropped", { $0.steps.last.map { count($0.dropped) } ?? "–" }),
    ]

    private static func count(_ value: Double) -> String { Int(exactly: value.rounded()).map(QuantityText.count) ?? "–" }

    /// `3.68 %`.
    static func percent(_ part: Int, _ whole: Int) -> String {
        whole == 0 ? "–" : QuantityText.significant(100 * Double(part) / Double(whole), 3) + " %"
    }

    private static func number(_ value: Double, _ decimals: Int) -> String { value.isNaN ? "–" : QuantityText.fixed(value, decimals) }
}
