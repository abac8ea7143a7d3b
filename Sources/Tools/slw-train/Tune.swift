import CommandKit
import Files
import JSON
import Metrics
import Quantities
import Sampling
import LengthWarmup
import ScheduleFlags
import Training
import Transformer
import Tuning

/// `slw-train tune`: which start and duration of the length warmup a run needs.
enum TuneCommand {
    static let folder = Option<String?>.text("--out", "DIR", "where probes and tune.json are kept; the same call goes on there").defaulting(
        to: "runs/tune-<first data set>")
    static let multiples = Option.count(
        "--multiples", default: TuningOptions().multiples, in: 1...1000, "how many lengths of the learning-rate warmup a probe lasts")
    static let probeSteps = Option<Int?>.count("--probe-steps", in: 1...1 << 40, "steps of a probe, and the first T to be tried")
        .defaulting(to: "--multiples lengths of the learning-rate warmup")
    static let fluctuation = Option<Double?>.number(
        "--fluctuation", in: 1...1000, "a validation perplexity above so many times the best before it is unstable"
    ).defaulting(to: "1.3")
    static let durationLimit = Option<Int?>.count("--duration-limit", "T", in: 1...1 << 40, "largest T to be tried").defaulting(
        to: "steps of the whole run at full length")
    /// Only pacings that have a start and a duration.
    static let pacing = Option<String?>.choice(
        "--slw-pacing", "PACING", of: TuningPlan.pacings, "how sequence length grows"
    ).defaulting(to: "linear")
    static let seeds = Option.count(
        "--seeds", default: TuningOptions().seeds, in: 1...1000,
        "probes of a trial, with --seed and the numbers after it: all must be stable")
    static let resolution = Option<Int?>.count("--resolution", "STEPS", in: 1...1 << 40, "how exactly T is searched").defaulting(
        to: "an eighth of the first T")
    // The same names as when training, where the defaults are made for longer runs.
    static let validationInterval = Option<Int?>.count("--eval-interval", in: 1...1 << 40, "steps between validations").defaulting(
        to: "a sixtieth of the first T")
    static let validationTokens = Option<Int?>.count("--eval-tokens", in: 1...Int.max, "targets of a validation").defaulting(
        to: "two batches")
    static let saveInterval = Option<Int?>.count("--save-interval", in: 1...1 << 40, "steps between checkpoints").defaulting(
        to: "a quarter of the first T")
    static let anyway = Option.flag("--search-anyway", "search also when the untuned baseline is stable")
    static let dryRun = Option.flag("--dry-run", "print how long a probe is and which come first, train nothing")

    static let command = Command(
        "tune", "find start and duration of the length warmup by short runs",
        discussion: [
            """
            The paper's low-cost strategy: begin with length 8; raise it until validation perplexity no longer fluctuates at the very \
            beginning; then take the largest T without a fluctuation in the first few multiples of the learning-rate warmup, by binary \
            search. The untuned baseline is probed first: when it is stable, that is said and the search ends.
            """,
            """
            Takes the options of the run that is tuned. Probes are short runs under --out, trained once; a call that was stopped or \
            killed goes on.
            """,
        ],
        examples: ["slw-train tune --data some --lr 1e-2", "slw-train tune --data some --preset tiny --probe-steps 60 --dry-run"],
        options: [
            OptionGroup("Search", [folder, fluctuation, durationLimit, resolution, anyway, dryRun]),
            OptionGroup("Probes", [seeds, multiples, probeSteps, validationInterval, validationTokens, saveInterval]),
        ] + TrainingOptions.describing, printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let configuration = try TrainingOptions.configuration(call)
        guard let first = configuration.data.first else {
            throw call.misuse("--data is missing", hint: "\(ScheduleFlags.data.definition.usage), the prefix of a token index")
        }
        let plan = try TrainingOptions.using(call) {
            try BlasCore.settle(call, precision: configuration.precision) { KernelRace.Shape(try Trainer.resolved(configuration)) }
            return try TuningPlan(configuration, try options(call))
        }
        if plan.configuration.precision != configuration.precision { call.console.note(ProductPrecision.bfloat16IsMissing) }
        let place = call[folder] ?? "runs/tune-\(FileSystem.name(of: first.prefix))"
        if call[dryRun] { return describe(plan, call) }

        var view = TuningView(plan, call)
        let result = try Tuner(plan, in: place).run { view.show($0) }
        call.console.endProgress()
        let words = commandLine(call, result.chosen)
        var object = result.json.object!
        object["command"] = result.chosen == nil ? .null : .array(words.map { JSONValue($0) })
        try FileSystem.writeAtomically(Array((JSONValue.object(object).serialized(pretty: true) + "\n").utf8), to: place + "/tune.json")
        if call.wantsJSON {
            call.console.print(JSONValue.object(object).serialized())
        } else {
            call.console.print("\n" + conclusion(result, ShellText.line(words)))
        }
        if result.ending == .stopped {
            throw CommandEnd.interrupted("interrupted in \(PathName.printable(place)); the same call goes on there")
        }
    }

