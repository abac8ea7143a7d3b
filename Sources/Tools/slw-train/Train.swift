import CommandKit
import Files
import Hashing
import JSON
import Metrics
import Quantities
import Sampling
import LengthWarmup
import ScheduleFlags
import Training

/// `slw-train --data P`: begins a run.
enum TrainCommand {
    static let folder = Option<String?>.text("--run-dir", "DIR", "where the run is kept").also("--save").defaulting(
        to: "runs/<date>-<name>")
    static let name = Option<String?>.text("--name", "NAME", "name of the run").defaulting(to: "that of the first data set")
    static let stepLimit = Option<Int?>.count("--stop-after", "STEPS", "stop after this step of the run; resume goes on").also(
        "--exit-interval")

    static let group = OptionGroup("Run folder", [folder, name, stepLimit])

    @Sendable static func run(_ call: Invocation) throws {
        let configuration = try TrainingOptions.configuration(call)
        guard let first = configuration.data.first else {
            throw call.misuse(
                "--data is missing",
                hint: "\(ScheduleFlags.data.definition.usage), the prefix of a token index (slwdata preprocess makes one)")
        }
        let place = call[folder].map { RunFolder($0) } ?? RunFolder.unused(named: call[name] ?? FileSystem.name(of: first.prefix))
        try Trainer.checkUnused(place)
        let trainer = try TrainingOptions.using(call) {
            try BlasCore.settle(call, precision: configuration.precision) { KernelRace.Shape(try Trainer.resolved(configuration)) }
            return try Trainer.start(configuration, in: place)
        }
        for line in trainer.configuration.lines { call.console.note(line) }
        call.console.note("run: \(PathName.printable(place.path)) (Ctrl-C stops after the step; slw-train resume goes on)\n")
        try TrainingSession.run(trainer, call, stepLimit: call[stepLimit])
    }
}

/// `slw-train resume RUN`
enum ResumeCommand {
    static let command = Command(
        "resume", "go on with a run from its newest intact checkpoint",
        discussion: [
            """
            The loss curve is the one that an uninterrupted run would have had, bit for bit. Only options that leave trained steps as \
            they were may change.
            """,
            """
            --data names all sets of the run again, in their order, with new ones behind them or with other weights: the change begins \
            at the checkpoint, and what was trained does not come again before its set's pass is over. The token budget stays what it \
            was.
            """,
        ],
        examples: ["slw-train resume runs/2026-11-21-some", "slw-train resume runs/2026-11-21-some --data some=0.6 more=0.4"],
        operands: [.one("RUN", "run folder")],
        options: [
            OptionGroup("Data", [ScheduleFlags.data]),
            OptionGroup("Changes", TrainingOptions.changeable.map(\.option) + [TrainCommand.stepLimit]),
        ], printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let data = try ScheduleFlags.words(call).data
        let folder = RunFolder(call.operands[0])
        let saved = try folder.configuration()
        try BlasCore.settle(call, precision: saved.precision, recorded: saved.blasCore.map { (folder.path, $0) }) {
            KernelRace.Shape(saved)
        }
        let trainer = try Trainer.resume(folder) { configuration in
            if !data.isEmpty { configuration.data = data }
            for setting in TrainingOptions.changeable { setting.apply(call, &configuration) }
        }
        try TrainingSession.run(trainer, call, stepLimit: call[TrainCommand.stepLimit])
    }
}

/// A trainer at work, seen from the terminal.
enum TrainingSession {
    static func run(_ trainer: Trainer, _ call: Invocation, stepLimit: Int?) throws {
        var view = ConsoleView(usesUnicode: Terminal.usesUnicode)
        let interval = trainer.configuration.logInterval
        let summary = try trainer.run(stepLimit: stepLimit) { event in
            for line in view.lines(for: event, every: interval) { call.console.note(line) }
        }
        if call.wantsJSON {
            call.console.print(summary.json.serialized())
        } else {
            call.console.note("")
            call.console.print(TextTable.pairs(rows(summary)).text)
        }
        if summary.ending == .stopped && StopSignal.isRequested {
            throw CommandEnd.interrupted("interrupted after step \(summary.steps); go on with: slw-train resume \(summary.folder)")
        }
    }

    private static func rows(_ summary: TrainingSummary) -> [(String, String)] {
        let folder = RunFolder(summary.folder)
        var rows = [
            ("steps", QuantityText.count(summary.steps) + (summary.ending == .stopped ? ", stopped before the budget's end" : "")),
            (
                "trained",
                "\(QuantityText.count(summary.trainedTokens)) tokens in \(QuantityText.duration(summary.seconds)), "
                    + "\(QuantityText.compact(Double(summary.trainedTokens) / max(1e-9, summary.seconds))) tokens/s"
            ),
            (
                "tails",
                """
                \(QuantityText.count(summary.reused)) used, \(QuantityText.count(summary.outstanding)) outstanding, \
                \(QuantityText.count(summary.dropped)) dropped
                """ + (summary.masked > 0 ? "; \(QuantityText.count(summary.masked)) of the trained without loss" : "")
            ),
            ("loss", summary.trainLoss.map { QuantityText.fixed($0, 4) } ?? "-"),
            (
                "validation",
                summary.validationLoss.map {
                    "\(QuantityText.fixed($0, 4)), perplexity \(QuantityText.fixed(ValidationRecord.perplexity(ofLoss: $0), 2))"
                } ?? "-"
            ),
            ("digest", Hexadecimal.text(summary.digest)), ("run", PathName.printable(summary.folder)),
            ("report", PathName.printable(folder.reportFile)),
        ]
        if let checkpoint = summary.checkpoint { rows.append(("checkpoint", PathName.printable(checkpoint))) }
        if summary.ending == .stopped { rows.append(("go on", "slw-train resume \(PathName.printable(summary.folder))")) }
        return rows
    }
}
