import CommandKit
import Quantities
import Tokenization
import Training

/// How a trained model is named on the command line.
enum ModelOptions {
    static let checkpoint = Option.text("--checkpoint", "WHICH", default: "best", "of a run folder: best, newest, or a step")
    static let tokenizer = Option<String?>.text("--tokenizer", "T", "file, directory or installed name; otherwise the one of the run")
    static let threads = Option<Int?>.count("--threads", in: 1...1024, "threads of the model").defaulting(to: "one a core")
    static let operand = Operand.one("RUN", "run folder, one of its checkpoints, or a Hugging Face folder")

    static let group = OptionGroup("Model", [checkpoint, tokenizer, threads, BlasCore.named])

    static func load(_ call: Invocation) throws -> TrainedModel {
        let choice: TrainedModel.Choice
        switch call[checkpoint] {
        case "best": choice = .best
        case "newest": choice = .newest
        case let word:
            guard let step = try? NumberSpelling.integer(word) else {
                throw call.misuse("--checkpoint: \(word) is not best, newest or a step")
            }
            choice = .step(step)
        }
        try BlasCore.settle(call)
        return try TrainedModel(call.operands[0], choosing: choice, lanes: call[threads])
    }

    /// The tokenizer that was asked for, or that of the run.
    static func loadTokenizer(of model: TrainedModel, _ call: Invocation) throws -> Tokenizer {
        guard let name = call[tokenizer] ?? model.tokenizerName else {
            throw CommandEnd.failed("\(model.origin): nothing says which tokenizer the model was trained with: name it with --tokenizer")
        }
        return try Tokenizer.load(name, furtherPlaces: Tokenizer.checkoutPlaces)
    }
}
