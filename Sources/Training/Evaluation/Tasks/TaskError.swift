public import Files
public import Quantities
public import Transformer

/// Why a task cannot be scored. Every description is one line.
public enum TaskError: OptionNaming, Equatable, Sendable {
    case file(FileError)
    /// A record does not follow the layout of its task. `place` is "line 12" or "record 12".
    case record(path: String, place: String, reason: String)
    /// The file as a whole is of no use.
    case unreadable(path: String, reason: String)
    /// There are no examples, or too few of them.
    case examples(task: String, reason: String)
    /// The model's window is too short for the task.
    case window(task: String, reason: OptionText)
    case model(ModelError)
    /// NaN: every figure would be chance or worse, and look like one.
    case outputsAreNotNumbers

    public var optionText: OptionText {
        switch self {
        case .file(let error): "\(error)"
        case .record(let path, let place, let reason): "\(PathName.printable(path)), \(place): \(reason)"
        case .unreadable(let path, let reason): "\(PathName.printable(path)): \(reason)"
        case .examples(let task, let reason): "\(task): \(reason)"
        case .window(let task, let reason): "\(task): \(reason)"
        case .model(let error): "\(error)"
        case .outputsAreNotNumbers: "the model's outputs are not numbers (NaN): take an earlier \(option: "checkpoint")"
        }
    }
}
