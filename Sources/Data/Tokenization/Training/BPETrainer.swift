/// Trains a byte-level BPE vocabulary: the same tokens, ids and merges as Hugging Face's
/// `BpeTrainer(vocab_size:, min_frequency:, special_tokens:, initial_alphabet: ByteLevel.alphabet())` behind the
/// `ByteLevel` pre-tokenizer finds in the same documents, ties included; with another pattern the same as behind a `Split` at it, and with an
/// ``alphabetLimit`` the same as with `initial_alphabet: [], limit_alphabet:`.
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
    /// How many single bytes get a token, the most frequent of the counted documents (of equally frequent ones those whose stand-ins come first); nil for all 256, whether
    /// they occur or not. The others are left out of every text, as if they were not there.
    public var alphabetLimit: Int?

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
        let vocabulary = try vocabulary(of: counter)
        guard alphabetLimit != nil else { return Tokenizer(name: name, vocabulary: vocabulary, pattern: counter.pattern) }
        // What becomes of bytes without a token is decided where files are read.
        return try VocabularyReader.readHuggingFace(
            vocabulary.huggingFaceJSON(pattern: counter.pattern), path: "tokenizer.json", name: name)
    }

    /// The bytes that get a token.
    private func alphabet(of counter: PreTokenCounter) -> [UInt8] {
        guard let alphabetLimit else { return ByteAlphabet.bytesInScalarOrder }
        var counts = [Int](repeating: 0, count: 256)
        counter.table.forEach { bytes, occurrences in for byte in bytes { counts[Int(byte)] += occurrences } }
        let order = ByteAlphabet.bytesInScalarOrder.filter { counts[Int($0)] > 0 }
        let kept = order.enumerated().sorted { a, b in
            let (first, second) = (counts[Int(a.element)], counts[Int(b.element)])
            return first != second ? first > second : a.offset < b.offset
        }
        let chosen = Set(kept.prefix(alphabetLimit).map(\.element))
        return order.filter(chosen.contains)
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
        var byteTokens = [TokenID?](repeating: nil, count: 256)
        // A special token that spells a byte is its token, whether the byte is in the alphabet or not.
        for special in specials {
            if let bytes = ByteAlphabet.bytes(of: special.text), bytes.count == 1 { byteTokens[Int(bytes[0])] = special.id }
        }
        for byte in alphabet(of: counter) { byteTokens[Int(byte)] = tokens.id(of: CollectionOfOne(byte)) }
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