    private static func options(_ call: Invocation) throws(UsageError) -> TuningOptions {
        if call.isGiven(multiples) && call.isGiven(probeSteps) {
            throw call.misuse("--multiples and --probe-steps both say how long a probe is", hint: "give one of them")
        }
        var options = TuningOptions()
        options.multiples = call[multiples]
        options.probeSteps = call[probeSteps]
        options.seeds = call[seeds]
        options.fluctuation = call[fluctuation] ?? options.fluctuation
        options.durationLimit = call[durationLimit]
        options.resolution = call[resolution]
        options.searchesAnyway = call[anyway]
        return options
    }

    /// The run that was tuned, as the person described it, with the warmup that was found.
    private static func commandLine(_ call: Invocation, _ trial: WarmupTrial?) -> [String] {
        var words = ["slw-train"] + TrainingOptions.describing.flatMap(\.options).flatMap { call.words(of: $0) }
        if let trial { words += ["--slw-start", "\(trial.start)", "--slw-steps", "\(trial.duration)"] }
        return words
    }

    private static func conclusion(_ result: TuningResult, _ command: String) -> String {
        let limit = QuantityText.fixed(result.plan.options.fluctuation, 2)
        switch result.ending {
        case .stopped: return "stopped before the search was at its end"
        case .stableBaseline:
            return
                """
                no spike \(scope(result.plan)): at full length from the first step on, perplexity never exceeds \(limit) times its best; \
                for stability this run needs no length warmup
                """
        case .searched(.found): return "stable \(scope(result.plan)); what comes later was not tried:\n" + command
        case .searched(.nothingStable):
            return
                """
                no length warmup keeps perplexity below \(limit) times its best: lower the learning rate, lengthen its warmup, try \
                --init spike-no-more, or allow more with --fluctuation
                """
        }
    }

    /// What the probes have seen, so that nothing is claimed of other seeds and of what comes behind them.
    private static func scope(_ plan: TuningPlan) -> String {
        let seeds = plan.seeds.count == 1 ? "seed \(plan.seeds[0])" : "seeds \(plan.seeds.first!) to \(plan.seeds.last!)"
        return "with \(seeds) in the first \(TuningView.text(plan.window))"
    }

