public import Files
import TypedErrors

/// Small JSON files, read and written whole.
public enum JSONFile {
    /// The value in `path`, which holds `expected` (a noun with its article, for the message). At most a gibibyte is read.
    public static func read(_ path: String, expected: String) throws(FormatError) -> JSONValue {
        let bytes = try mapping(FormatError.file, FileSystem.readAll(path, limit: 1 << 30))
        func damaged(_ error: JSONError) -> FormatError { .damaged(path: path, reason: "\(error) (expected \(expected))") }
        return try mapping(damaged, JSONValue.parse(bytes))
    }

    /// Writes `value` over several lines; the name appears when the file is complete.
    public static func write(_ value: JSONValue, to path: String) throws(FormatError) {
        try mapping(FormatError.file, FileSystem.writeAtomically(Array((value.serialized(pretty: true) + "\n").utf8), to: path))
    }
}
