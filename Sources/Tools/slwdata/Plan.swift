import CommandKit
import Files
import JSON
import LengthWarmup
import Quantities
import ScheduleFlags

/// `slwdata plan`
enum PlanCommand {
    static let exact = Option.flag("--exact", "plan every step, for as long as that takes: else a plan of very many steps is estimated")

    static let command = Command(
        "plan", "the schedule of a run before paying for it: steps, tokens, dropped, reused",
        discussion: [
            "Runs the plan that slw-train would run, without touching a token. With --data an epoch is that of its training split; without, it is as large as the budget. What is not given is chosen as slw-train does: 16 rows of 256 tokens, linear warmup from 8 over 30 % of the steps, tails reused, and with --data one epoch of it, or as much as a model of --num-layers and --hidden-size trains in some minutes. A preset of slw-train is no word of plan: give what it stands for."
        ],
        examples: [
            "slwdata plan --data some",
            "slwdata plan --data some --curriculum olmo:rows=melt --table steps.tsv",
            "slwdata plan --seq-length 1024 --global-batch-size 512 --train-tokens 157286400000 --slw-start 8 --slw-steps 60K --tails drop",
        ],
        options: PlanInputs.groups + [OptionGroup("Effort and output", [exact, PlanSteps.table])], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let words = try ScheduleFlags.words(call)
        if let choice = try PlanDocuments.choice(words, call) { return try PlanDocuments.run(choice, words, call) }
        let inputs = try PlanInputs(call)
        call.console.beginProgress("planning", unit: .things("tokens"), total: inputs.configuration.trainTokens)
        let forecast = try PlanForecast(inputs.configuration, samples: inputs.samples, isExact: call[exact]) { trained in
            call.console.updateProgress(trained)
            return !StopSignal.isRequested
        }
        if StopSignal.isRequested { throw CommandEnd.interrupted("interrupted after step \(forecast.counts.steps)") }
        // Step by step where there is something to see in the steps, and they are few enough or asked for.
        let isCurriculum = words.word(.curriculum) != nil || inputs.configuration.pacing.function is CurriculumPacing
        var ranges: [ScheduleRange] = []
        if call.isGiven(PlanSteps.table) || isCurriculum && (!forecast.isEstimated || call[exact]) {
            guard let walked = try PlanSteps.walk(inputs, call) else {
                throw CommandEnd.interrupted("interrupted while the steps were written")
            }
            ranges = isCurriculum ? walked : []
        }
        call.console.endProgress()
        if let remark = inputs.remark { call.console.warn(remark) }
        var counts = forecast.counts
        // A plan touches no data: the share of a pass stands for that of what is served.
        let masked = inputs.source.map { MaskedShare.of($0, rules: inputs.configuration.rowRules) } ?? 0
        counts.masked = Int((Double(counts.trained) * masked).rounded())
        counts.trained -= counts.masked
        let full = inputs.configuration.pacing.fullLengthStep(full: inputs.configuration.sequenceLength)
        if call.wantsJSON {
            var json: JSONObject = [
                "steps": JSONValue(counts.steps), "estimated": .bool(forecast.isEstimated),
                "trained_tokens": JSONValue(counts.trained), "masked_tokens": JSONValue(counts.masked),
                "fetched_tokens": JSONValue(counts.fetched),
                "dropped_tokens": JSONValue(counts.dropped), "reused_tokens": JSONValue(counts.reused),
                "outstanding_tokens": JSONValue(counts.outstanding), "epochs": JSONValue(forecast.epoch + 1),
                "passes": JSONValue(Double(counts.fetched) / Double(inputs.samples * inputs.configuration.sequenceLength)),
                "samples": JSONValue(inputs.samples), "seq_length": JSONValue(inputs.configuration.sequenceLength),
                "global_batch_size": JSONValue(inputs.configuration.globalBatchSize), "full_length_step": JSONValue(full),
                "ledger_runs": JSONValue(forecast.mostRuns),
            ]
            if isCurriculum { json["ranges"] = PlanSteps.json(ranges) }
            return call.console.print(JSONValue.object(json).serialized())
        }
        let share = { (tokens: Int, all: Int) in all == 0 ? "" : "  (\(QuantityText.percent(Double(tokens) / Double(all))))" }
        var rows =
            inputs.rows + [
                ("", ""),
                (
                    "steps",
                    QuantityText.count(counts.steps)
                        + (forecast.isEstimated ? " (estimated, as all that follows: --exact plans every step)" : "")
                ), ("trained", QuantityText.count(counts.trained) + " tokens"),
                (
                    "fetched",
                    "\(QuantityText.count(counts.fetched)) tokens, \(QuantityText.fixed(Double(counts.fetched) / Double(inputs.samples * inputs.configuration.sequenceLength), 2)) passes over the data"
                ), ("from tails", "\(QuantityText.count(counts.reused)) tokens" + share(counts.reused, counts.served)),
                ("outstanding", "\(QuantityText.count(counts.outstanding)) tokens" + share(counts.outstanding, counts.fetched)),
                ("dropped", "\(QuantityText.count(counts.dropped)) tokens" + share(counts.dropped, counts.fetched)),
            ]
        if counts.masked > 0 {
            rows.append(("without loss", "about \(QuantityText.count(counts.masked)) tokens" + share(counts.masked, counts.served)))
        }
        call.console.print(TextTable.pairs(rows).text)
        if !ranges.isEmpty { call.console.print("\n" + PlanSteps.text(ranges)) }
        for line in forecast.picture(width: max(20, min(72, Terminal.output.width - 16))) { call.console.print(line) }
    }
}

extension PlanForecast {
    /// Lengths by step, and beneath them what the ledger held.
    fileprivate func picture(width: Int) -> [String] {
        guard counts.steps > 1 else { return [] }
        let columns = min(width, counts.steps)
        func sampled(_ value: (_ point: Int, _ step: Int) -> Double) -> [Double] {
            var point = 0
            return (0..<columns).map { column in
                let step = Int(Double(counts.steps - 1) * Double(column) / Double(max(1, columns - 1))) + 1
                while point < points.count - 1, points[point].steps < step { point += 1 }
                return value(point, step)
            }
        }
        var lines = ["", "sequence length by step"]
        lines += Chart.columns(sampled { point, _ in Double(points[point].length) }, height: 6) { QuantityText.compact($0) }
        if points.contains(where: { $0.outstanding > 0 }) {
            let outstanding = sampled { point, step in
                let (before, after) = (point == 0 ? (0, 0) : (points[point - 1].steps, points[point - 1].outstanding), points[point])
                let share = Double(step - before.0) / Double(max(1, after.steps - before.0))
                return Double(before.1) + (Double(after.outstanding) - Double(before.1)) * min(share, 1)
            }
            lines += ["", "tokens in the ledger by step"]
            lines += Chart.columns(outstanding, height: 4) { QuantityText.compact($0) }
        }
        return lines
    }
}
