import CommandKit
import Files
import JSON
import Metrics
import Quantities
import Reports
import Training

/// `slw-train report RUN…`
enum ReportCommand {
    static let output = Option<String?>.text("--output", "FILE", "where the page goes").defaulting(
        to: "report.html of the run; report.html here for several")

    static let command = Command(
        "report", "write the page of a run, or of several side by side",
        discussion: [
            """
            One HTML file without scripts: losses, sequence length, learning rate, gradient norm, Adam's state, the ledger, speed; by \
            tokens, steps and time. Also reads console logs of Megatron-LM and Megatron-DeepSpeed.
            """
        ],
        examples: ["slw-train report runs/2026-11-21-some", "slw-train report baseline.log runs/slw --output both.html"],
        operands: [.many("RUN", "run folders or Megatron's console logs")], options: [OptionGroup("Output", [output])], printsJSON: true,
        run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let histories = try call.operands.map { word in
            FileSystem.isDirectory(word) ? try RunFolder(word).history() : try MegatronLog.read(word)
        }
        let first = call.operands[0]
        let isOneRun = call.operands.count == 1 && FileSystem.isDirectory(first)
        let path = call[output] ?? (isOneRun ? RunFolder(first).reportFile : "report.html")
        if isOneRun && call[output] == nil {
            try RunFolder(first).writeReport()
        } else {
            try FileSystem.writeAtomically(Array(Report(histories).html.utf8), to: path)
        }
        if call.wantsJSON {
            return call.console.print(JSONValue.object(["report": JSONValue(path), "runs": .array(histories.map(json))]).serialized())
        }
        var table = TextTable([
            ("run", .left), ("steps", .right), ("tokens", .right), ("loss", .right), ("validation", .right), ("ratio > 1.2", .right),
        ])
        for history in histories {
            let statistics = StabilityStatistics(history.steps)
            table.add([
                PathName.printable(history.name), QuantityText.count(history.steps.last?.step ?? 0),
                QuantityText.compact(Double(history.steps.last?.tokens ?? 0)),
                history.steps.last.map { QuantityText.fixed($0.loss, 4) } ?? "-",
                history.validations.last.map { QuantityText.fixed($0.loss, 4) } ?? "-", QuantityText.count(statistics.above12),
            ])
        }
        call.console.print(table.text)
        call.console.print("\n\(PathName.printable(path))")
    }

    private static func json(_ history: RunHistory) -> JSONValue {
        let statistics = StabilityStatistics(history.steps)
        return [
            "name": JSONValue(history.name), "steps": JSONValue(history.steps.last?.step ?? 0),
            "tokens": JSONValue(history.steps.last?.tokens ?? 0),
            "train_loss": JSONValue(history.steps.last?.loss), "validation_loss": JSONValue(history.validations.last?.loss),
            "loss_ratio_above_1_2": JSONValue(statistics.above12), "loss_ratio_above_1_5": JSONValue(statistics.above15),
            "largest_loss_ratio": JSONValue(statistics.maximumRatio), "largest_loss_ratio_step": JSONValue(statistics.maximumStep),
            "clipped_steps": JSONValue(statistics.clippedSteps),
            "ratio_with_variance_norm": correlation(statistics.varianceNormCorrelation),
            "ratio_with_variance_maximum": correlation(statistics.varianceMaxCorrelation),
            "best_validation_loss": JSONValue(history.validations.map(\.loss).min()),
            "masked": JSONValue(history.steps.last.flatMap { $0.masked.isFinite ? $0.masked : nil }),
            "outstanding": JSONValue(history.steps.last?.outstanding), "dropped": JSONValue(history.steps.last?.dropped),
        ]
    }

    private static func correlation(_ value: PearsonCorrelation?) -> JSONValue {
        guard let value else { return .null }
        return ["r": JSONValue(value.r), "p": JSONValue(value.p)]
    }
}
