internal import CBPE
internal import Files
import Hashing
internal import Quantities

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

    /// How text is cut into pre-tokens; nil where it is by none of the patterns that have a name.
    public var pattern: PreTokenPattern? { model.general == nil ? model.pattern : nil }

    /// How text is cut, in words: the name of the pattern, or the steps.
    public var cutting: String {
        switch model.general {
        case nil: model.pattern.rawValue
        case .steps(let steps): steps.description
        case .characters(let characters): characters.description
        }
    }

    /// Whether a scan finds where to cut texts. Other tokenizers are as exact and slower.
    public var isOnFastRoad: Bool { if case .steps = model.general { false } else { true } }

    /// The bytes that texts may have and no token stands for: they are left out, as `tokenizers` does.
    public var droppedBytes: [UInt8] { model.dropped.sorted() }

    /// Whether a person chose the end of text, or a file beside the tokenizer's.
    public var hasChosenEndOfText: Bool { chosenEndOfText != nil }

    /// What is made of texts before all else; nil for nothing.
    public var normalizer: TextNormalizer? { model.preparation?.normalizer }

    /// A number that is the same for the same strings, ids, merges, pattern, added tokens and normalizer, whatever file they
    /// came from.
    public let digest: UInt64

    /// What it was taken for, and why.
    public let origin: TokenizerOrigin

    /// Where it was loaded from; nil for one that was made.
    public internal(set) var place: TokenizerPlace?

    let vocabulary: Vocabulary
    let model: EncodingModel
    /// The end of text that is not simply the first of the usual names, and who says so.
    private var chosenEndOfText: (id: TokenID, reason: String)?

    init(name: String, vocabulary: Vocabulary, pattern: PreTokenPattern = .gpt2) {
        self.init(name: name, vocabulary: vocabulary, model: EncodingModel(vocabulary, pattern: pattern))
    }

    init(
        name: String, vocabulary: Vocabulary, model: EncodingModel,
        origin: TokenizerOrigin = TokenizerOrigin("tokenizer.json", "the file says it")
    ) {
        self.name = name
        self.origin = origin
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

    /// The token that ends a document, and how it was found: chosen, or the first of these names that a special token has.
    public var endOfTextChoice: (id: TokenID, reason: String)? {
        if let chosenEndOfText { return chosenEndOfText }
        return endOfTextByName
    }

    private var endOfTextByName: (id: TokenID, reason: String)? {
        for text in Self.endOfTextNames {
            if let token = vocabulary.specialTokens.first(where: { $0.text == text }) { return (token.id, "by its name, \(text)") }
        }
        return nil
    }

    private static let endOfTextNames = [
        "<|endoftext|>", "<|end_of_text|>", "<｜end▁of▁sentence｜>", "<|end▁of▁sentence|>", "<EOT>", "[EOS]", "<eos>", "</s>",
    ]

    /// The token that ends a document, where there is one.
    public var endOfText: TokenID? { endOfTextChoice?.id }

    /// Takes the special token with this text for the end of text, if there is one, because `tokenizer_config.json` does.
    mutating func preferEndOfText(_ text: String) {
        guard let token = vocabulary.specialTokens.first(where: { $0.text == text }), token.id != endOfTextByName?.id else { return }
        chosenEndOfText = (token.id, "tokenizer_config.json's eos_token, \(text)")
    }

    /// Takes the token with this text, or this id, for the end of text.
    mutating func chooseEndOfText(_ choice: String, path: String) throws(TokenizerError) {
        chosenEndOfText = (try token(choice, path: path), "chosen, \(choice)")
    }

    /// The special token with this text, or the token with this id. `path` is for the error.
    public func token(_ choice: String, path: String) throws(TokenizerError) -> TokenID {
        if let token = vocabulary.specialTokens.first(where: { $0.text == choice }) { return token.id }
        if let id = TokenID(choice), id < vocabulary.count, !vocabulary[id].isEmpty { return id }
        let names = specialTokens.prefix(20).map { "\(PathName.printable($0.text)) (\($0.id))" }.joined(separator: ", ")
        throw .malformed(
            path: path, byteOffset: nil,
            reason: "no special token is \(PathName.printable(choice)), and none has this id: there are \(names.isEmpty ? "none" : names)")
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
        // The blank that encoding put before the text.
        if case .characters(let model) = model.general, model.prefix != .none, bytes.first == 0x20 { bytes.removeFirst() }
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
        switch model.general {
        case nil: hash.update(model.pattern.rawValue)
        case .steps(let steps): hash.update("steps: " + steps.description)
        case .characters(let characters): hash.update("characters: " + characters.description)
        }
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
