/// Why a Parquet file could not be read. The description is one line: which file, where in it, what, and what to do where something can be done.
public struct ParquetError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Equatable, Sendable {
        /// The file is damaged or cut off.
        case damaged
        /// A sound file with something that is not read here, or without the column.
        case refused
        /// The operating system did not give the bytes.
        case file
    }

    public let kind: Kind
    /// "footer", or row group, column and page; empty when it is about the file as a whole.
    public let place: String
    public let reason: String
    public internal(set) var path = ""

    static func damaged(_ reason: String, at place: String = "") -> ParquetError { ParquetError(kind: .damaged, place: place, reason: reason) }
    static func refused(_ reason: String, at place: String = "") -> ParquetError { ParquetError(kind: .refused, place: place, reason: reason) }

    /// The same with the place, where it has none.
    func at(_ place: String) -> ParquetError { self.place.isEmpty ? ParquetError(kind: kind, place: place, reason: reason, path: path) : self }

    func of(_ path: String) -> ParquetError { ParquetError(kind: kind, place: place, reason: reason, path: path) }

    public var description: String {
        (path.isEmpty ? "" : path + ": ") + (place.isEmpty ? "" : place + ": ") + reason
    }
}
