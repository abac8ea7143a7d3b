import CommandKit
import IndexedDatasets
import Preprocessing

/// `slwdata`: everything that happens to data before training.
enum DataTool {
    static let command = Command(
        "slwdata", "corpora become tokens, tokens become samples, samples become a length-warmup plan",
        examples: [
            "slwdata preprocess --input Fixtures/some.jsonl --output-prefix some", "slwdata inspect index some", "slwdata plan --data some",
        ],
        subcommands: [
            InspectTool.command, PreprocessCommand.command, PlanCommand.command, CurriculaCommand.command, VerifyCommand.command,
            MergeCommand.command,
            ConvertCommand.command,
            RepairCommand.command, MegatronCacheCommand.command,
            TokenizerTool.command,
        ])

    /// Whether `error` only says that the user asked to stop.
    static func isInterruption(_ error: any Error) -> Bool {
        switch error {
        case IndexError.interrupted, CorpusEnd.interrupted, PreprocessingError.interrupted: true
        default: false
        }
    }
}

/// `slwdata inspect`: looking at things.
enum InspectTool {
    static let command = Command(
        "inspect", "look at what is in an index, a tokenizer, a plan or a run", examples: ["slwdata inspect index some"],
        subcommands: [
            InspectIndexCommand.command, InspectSamplesCommand.command, InspectTailsCommand.command, InspectTokenizerCommand.command,
            PlanCommand.command,
        ])
}

/// `slwdata tokenizer`: vocabularies.
enum TokenizerTool {
    static let command = Command(
        "tokenizer", "train, use and convert byte-level BPE vocabularies",
        examples: ["slwdata tokenizer train --input Fixtures/some.jsonl --vocab-size 1000 --output-dir mine"],
        subcommands: [
            TokenizerTrainCommand.command, TokenizerEncodeCommand.command, TokenizerDecodeCommand.command, TokenizerConvertCommand.command,
        ])
}
