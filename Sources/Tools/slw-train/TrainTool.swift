import CommandKit
import Training

/// `slw-train`: everything that happens to models. Without a command it trains.
enum TrainTool {
    static let command = Command(
        "slw-train", "train GPT models with sequence length warmup, no token lost",
        discussion: [
            "With --data alone a small model is trained for about five minutes of two cores, with length warmup and every token used; everything that was chosen is printed before the first step. A run can be stopped at any time and resumed to the same bits."
        ],
        examples: [
            "slw-train --data some", "slw-train --data wiki=0.7 web=0.3 --preset medium --train-tokens 50M --tails drop",
            "slw-train --data wiki --preset gpt2-117m --slw-start 8 --slw-steps 60K",
        ],
        options: TrainingOptions.groups + [TrainCommand.group],
        subcommands: [
            BenchCommand.command, ResumeCommand.command, TuneCommand.command, EvaluateCommand.command, SampleCommand.command,
            ReportCommand.command,
            ExportCommand.command,
        ], printsJSON: true, run: TrainCommand.run)
}
