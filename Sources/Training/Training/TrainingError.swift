public import Files
public import LengthWarmup
public import Sampling
public import Quantities
public import Tokenization
public import Transformer

/// Why training, a checkpoint, an export or a report failed. Every description is one line that says what to do.
public enum TrainingError: Error, OptionNaming, Sendable {
    /// The kernel refused a file.
    case file(FileError)
    /// A file is not what it should be.
    case format(FormatError)
    /// A loss or gradient that is not a finite number; `checkpoint` is the last good one.
    case diverged(step: Int, quantity: String, learningRate: Double, checkpoint: String?)
    /// The data, the plan or the model refused.
    case data(SamplingError)
    case plan(WarmupError)
    /// Words that make no schedule.
    case schedule(ScheduleError)
    case model(ModelError)
    case tokenizer(TokenizerError)
    /// A run cannot go on with what it is given; each text names one difference.
    case changed(folder: String, differences: [String])
    /// There is a run already.
    case folderInUse(String)
    /// A search for a length warmup finds a probe of another run in its place; each text names one difference.
    case probeOfAnotherRun(folder: String, differences: [String])
    /// A configuration that cannot be trained.
    case configuration(OptionText)

    public var optionText: OptionText {
        switch self {
        case .file(let error): "\(error)"
        case .format(let error): "\(error)"
        case .diverged(let step, let quantity, let rate, let checkpoint):
            """
            step \(step): the \(quantity) is not a finite number (learning rate \(QuantityText.significant(rate))); \
            \(checkpoint.map { "the last good checkpoint is \(PathName.printable($0))" } ?? "no checkpoint was written yet"): \
            lower the learning rate, lengthen its warmup or start with shorter sequences
            """
        case .data(let error): "\(error)"
        case .plan(let error): "\(error)"
        case .schedule(let error): "\(error)"
        case .model(let error): "\(error)"
        case .tokenizer(let error): "\(error)"
        case .changed(let folder, let differences):
            "\(PathName.printable(folder)) was begun with other options (\(differences.joined(separator: "; "))): resume it as it was or start a new run"
        case .folderInUse(let folder):
            "\(PathName.printable(folder)) holds a run already: resume it with `slw-train resume`, or choose another \(option: "run-dir")"
        case .probeOfAnotherRun(let folder, let differences):
            "\(PathName.printable(folder)) is a probe of another run (\(differences.joined(separator: "; "))): choose another \(option: "out"), or give the options of that run"
        case .configuration(let message): message
        }
    }
}
