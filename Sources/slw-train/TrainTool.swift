import CommandLine

/// `slw-train`: everything that happens to models.
enum TrainTool {
    static let command = Command(
        "slw-train", "train GPT models with sequence length warmup, no token lost", examples: ["slw-train report runs/2026-11-21-some"],
        subcommands: [BenchCommand.command, ReportCommand.command])
}
