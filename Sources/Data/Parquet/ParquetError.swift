public import Files

/// Why the texts of a Parquet file could not be read. The description is one line without the file's name, which the caller knows.
public enum ParquetError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The operating system did not give the bytes.
    case file(FileError)
    /// The file is damaged, cut off or no Parquet at all. `place`: row group, column and page; empty when it is about the whole file.
    case damaged(place: String, reason: String)
    /// A sound file with something that is not read here, or without the column.
    case refused(place: String, reason: String)

    static func damaged(_ reason: String) -> ParquetError { .damaged(place: "", reason: reason) }
    static func refused(_ reason: String) -> ParquetError { .refused(place: "", reason: reason) }

    /// The same with the place, where it has none.
    func at(_ place: @autoclosure () -> String) -> ParquetError {
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
