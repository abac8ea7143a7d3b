public import Files

/// Why a tokenizer could not be made, read, written or applied.
public enum TokenizerError: Error, Equatable, Sendable, CustomStringConvertible {
    case file(FileError)
    /// Training: more distinct text than the trainer's 32-bit positions can address.
    case tooMuchTrainingText(distinctBytes: Int)
    /// Training: the special tokens and the 256 bytes alone need more entries.
    case vocabularyTooSmall(requested: Int, needed: Int)
    /// Writing: the format cannot express this tokenizer exactly.
    case notExpressible(format: String, reason: String)

    public var description: String {
        switch self {
        case .file(let error): error.description
        case .tooMuchTrainingText(let distinctBytes):
            "the distinct pre-tokens of the training text hold \(distinctBytes) bytes, more than 4294967295: train on a part of it"
        case .vocabularyTooSmall(let requested, let needed):
            "a vocabulary of \(requested) entries has no room for the 256 bytes and the special tokens: ask for at least \(needed)"
        case .notExpressible(let format, let reason):
            "this tokenizer cannot be written as \(format): \(reason)"
        }
    }
}
