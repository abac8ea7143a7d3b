/// What a tokenizer's files do not say and a person does.
public struct TokenizerOptions: Sendable, Equatable {
    /// The family by whose pattern (and normalizer) a file of ranks, or a `vocab.json` with its merges, cuts texts.
    public var pattern: String?
    /// A JSON file `{"text": id, …}` with the special tokens of a file of ranks.
    public var specialTokensFile: String?
    /// The token that ends documents: its text, or its id.
    public var endOfText: String?

    public init(pattern: String? = nil, specialTokensFile: String? = nil, endOfText: String? = nil) {
        self.pattern = pattern
        self.specialTokensFile = specialTokensFile
        self.endOfText = endOfText
    }
}

/// What a tokenizer was taken for, and why.
public struct TokenizerOrigin: Sendable, Equatable {
    /// The family, or the format for a file that says everything itself.
    public let family: String
    /// How that was decided.
    public let reason: String
    /// The token that begins texts of this family, if it is known.
    public var beginning: String?

    init(_ family: String, _ reason: String, beginning: String? = nil) {
        self.family = family
        self.reason = reason
        self.beginning = beginning
    }
}
