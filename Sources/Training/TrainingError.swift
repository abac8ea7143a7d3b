public import Files

/// Why training, a checkpoint, an export or a report failed. Every description is one line that says what to do.
public enum TrainingError: Error, CustomStringConvertible, Sendable {
    /// The kernel refused a file.
    case file(FileError)
    /// A file is not what it should be.
    case foreignFile(path: String, expected: String)
    /// A file that breaks the rules of its format.
    case damagedFile(path: String, reason: String)
    /// Written by a later version of this program.
    case newerFormat(path: String, version: Int)
    /// A configuration that cannot be trained.
    case configuration(String)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .foreignFile(let path, let expected): "\(PathName.printable(path)) is not \(expected)"
        case .damagedFile(let path, let reason): "\(PathName.printable(path)) is damaged: \(reason)"
        case .newerFormat(let path, let version):
            "\(PathName.printable(path)) has format version \(version), which is newer than this program: use the version that wrote it"
        case .configuration(let message): message
        }
    }
}
