public import Files

/// Small JSON files, read and written whole.
public enum JSONFile {
    /// The value in `path`, which holds `expected` (a noun with its article, for the message). At most a gibibyte is read.
    public static func read(_ path: String, expected: String) throws(FormatError) -> JSONValue {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.readAll(path, limit: 1 << 30) } catch { throw .file(error) }
        do throws(JSONError) { return try JSONValue.parse(bytes) } catch {
            throw .damaged(path: path, reason: "\(error) (expected \(expected))")
        }
    }

    /// Writes `value` over several lines; the name appears when the file is complete.
    public static func write(_ value: JSONValue, to path: String) throws(FormatError) {
        do throws(FileError) { try FileSystem.writeAtomically(Array((value.serialized(pretty: true) + "\n").utf8), to: path) } catch {
            throw .file(error)
        }
    }
}
