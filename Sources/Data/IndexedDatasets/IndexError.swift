public import Files
public import Quantities

/// What is wrong with a token index, or with what was asked of it. `description` is one line: what, where, what to do.
public enum IndexError: Error, OptionNaming, Equatable, Sendable {
    /// The kernel refused something.
    case file(FileError)
    /// The first bytes are not `MMIDIDX`.
    case notAnIndex(path: String)
    /// The first bytes are those of the old "lazy" or "cached" index.
    case legacyIndex(path: String)
    /// Megatron's magic without its documents: an index of fairseq.
    case fairseqIndex(path: String)
    /// A version other than 1.
    case unsupportedVersion(path: String, version: UInt64)
    /// A data type that nobody has defined.
    case unknownTokenType(path: String, code: UInt8)
    /// The header promises arrays of another total size than the file has. `expected` is nil when the sum exceeds 63 bits.
    case indexSizeMismatch(path: String, expected: Int?, found: Int)
    /// The document array must begin with 0, never fall, and end with the number of sequences.
    case documentOutOfOrder(path: String, entry: Int, byteOffset: Int, found: Int)
    /// A sequence of less than no tokens.
    case negativeLength(path: String, sequence: Int, byteOffset: Int, found: Int)
    /// A sequence does not begin where the one before it ends.
    case pointerMismatch(path: String, sequence: Int, byteOffset: Int, expected: Int, found: Int)
    /// The sequences end elsewhere than the `.bin`.
    case dataSizeMismatch(path: String, expected: Int, found: Int)
    /// A data type that no index can name in its header.
    case unnamedTokenType(path: String, type: TokenType)
    /// A writer was given what is no whole token or document.
    case misuse(path: String, reason: String)
    /// Values that are no integers.
    case notTokens(path: String, type: TokenType)
    /// A token that the vocabulary does not have; nil: that no vocabulary has.
    case tokenOutOfRange(path: String, byteOffset: Int, token: Int, vocabularySize: Int?)
    /// Documents without the token that ends others, or each: the first of them, and how many have it of how many.
    case missingEndOfText(path: String, document: Int, byteOffset: Int, found: Int, expected: Int, count: Int, total: Int)
    /// The same of the token that begins them.
    case missingBeginning(path: String, document: Int, byteOffset: Int, found: Int, expected: Int, count: Int, total: Int)
    /// Tokens of another tokenizer than that which was named.
    case otherTokenizer(path: String, name: String, asked: String)
    /// Bytes that are not those that were written.
    case checksumMismatch(path: String, range: Range<Int>)
    /// A side file of ours that cannot be used.
    case invalidSidecar(path: String, reason: String)
    /// A file is in the way of the output.
    case outputExists(path: String)
    /// A sequence longer than an int32 can say.
    case sequenceTooLong(path: String, sequence: Int, tokenCount: Int)
    /// A token that the chosen type cannot store.
    case tokenDoesNotFit(path: String, token: Int, type: TokenType)
    /// Inputs that cannot become one data set.
    case cannotMerge(path: String, reason: String)
    /// A foreign token file that cannot be read as what it was taken for.
    case invalidTokenFile(path: String, byteOffset: Int?, reason: OptionText)
    /// Damage from which the documents cannot be restored with certainty.
    case cannotRepair(path: String, reason: OptionText)
    /// Documents that do not end with a token of their own, where that is needed.
    case noEndToken(path: String, reason: OptionText)
    /// Weights that are not those of a data set, or no weights.
    case badWeights(path: String, reason: OptionText)
    /// A stop was asked for.
    case interrupted

