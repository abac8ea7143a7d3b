internal import CBPE
internal import Files
import Hashing

/// A byte-level BPE tokenizer: immutable, and cheap to copy.
///
///     let tokenizer = try Tokenizer.load("gpt2")
///     let ids = tokenizer.encode("Hello world")      // [15496, 995]
///     let text = try tokenizer.decode(ids)           // the same bytes
///
/// Every sequence of bytes has ids and comes back from them unchanged, valid UTF-8 or not; where the tokenizer has a ``normalizer``, text comes
/// back in its normal form.
/// `encode` here is for a text now and then; an ``Encoder`` is for corpora.
public struct Tokenizer: Sendable {
    /// The installed name, or the name of the file it came from.
    public let name: String

    /// How text is cut into pre-tokens.
    public var pattern: PreTokenPattern { model.pattern }

    /// What is made of texts before all else; nil for nothing.
    public var normalizer: TextNormalizer? { model.preparation?.normalizer }

    /// A number that is the same for the same strings, ids, merges, pattern, added tokens and normalizer, whatever file they
    /// came from.
    public let digest: UInt64

    let vocabulary: Vocabulary
    let model: EncodingModel

    init(name: String, vocabulary: Vocabulary, pattern: PreTokenPattern = .gpt2) {
        self.init(name: name, vocabulary: vocabulary, model: EncodingModel(vocabulary, pattern: pattern))
    }

    init(name: String, vocabulary: Vocabulary, model: EncodingModel) {
        self.name = name
        self.vocabulary = vocabulary
        self.model = model
        digest = vocabulary.digest(of: model)
    }

    /// The highest id + 1, special tokens included.
    public var vocabularySize: Int { vocabulary.count }

    /// The tokens that stand for no text, by id; with them those that are found in every text although no merges make them.
    public var specialTokens: [(text: String, id: TokenID)] {
        vocabulary.specialTokens.sorted { $0.id < $1.id }.map { ($0.text, $0.id) }
    }

    /// The token that ends a document: `<|endoftext|>`, else `<|end_of_text|>`, where there is one.
    public var endOfText: TokenID? {
        for text in ["<|endoftext|>", "<|end_of_text|>"] {
            if let token = vocabulary.specialTokens.first(where: { $0.text == text }) { return token.id }
        }
        return nil
    }

    /// The bytes for which a token stands (a special token's text); nil when no token has this id.
    public func bytes(of id: TokenID) -> [UInt8]? {
        guard id < vocabulary.count, !vocabulary[id].isEmpty else { return nil }
        return Array(vocabulary[id])
    }

    // MARK: encoding

    /// The ids of a text. Special tokens are never made from it.
    public func encode(_ text: String) -> [TokenID] { encode(Array(text.utf8)) }

    /// The ids of any bytes. Special tokens are never made from them.
    public func encode(_ bytes: [UInt8]) -> [TokenID] { encode(bytes, by: Encoder(self, cacheBytes: 0)) }

    /// The ids of a text in which the special tokens of `allowedSpecial` are recognised: of two at the same place the
    /// longer, what is between them encoded as texts of their own.
    public func encode(_ text: String, allowedSpecial: Set<String>) -> [TokenID] {
        let level = slw_best_scan_level().rawValue
        return encode(Array(text.utf8), by: Encoder(self, cacheBytes: 0, scanLevel: level, allowedSpecial: allowedSpecial))
    }

    private func encode(_ bytes: [UInt8], by encoder: Encoder) -> [TokenID] {
        let output = TokenBuffer(width: 4)
        let end = bytes.count
        bytes.withUnsafeBytes { text in
            withUnsafePointer(to: end) { end in
                encoder.encode(text, documentEnds: UnsafeBufferPointer(start: end, count: 1), appendEndOfText: false, into: output)
            }
        }
        return output.tokens
    }

    // MARK: decoding

    /// The bytes for which `ids` stand, special tokens as their text. They need not be valid UTF-8: a token may end within a character.
    ///
    /// - Throws: `unknownToken` for an id that no token has.
    public func decode(_ ids: some Sequence<TokenID>) throws(TokenizerError) -> [UInt8] {
        var bytes: [UInt8] = []
        for id in ids {
            guard id < vocabulary.count, !vocabulary[id].isEmpty else { throw .unknownToken(id: id, vocabularySize: vocabulary.count) }
            bytes += vocabulary[id]
        }
        return bytes
    }
}

extension Vocabulary {
    /// See ``Tokenizer/digest``. Whether added tokens are found in every text is covered where there is a normalizer only, and `ignore_merges` is not: data sets that
    /// were made before there were normalizers keep the digest of their tokenizer.
    func digest(of model: EncodingModel) -> UInt64 {
        var hash = XXHash64()
        withStrings { bytes, ends in
            hash.update(UnsafeRawBufferPointer(ends))
            hash.update(bytes)
        }
        merges.withUnsafeBytes { hash.update($0) }
        let added = specialTokens.sorted { $0.id < $1.id }
        for token in added {
            hash.update(token.id)
            hash.update(token.text)
        }
        hash.update(model.pattern.rawValue)
        if let normalizer = model.preparation?.normalizer {
            hash.update(normalizer.rawValue)
            for token in added where token.isPlain {
                hash.update(token.isNormalized ? "found in normalized text" : "found in text")
                hash.update(token.id)
            }
        }
        return hash.finish()
    }
}
