/// Trains a byte-level BPE vocabulary: the same tokens, ids and merges as Hugging Face's
/// `BpeTrainer(vocab_size:, min_frequency:, special_tokens:, initial_alphabet: ByteLevel.alphabet())` behind the
/// `ByteLevel` pre-tokenizer finds in the same documents, ties included; with another pattern the same as behind a `Split` at it.
///
///     let counter = PreTokenCounter()
///     for document in corpus { counter.count(document) }
///     let tokenizer = try BPETrainer(vocabularySize: 32_000).train(counter, name: "mine")
///     try tokenizer.write(as: .huggingFace, to: "mine")
///
/// Ids: the special tokens in the order given, the 256 bytes in the order of their printable stand-ins
/// (`!` … `~`, `¡` … `ÿ`, then the others), then the merges in the order in which they were learned.
/// The result depends on the counted documents only, not on their order or on the number of threads.
public struct BPETrainer: Sendable {
    /// Entries of the vocabulary, special tokens included. Fewer are made when the text runs out of pairs.
    public var vocabularySize: Int
    /// Tokens that stand for no text. They are never learned and get the first ids.
    public var specialTokens: [String]
    /// A pair that occurs less often is not merged.
    public var minimumFrequency: Int

    /// The defaults are Hugging Face's, with GPT-2's special token.
    public init(vocabularySize: Int, specialTokens: [String] = ["<|endoftext|>"], minimumFrequency: Int = 0) {
        self.vocabularySize = vocabularySize
        self.specialTokens = specialTokens
        self.minimumFrequency = minimumFrequency
    }

    /// Learns a tokenizer from the counted documents.
    ///
    /// - Throws: `vocabularyTooSmall`, `tooMuchTrainingText`.
    public func train(_ counter: PreTokenCounter, name: String) throws(TokenizerError) -> Tokenizer {
        Tokenizer(name: name, vocabulary: try vocabulary(of: counter), pattern: counter.pattern)
    }

    /// Learns the vocabulary of the counted documents.
    func vocabulary(of counter: PreTokenCounter) throws(TokenizerError) -> Vocabulary {
        var tokens = TokenStringTable()
        var specials: [Vocabulary.AddedToken] = []
        for text in specialTokens where !specials.contains(where: { $0.text == text }) {
            // The reference compares the spelling of a learned token with the special tokens' texts.
            let id = ByteAlphabet.bytes(of: text).map { tokens.id(of: $0) } ?? tokens.append(text.utf8)
            specials.append(Vocabulary.AddedToken(text: text, id: id))
        }
        var byteTokens = [TokenID](repeating: 0, count: 256)
        for byte in ByteAlphabet.bytesInScalarOrder { byteTokens[Int(byte)] = tokens.id(of: CollectionOfOne(byte)) }
        guard vocabularySize >= tokens.count else {
            throw .vocabularyTooSmall(requested: vocabularySize, needed: tokens.count)
        }
        var learner = try MergeLearner(counts: counter.table, tokens: tokens, byteTokens: byteTokens, vocabularySize: vocabularySize)
        learner.learn(vocabularySize: vocabularySize, minimumFrequency: minimumFrequency)

        var vocabulary = Vocabulary()
        for id in 0..<TokenID(learner.tokens.count) {
            if let special = specials.first(where: { $0.id == id }) {
                vocabulary.append(special.text.utf8)
            } else {
                vocabulary.append(learner.tokens[id])
            }
        }
        vocabulary.specialTokens = specials
        // A pair that was merged twice keeps its last rank.
        var seen = Set<Vocabulary.Merge>()
        for merge in learner.merges.reversed() {
            let pair = Vocabulary.Merge(left: merge.left, right: merge.right)
            if seen.insert(pair).inserted { vocabulary.merges.append(pair) }
        }
        vocabulary.merges.reverse()
        return vocabulary
    }
}
