/// Why the content of a file is of no use to its reader. Every description is one line.
public enum FormatError: Error, CustomStringConvertible, Equatable, Sendable {
    /// The kernel refused it.
    case file(FileError)
    /// It is something else than `expected`, a noun with its article.
    case foreign(path: String, expected: String)
    /// It breaks the rules of its format.
    case damaged(path: String, reason: String)
    /// Written by a later version of this program.
    case newer(path: String, version: Int)
    /// It follows its format, and asks for what this program does not do.
    case unsupported(path: String, reason: String)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .foreign(let path, let expected): "\(PathName.printable(path)) is not \(expected)"
        case .damaged(let path, let reason): "\(PathName.printable(path)) is damaged: \(reason)"
        case .newer(let path, let version):
            "\(PathName.printable(path)) has format version \(version), which is newer than this program: use the version that wrote it"
        case .unsupported(let path, let reason): "\(PathName.printable(path)): \(reason)"
        }
    }
}