    private static func describe(_ plan: TuningPlan, _ call: Invocation) {
        if call.wantsJSON {
            let trials = plan.search.firstTrials.map { _, trial in
                JSONValue.object(["start": JSONValue(trial.start), "duration": JSONValue(trial.duration)])
            }
            return call.console.print(
                JSONValue.object([
                    "first_duration": JSONValue(plan.search.firstDuration), "duration_limit": JSONValue(plan.search.durationLimit),
                    "resolution": JSONValue(plan.search.resolution), "first_probes": .array(trials),
                ]).serialized())
        }
        let (window, beginning) = (TuningView.text(plan.window), TuningView.text(plan.beginning))
        call.console.print(
            TextTable.pairs([
                ("a probe lasts", window), ("its very beginning", beginning),
                ("validated", "every \(plan.configuration.validationInterval ?? 0) steps"),
                ("seeds", "\(plan.seeds.first!)" + (plan.seeds.count > 1 ? " to \(plan.seeds.last!), until one is unstable" : "")),
                ("unstable", "perplexity above \(QuantityText.fixed(plan.options.fluctuation, 2)) times its best so far"),
                ("T at most", "\(QuantityText.count(plan.search.durationLimit)), searched to \(plan.search.resolution) steps"),
            ]).text + "\n")
        var table = TextTable([("probe", .left), ("start", .right), ("T", .right), ("when", .left)])
        table.add(["baseline", "", "", "first"])
        for (verdict, trial) in plan.search.firstTrials {
            let condition = verdict.map { "third, if the second is \($0.rawValue)" } ?? "second, unless the baseline is stable"
            table.add(["", "\(trial.start)", QuantityText.count(trial.duration), condition])
        }
        call.console.print(table.text)
    }
}

/// A search, seen from the terminal: a row for each probe as soon as it is complete, and how far the one at work is.
struct TuningView {
    private let plan: TuningPlan
    private let console: Console
    private let printsRows: Bool
    private var table: TextTable
    private var shownLines = 0

    init(_ plan: TuningPlan, _ call: Invocation) {
        self.plan = plan
        console = call.console
        printsRows = !call.wantsJSON
        // Headings are padded, so that columns stay where they are when rows are added.
        let columns: [(String, TextTable.Alignment)] = [
            ("   start", .right), ("        T", .right), ("  steps", .right), ("largest ratio", .right), ("at step", .right),
            ("verdict         ", .left), ("seconds", .right),
        ]
        table = TextTable(columns + (plan.seeds.count > 1 ? [("  seed", .right)] : []))
    }

    mutating func show(_ event: TuningEvent) {
        switch event {
        case .began(let trial, let seed, _):
            console.beginProgress("probe \(name(of: trial, seed))", unit: unit, total: plan.window.count)
        case .training(.step(let record, _)):
            console.updateProgress(done(record), remark: "loss \(QuantityText.fixed(record.loss, 3))")
        case .training: break
        case .judged(let report):
            console.endProgress()
            table.add(cells(report))
            let lines = table.lines
            if printsRows { for line in lines[shownLines...] { console.print(line) } }
            shownLines = lines.count
        }
    }

    private var unit: ProgressUnit {
        switch plan.window {
        case .steps: .things("steps")
        case .samples: .things("samples")
        case .tokens: .things("tokens")
        }
    }

    private func done(_ record: StepRecord) -> Int {
        switch plan.window {
        case .steps: record.step
        case .samples: record.samples
        case .tokens: record.tokens
        }
    }

    private func cells(_ report: ProbeReport) -> [String] {
        let verdict = report.verdict
        let ratio = verdict.largest.ratio.isNaN ? "-" : QuantityText.fixed(verdict.largest.ratio, 3)
        return [
            report.trial.map { "\($0.start)" } ?? "baseline", report.trial.map { QuantityText.count($0.duration) } ?? "-",
            QuantityText.count(report.steps), verdict.divergedAt == nil ? ratio : "not finite",
            QuantityText.count(verdict.divergedAt ?? verdict.largest.step), report.stability.rawValue,
            QuantityText.fixed(report.seconds, 1),
        ] + (plan.seeds.count > 1 ? ["\(report.seed)"] : [])
    }

    private func name(of trial: WarmupTrial?, _ seed: Int) -> String {
        (trial.map { "start \($0.start), T \($0.duration)" } ?? "baseline") + (plan.seeds.count > 1 ? ", seed \(seed)" : "")
    }

    static func text(_ amount: TrainingAmount) -> String {
        switch amount {
        case .steps(let count): "\(QuantityText.count(count)) steps"
        case .samples(let count): "\(QuantityText.count(count)) samples"
        case .tokens(let count): "\(QuantityText.compact(Double(count))) tokens"
        }
    }
}