    public var optionText: OptionText {
        switch self {
        case .file(let error): "\(error)"
        case .notAnIndex(let path):
            Self.line(path, "not a token index (it does not begin with MMIDIDX); give the prefix of a .bin/.idx pair")
        case .legacyIndex(let path): Self.line(path, "an index of the old TNTIDX format; turn it into a new one with `slwdata convert`")
        case .fairseqIndex(let path):
            Self.line(path, "an index of fairseq, which has no documents; turn it into one with documents by `slwdata convert`")
        case .unsupportedVersion(let path, let version): Self.line(path, "index version \(version) at byte 9, only version 1 is known")
        case .unknownTokenType(let path, let code): Self.line(path, "unknown data type \(code) at byte 17")
        case .indexSizeMismatch(let path, let expected, let found):
            Self.line(
                path,
                "the header asks for \(expected.map { "\($0)" } ?? "more than 2^63") bytes but there are \(found); try `slwdata repair`")
        case .documentOutOfOrder(let path, let entry, let byteOffset, let found):
            Self.line(path, "document entry \(entry) at byte \(byteOffset) is \(found), out of order; try `slwdata repair`")
        case .negativeLength(let path, let sequence, let byteOffset, let found):
            Self.line(path, "the length of sequence \(sequence) at byte \(byteOffset) is \(found); try `slwdata repair`")
        case .pointerMismatch(let path, let sequence, let byteOffset, let expected, let found):
            Self.line(path, "the pointer of sequence \(sequence) at byte \(byteOffset) is \(found), not \(expected); try `slwdata repair`")
        case .dataSizeMismatch(let path, let expected, let found):
            Self.line(
                path,
                "the index describes \(expected) bytes but there are \(found); \(found < expected ? "the data was cut off: take it from another copy, or make it again" : "try `slwdata repair`")"
            )
        case .unnamedTokenType(let path, let type):
            Self.line(path, "an index has no code for \(type.rawValue) tokens; store them as uint16 or int32")
        case .misuse(let path, let reason): Self.line(path, "cannot be written: \(reason)")
        case .notTokens(let path, let type): Self.line(path, "holds \(type.rawValue) values, which are no token ids")
        case .tokenOutOfRange(let path, let byteOffset, let token, let size):
            Self.line(
                path,
                size.map { "token \(token) at byte \(byteOffset) is outside of the vocabulary of \($0); was another tokenizer used?" }
                    ?? "token \(token) at byte \(byteOffset) is no token id; was another type meant?")
        case .missingEndOfText(let path, let document, let byteOffset, let found, let expected, let count, let total):
            Self.line(
                path,
                "\(count) of \(total) documents end with token \(expected); the first that does not, document \(document), ends with \(found) at byte \(byteOffset)"
            )
        case .missingBeginning(let path, let document, let byteOffset, let found, let expected, let count, let total):
            Self.line(
                path,
                "\(count) of \(total) documents begin with token \(expected); the first that does not, document \(document), begins with \(found) at byte \(byteOffset)"
            )
        case .otherTokenizer(let path, let name, let asked):
            Self.line(
                path, "its tokens were made by the tokenizer \(PathName.printable(name)), and \(PathName.printable(asked)) is another")
        case .checksumMismatch(let path, let range):
            Self.line(path, "bytes \(range.lowerBound)..<\(range.upperBound) are not those that were written; restore it from a copy")
        case .invalidSidecar(let path, let reason): Self.line(path, "\(reason); remove this file, the data set works without it")
        case .outputExists(let path): Self.line(path, "exists already; choose another output or say \(option: "overwrite")")
        case .sequenceTooLong(let path, let sequence, let count):
            Self.line(path, "sequence \(sequence) has \(count) tokens, more than an int32 can count; split the document")
        case .tokenDoesNotFit(let path, let token, let type): Self.line(path, "token \(token) does not fit \(type.rawValue)")
        case .cannotMerge(let path, let reason): Self.line(path, "cannot be merged: \(reason)")
        case .invalidTokenFile(let path, let byteOffset, let reason):
            Self.line(path, byteOffset.map { "byte \($0): \(reason)" as OptionText } ?? reason)
        case .cannotRepair(let path, let reason): Self.line(path, "cannot be repaired: \(reason)")
        case .noEndToken(let path, let reason):
            Self.line(
                path,
                "\(reason): \(option: "eod-mask-loss") needs an end token at the end of each document; make the data with --append-eod, or leave the option out"
            )
        case .badWeights(let path, let reason):
            Self.line(path, "\(reason); mend or remove the weights, or say \(option: "loss-weights") ignore")
        case .interrupted: "interrupted; no output was written"
        }
    }

    private static func line(_ path: String, _ words: OptionText) -> OptionText { "\(PathName.printable(path)): \(words)" }
}
