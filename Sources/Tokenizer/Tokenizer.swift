/// A byte-level BPE tokenizer: immutable, and cheap to copy.
public struct Tokenizer: Sendable {
    /// The installed name, or the name of the file it came from.
    public let name: String

    let vocabulary: Vocabulary

    init(name: String, vocabulary: Vocabulary) {
        self.name = name
        self.vocabulary = vocabulary
    }

    /// The highest id + 1, special tokens included.
    public var vocabularySize: Int { vocabulary.count }

    /// The tokens that stand for no text, by id.
    public var specialTokens: [(text: String, id: TokenID)] {
        vocabulary.specialTokens.sorted { $0.id < $1.id }.map { ($0.text, $0.id) }
    }

    /// The token that ends a document: `<|endoftext|>`, where there is one.
    public var endOfText: TokenID? { vocabulary.specialTokens.first { $0.text == "<|endoftext|>" }?.id }
}
