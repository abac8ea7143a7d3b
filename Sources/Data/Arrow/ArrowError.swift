public import Files

/// Why the texts of an Arrow file or stream could not be read. The description is one line without the file's name, which the caller knows.
public enum ArrowError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The operating system did not give the bytes.
    case file(FileError)
    /// It is damaged, cut off or no Arrow at all. `place`: record batch and column; empty when it is about the whole.
    case damaged(place: String, reason: String)
    /// Sound, with something that is not read here, or without the column.
    case refused(place: String, reason: String)

    static func damaged(_ reason: String) -> ArrowError { .damaged(place: "", reason: reason) }
    static func refused(_ reason: String) -> ArrowError { .refused(place: "", reason: reason) }

    /// The same with the place, where it has none.
    func at(_ place: @autoclosure () -> String) -> ArrowError {
        switch self {
        case .damaged("", let reason): .damaged(place: place(), reason: reason)
        case .refused("", let reason): .refused(place: place(), reason: reason)
        default: self
        }
    }

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .damaged(let place, let reason), .refused(let place, let reason): place.isEmpty ? reason : place + ": " + reason
        }
    }
}
