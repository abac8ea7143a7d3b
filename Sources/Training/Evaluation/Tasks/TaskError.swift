public import Files
public import Transformer

/// Why a task cannot be scored. Every description is one line.
public enum TaskError: Error, CustomStringConvertible, Equatable, Sendable {
    case file(FileError)
    /// A record does not follow the layout of its task. `place` is "line 12" or "record 12".
    case record(path: String, place: String, reason: String)
    /// The file as a whole is of no use.
    case unreadable(path: String, reason: String)
    /// There are no examples, or too few of them.
    case examples(task: String, reason: String)
    /// The model's window is too short for the task.
    case window(task: String, reason: String)
    case model(ModelError)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .record(let path, let place, let reason): "\(PathName.printable(path)), \(place): \(reason)"
        case .unreadable(let path, let reason): "\(PathName.printable(path)): \(reason)"
        case .examples(let task, let reason), .window(let task, let reason): "\(task): \(reason)"
        case .model(let error): error.description
        }
    }
}
