/// What encoding is where it is not merges over bytes in pre-tokens that a scan finds.
enum GeneralEncoding: Sendable {
    /// Pre-tokens by splitters and regular expressions, merges over bytes: slower.
    case steps(PreTokenSteps)
    /// Merges over characters.
    case characters(CharacterModel)
}

/// All that encoding needs to know of a tokenizer, in the form in which it needs it. Immutable, shared by all encoders.
final class EncodingModel: Sendable {
    let merges: MergeTable
    /// How the fast path cuts texts; without meaning where there is a `general` one.
    let pattern: PreTokenPattern
    /// How a tokenizer encodes for which there is no fast path.
    let general: GeneralEncoding?
    /// The bytes for which there is no token although texts may have them: they are left out, as `tokenizers` does.
    let dropped: Set<UInt8>
    /// Whether all ids fit into 16 bits.
    let isNarrow: Bool
    /// What happens to every text before it is cut into pre-tokens; nil for most tokenizers.
    let preparation: TextPreparation?
    /// Whether each cut of a token in two is a merge of that token's rank, because the vocabulary's merges alone do not make all tokens.
    let isByRank: Bool
    /// The tokens that stand for a whole pre-token whatever the merges say.
    private let whole: (index: TokenIndex, strings: TokenStrings)?

    init(
        merges: MergeTable, pattern: PreTokenPattern, vocabularySize: Int, whole: (index: TokenIndex, strings: TokenStrings)? = nil,
        isByRank: Bool = false, preparation: TextPreparation? = nil, general: GeneralEncoding? = nil, dropped: Set<UInt8> = []
    ) {
        precondition(dropped.isEmpty || general != nil, "only the general path leaves bytes out")
        self.merges = merges
        self.general = general
        self.dropped = dropped
        self.pattern = pattern
        self.whole = whole
        self.isByRank = isByRank
        self.preparation = preparation
        isNarrow = vocabularySize <= 1 << 16
    }

    /// Whether a pre-token that is a token is not merged.
    var ignoresMerges: Bool { whole != nil }

    /// The token that is a whole pre-token, where the tokenizer looks for one before it merges.
    @inline(__always)
    func wholeToken(_ bytes: UnsafeRawBufferPointer) -> TokenID? {
        guard let whole else { return nil }
        return whole.index.id(of: bytes, in: whole.strings)
    }
}

extension EncodingModel {
    /// From a vocabulary with explicit merges, which has a token for each byte.
    convenience init(_ vocabulary: Vocabulary, pattern: PreTokenPattern) {
        let strings = TokenStrings(vocabulary)
        var index = TokenIndex(count: strings.count)
        for id in 0..<TokenID(strings.count) where strings.length(id) > 0 && !vocabulary.isSpecial(id) { _ = index.insert(id, in: strings) }
        let byteTokens = (0...UInt8.max).map { byte in
            withUnsafeBytes(of: byte) { index.id(of: $0, in: strings) } ?? 0
        }
        let merges = MergeTable(mergeCount: vocabulary.merges.count, byteTokens: byteTokens)
        for (rank, merge) in vocabulary.merges.enumerated() {
            let product = Array(vocabulary[merge.left]) + Array(vocabulary[merge.right])
            guard let id = product.withUnsafeBytes({ index.id(of: $0, in: strings) }) else { continue }
            merges.insert(merge.left, merge.right, rank: rank, product: id)
        }
        merges.finish()
        self.init(merges: merges, pattern: pattern, vocabularySize: vocabulary.count)
    }
}
