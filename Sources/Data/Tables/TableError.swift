public import Files

/// Why the texts of a table (a Parquet file, an Arrow file or stream) could not be read. The description is one line without the file's name, which the caller knows.
public enum TableError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The operating system did not give the bytes.
    case file(FileError)
    /// It is damaged, cut off or no such table at all. `place`: row group or record batch, column and page; empty when it is about the whole.
    case damaged(place: String, reason: String)
    /// Sound, with something that is not read here, or without the column.
    case refused(place: String, reason: String)

    package static func damaged(_ reason: String) -> TableError { .damaged(place: "", reason: reason) }
    package static func refused(_ reason: String) -> TableError { .refused(place: "", reason: reason) }

    /// The same with the place, where it has none.
    package func at(_ place: @autoclosure () -> String) -> TableError {
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

extension TableError {
    /// Refuses rows that hardly a byte stands for: a run of six bytes can claim two thousand million empty texts, of which each would be counted and get its place in
    /// the index. Empty and missing texts that many files do have (a row group of them, rarely more than a million rows) are far below.
    package static func checkRowCount(_ counts: some Sequence<Int>, fileBytes: Int) throws(TableError) {
        let limit = (1 << 24) + 64 * min(fileBytes, 1 << 50)
        var left = limit
        for count in counts {
            guard count <= left else {
                throw .refused("its \(fileBytes) bytes claim more than \(limit) rows, 64 a byte and 16 million: no corpus is like that")
            }
            left -= count
        }
    }
}
