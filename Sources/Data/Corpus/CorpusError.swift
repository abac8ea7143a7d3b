public import Files
public import Quantities

/// Why a corpus could not be read (to its end). Each description is one line: what, where, what to do.
public enum CorpusError: Error, OptionNaming, Sendable, Equatable {
    /// The file system refused.
    case file(FileError)
    /// A line without a document, under the policy that this is an error. `byteOffset` of the origin is the line's; `byteInLine` that of the mistake.
    case badLine(DocumentOrigin, byteInLine: Int, reason: OptionText)
    /// Compressed data that cannot be decoded. `byteOffset` counts in the compressed file.
    case compression(path: String, byteOffset: Int, reason: OptionText)
    /// A tar that is malformed. `byteOffset` counts in the decompressed archive.
    case archive(path: String, byteOffset: Int, reason: String)
    /// A Parquet or Arrow file that is damaged, or of which the texts cannot be had. `place`: row group, column and page; empty when it is about the whole file.
    case table(path: String, place: String, reason: String)
    /// Documents are to be selected by their keys, and here they have none.
    case unselectable(path: String)
    /// The program that decompresses this format is not installed.
    case missingProgram(String, path: String)
    /// The program that decompresses this format failed.
    case programFailed(String, path: String, status: Int32, message: String)
    /// The system has no thread left to feed that program from.
    case missingThread(path: String)
    /// A name that promises another compression than the content has.
    case misnamed(path: String, named: String, found: String)
    /// Neither name nor content tell what the file is.
    case unknownSource(path: String)
    /// What the file is, and that this is no text. `isWrapped`: it lies in an archive, or is compressed.
    case foreignFormat(ForeignFormat, path: String, isWrapped: Bool = false)
    /// A file that is passed over and may hold text, the first of so many, under the policy that this is an error.
    case unreadFile(IgnoredInput, count: Int)
    /// A directory or pattern without anything to read, and what was there instead.
    case nothingFound(path: String, seen: OptionText)

    public var optionText: OptionText {
        switch self {
        case .file(let error): "\(error)"
        case .badLine(let origin, let byte, let reason) where origin.section != nil:
            "\(PathName.printable(origin.path)), row \(origin.line) (in \(origin.section!)), byte \(byte + 1): \(reason)"
        case .badLine(let origin, let byte, let reason):
            "\(PathName.printable(origin.path)), line \(origin.line), byte \(byte + 1) (offset \(origin.byteOffset + byte))\(origin.member.map { ", in \(PathName.printable($0))" } ?? ""): \(reason)"
        case .compression(let path, let byteOffset, let reason):
            "\(PathName.printable(path)): cannot decompress this at compressed byte \(byteOffset): \(reason)"
        case .archive(let path, let byteOffset, let reason):
            "\(PathName.printable(path)): cannot read this tar at byte \(byteOffset): \(reason)"
        case .table(let path, let place, let reason):
            "\(PathName.printable(path)): \(place.isEmpty ? "" : PathName.printable(place) + ": ")\(PathName.printable(reason))"
        case .unselectable(let path):
            "\(PathName.printable(path)): documents are selected by keys, which only JSON Lines have"
        case .missingProgram(let program, let path):
            "\(PathName.printable(path)): reading this needs the program \(program), which is not installed or not on PATH"
        case .programFailed(let program, let path, let status, let message):
            "\(PathName.printable(path)): \(program) could not decompress it (exit status \(status))\(message.isEmpty ? "" : ": " + message)"
        case .missingThread(let path):
            "\(PathName.printable(path)): no thread can be started to decompress this; end other programs or raise ulimit -u"
        case .misnamed(let path, let named, let found):
            "\(PathName.printable(path)): named like \(named) but holds \(found); rename it after what it holds"
        case .unknownSource(let path):
            "\(PathName.printable(path)): cannot tell what this holds; say it with \(option: "source") (\(CorpusSource.allCases.map(\.rawValue).joined(separator: ", ")))"
        case .foreignFormat(let format, let path, let isWrapped):
            "\(PathName.printable(path)): this is \(format.title); \(isWrapped ? format.memberAdvice : format.advice(PathName.printable(path)))"
        case .unreadFile(let file, let count):
            "\(PathName.printable(file.path)): not read: \(file.explanation)\(count > 1 ? " (and \(count - 1) more)" : ""); \(file.advice.map { "\($0), or " as OptionText } ?? "")leave such files out with \(option: "unknown-files") ignore"
        case .nothingFound(let path, let seen):
            "\(PathName.printable(path)): nothing to read here: \(seen)"
        }
    }
}
