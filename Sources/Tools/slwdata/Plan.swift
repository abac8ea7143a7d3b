import CommandKit
import Files
import JSON
import LengthWarmup
import Quantities

/// `slwdata plan`
enum PlanCommand {
    static let command = Command(
        "plan", "the schedule of a run before paying for it: steps, tokens, dropped, reused",
        discussion: [
            "Runs the plan that slw-train would run, without touching a token. With --data an epoch is that of its training split; without, it is as large as the budget. What is not given is chosen as slw-train does: 16 rows of 256 tokens, linear warmup from 8 over 30 % of the steps, tails reused, and with --data one epoch of it, or as much as a model of --num-layers and --hidden-size trains in some minutes. A preset of slw-train is no word of plan: give what it stands for."
        ],
        examples: [
            "slwdata plan --data some",
            "slwdata plan --seq-length 1024 --global-batch-size 512 --train-tokens 157286400000 --slw-start 8 --slw-steps 60K --tails drop",
        ],
        options: PlanInputs.groups, printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let inputs = try PlanInputs(call)
        var plan = try TrainingPlan(inputs.configuration, samples: inputs.samples)
        var course = PlanCourse()
        call.console.beginProgress("planning", unit: .things("tokens"), total: inputs.configuration.trainTokens)
        while let step = plan.nextStep() {
            course.add(step, plan)
            // Adaptive pacing without a loss to watch: the soonest that it can reach full length.
            plan.observe(loss: 1)
            if step.step % 4096 == 0 { call.console.updateProgress(plan.counts.trained) }
            if StopSignal.isRequested { throw CommandEnd.interrupted("interrupted after step \(step.step)") }
        }
        call.console.endProgress()
        let counts = plan.counts
        let full = inputs.configuration.pacing.fullLengthStep(full: inputs.configuration.sequenceLength)
        if call.wantsJSON {
            let json: JSONValue = [
                "steps": JSONValue(counts.steps), "trained_tokens": JSONValue(counts.trained), "fetched_tokens": JSONValue(counts.fetched),
                "dropped_tokens": JSONValue(counts.dropped), "reused_tokens": JSONValue(counts.reused),
                "outstanding_tokens": JSONValue(counts.outstanding), "epochs": JSONValue(plan.epoch + 1),
                "passes": JSONValue(Double(counts.fetched) / Double(inputs.samples * inputs.configuration.sequenceLength)),
                "samples": JSONValue(inputs.samples), "seq_length": JSONValue(inputs.configuration.sequenceLength),
                "global_batch_size": JSONValue(inputs.configuration.globalBatchSize), "full_length_step": JSONValue(full),
                "ledger_runs": JSONValue(course.mostRuns),
            ]
            return call.console.print(json.serialized())
        }
        let share = { (tokens: Int, all: Int) in all == 0 ? "" : "  (\(QuantityText.percent(Double(tokens) / Double(all))))" }
        let rows =
            inputs.rows + [
                ("", ""), ("steps", QuantityText.count(counts.steps)), ("trained", QuantityText.count(counts.trained) + " tokens"),
                (
                    "fetched",
                    "\(QuantityText.count(counts.fetched)) tokens, \(QuantityText.fixed(Double(counts.fetched) / Double(inputs.samples * inputs.configuration.sequenceLength), 2)) passes over the data"
                ), ("from tails", "\(QuantityText.count(counts.reused)) tokens" + share(counts.reused, counts.trained)),
                ("outstanding", "\(QuantityText.count(counts.outstanding)) tokens" + share(counts.outstanding, counts.fetched)),
                ("dropped", "\(QuantityText.count(counts.dropped)) tokens" + share(counts.dropped, counts.fetched)),
            ]
        call.console.print(TextTable.pairs(rows).text)
        for line in course.picture(width: max(20, min(72, Terminal.output.width - 16))) { call.console.print(line) }
    }
}

/// What a plan did, for a picture: every step of a short plan, every so many of a long one, in bounded memory.
private struct PlanCourse {
    private static let limit = 1 << 14
    private var lengths: [Int] = []
    private var outstanding: [Int] = []
    private var stride = 1
    private(set) var mostRuns = 0

    mutating func add(_ step: PlannedStep, _ plan: TrainingPlan) {
        mostRuns = max(mostRuns, plan.ledger.runCount)
        guard (step.step - 1) % stride == 0 else { return }
        lengths.append(step.sequenceLength)
        outstanding.append(plan.counts.outstanding)
        if lengths.count > Self.limit {
            lengths = Self.everySecond(lengths)
            outstanding = Self.everySecond(outstanding)
            stride *= 2
        }
    }

    private static func everySecond(_ values: [Int]) -> [Int] { values.indices.lazy.filter { $0 % 2 == 0 }.map { values[$0] } }

    /// Lengths by step, and beneath them what the ledger held.
    func picture(width: Int) -> [String] {
        guard lengths.count > 1 else { return [] }
        let columns = min(width, lengths.count)
        func sampled(_ value: (Int) -> Double) -> [Double] { (0..<columns).map { value($0 * (lengths.count - 1) / max(1, columns - 1)) } }
        var lines = ["", "sequence length by step"]
        lines += Chart.columns(sampled { Double(lengths[$0]) }, height: 6) { QuantityText.compact($0) }
        if outstanding.contains(where: { $0 > 0 }) {
            lines += ["", "tokens in the ledger by step"]
            lines += Chart.columns(sampled { Double(outstanding[$0]) }, height: 4) { QuantityText.compact($0) }
        }
        return lines
    }
}
