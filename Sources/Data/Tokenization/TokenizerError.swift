public import Files
public import Quantities

/// Why a tokenizer could not be made, read, written or applied.
public enum TokenizerError: Error, OptionNaming, Equatable, Sendable {
    case file(FileError)
    /// Loading: neither a path nor an installed name.
    case notFound(name: String, searched: [String])
    /// Reading: the file is not what its format asks for.
    case malformed(path: String, byteOffset: Int?, reason: OptionText)
    /// Reading: the file asks for something that cannot be done exactly.
    case unsupported(path: String, feature: String)
    /// Decoding: no token has this id.
    case unknownToken(id: UInt32, vocabularySize: Int)
    /// Training: more distinct text than the trainer's 32-bit positions can address.
    case tooMuchTrainingText(distinctBytes: Int)
    /// Training: the special tokens and the 256 bytes alone need more entries.
    case vocabularyTooSmall(requested: Int, needed: Int)
    /// Writing: a file of that name is there.
    case outputExists(path: String)
    /// Writing: the format cannot express this tokenizer exactly.
    case notExpressible(format: String, reason: String)

    public var optionText: OptionText {
        switch self {
        case .file(let error): "\(error)"
        case .notFound(let name, let searched):
            "there is no tokenizer \(PathName.printable(name)): give a file, a directory or an installed name (looked in \(searched.map(PathName.printable).joined(separator: ", "))); scripts/get-vocabulary installs gpt2, llama3 and others"
        case .malformed(let path, let byteOffset, let reason):
            "\(PathName.printable(path))\(byteOffset.map { ", byte \($0)" } ?? ""): \(reason)"
        case .unsupported(let path, let feature):
            "\(PathName.printable(path)): \(feature), which is not supported: only what can be encoded exactly is accepted"
        case .unknownToken(let id, let vocabularySize):
            "no token has the id \(id) (the vocabulary has \(vocabularySize) entries)"
        case .tooMuchTrainingText(let distinctBytes):
            "the distinct pre-tokens of the training text hold \(distinctBytes) bytes, more than 4294967295: train on a part of it"
        case .vocabularyTooSmall(let requested, let needed):
            "a vocabulary of \(requested) entries has no room for the 256 bytes and the special tokens: ask for at least \(needed)"
        case .outputExists(let path):
            "\(PathName.printable(path)) exists already; choose another output or say \(option: "overwrite")"
        case .notExpressible(let format, let reason):
            "this tokenizer cannot be written as \(format): \(reason)"
        }
    }
}
