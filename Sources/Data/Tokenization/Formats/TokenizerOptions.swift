internal import Files

/// What a tokenizer's files do not say and a person does.
public struct TokenizerOptions: Sendable, Equatable {
    /// The family by whose pattern (and normalizer) a file of ranks, or a `vocab.json` with its merges, cuts texts.
    public var pattern: String?
    /// A JSON file `{"text": id, …}` with the special tokens of a file of ranks.
    public var specialTokensFile: String?
    /// The file of merges of a vocabulary in JSON, of whatever name; nil: it lies beside the vocabulary under one of the usual names.
    public var mergesFile: String?
    /// The token that ends documents: its text, or its id.
    public var endOfText: String?

    public init(pattern: String? = nil, specialTokensFile: String? = nil, mergesFile: String? = nil, endOfText: String? = nil) {
        self.pattern = pattern
        self.specialTokensFile = specialTokensFile
        self.mergesFile = mergesFile
        self.endOfText = endOfText
    }
}

/// Where a tokenizer was loaded from, so that it is found again from any directory: absolute paths, and what was said about its files.
public struct TokenizerPlace: Sendable, Equatable {
    /// Of the file that holds it, or its vocabulary.
    public let path: String
    public let mergesFile: String?
    public let pattern: String?
    public let specialTokensFile: String?

    init(_ path: String, _ options: TokenizerOptions) {
        self.path = FileSystem.absolute(path)
        mergesFile = options.mergesFile.map(FileSystem.absolute)
        pattern = options.pattern
        specialTokensFile = options.specialTokensFile.map(FileSystem.absolute)
    }

    /// From ``members``; nil when there is no path among them.
    public init?(_ members: [String: String]) {
        guard let path = members["path"] else { return nil }
        self.path = path
        (mergesFile, pattern, specialTokensFile) = (members["merges"], members["pattern"], members["special_tokens"])
    }

    /// As names and values.
    public var members: [String: String] {
        var members = ["path": path]
        (members["merges"], members["pattern"], members["special_tokens"]) = (mergesFile, pattern, specialTokensFile)
        return members
    }

    var options: TokenizerOptions { TokenizerOptions(pattern: pattern, specialTokensFile: specialTokensFile, mergesFile: mergesFile) }
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
