internal import Normalization

/// What a tokenizer makes of every text before it is cut into pre-tokens.
public enum TextNormalizer: String, Sendable {
    /// Unicode's form C by the tables of Hugging Face's `tokenizers` (`CanonicalComposition.Edition.huggingFace`), as Qwen's files ask for.
    case nfc = "NFC"
    /// Unicode's form C by the newest tables, as the Python code around Qwen's and Hunyuan's rank files asks for.
    case newestNFC = "NFC of Unicode 17"

    /// Unicode's form KC by the tables of Hugging Face's `tokenizers`, as Claude 2's file asks for.
    case nfkc = "NFKC"
    /// Unicode's form D by the same tables.
    case nfd = "NFD"
    /// Unicode's form KD by the same tables.
    case nfkd = "NFKD"

    /// Whether characters that stand for others become those.
    var isCompatible: Bool { self == .nfkc || self == .nfkd }
    /// Whether composites are made, and not taken apart.
    var composes: Bool { self != .nfd && self != .nfkd }

    var edition: CanonicalComposition.Edition { self == .newestNFC ? .newest : .huggingFace }

    func normalized(_ text: [UInt8]) -> [UInt8] {
        var text = text
        if isCompatible {
            var replaced: [UInt8] = []
            text.withUnsafeBytes { CompatibilityDecomposition.replace($0, into: &replaced) }
            text = replaced
        }
        var output: [UInt8] = []
        if !composes {
            text.withUnsafeBytes { CanonicalComposition(edition).decompose($0, into: &output) }
            return output
        }
        return text.withUnsafeBytes { CanonicalComposition(edition).normalize($0, into: &output) } ? output : text
    }
}

/// What happens to a text before it is cut into pre-tokens, in the order of Hugging Face's `tokenizers`: added tokens that are looked for in the text as it is written
/// are taken out; what is between them is normalized, each piece on its own; added tokens that are looked for in normalized text are taken out of that, found
/// by their own normalized spelling.
struct TextPreparation: Sendable {
    let written: AddedTokens
    let normalizer: TextNormalizer?
    let normalized: AddedTokens
    /// The bytes that have no token and that no valid UTF-8 has: U+FFFD is read for them.
    let absent: Set<UInt8>
    /// By byte; empty if there are none.
    let isAbsent: [Bool]

    /// Nil if nothing happens. Of the special tokens only `allowed` ones are found; the others stay text.
    init?(
        _ added: [Vocabulary.AddedToken], normalizer: TextNormalizer?, allowed: Set<String> = [], absent: Set<UInt8> = []
    ) {
        func isFound(_ token: Vocabulary.AddedToken) -> Bool { token.isPlain || allowed.contains(token.text) }
        guard normalizer != nil || !absent.isEmpty || added.contains(where: isFound) else { return nil }
        // To `tokenizers` the text of a special token is no place to look for others in, also where it is to stay text.
        let hasPlain = added.contains(where: \.isPlain)
        let looked = added.filter { hasPlain || isFound($0) }
        func entries(normalized: Bool) -> [AddedTokens.Entry] {
            looked.filter { $0.isNormalized == normalized }.map { token in
                AddedTokens.Entry(
                    bytes: Self.spelling(of: token, normalizer), id: isFound(token) ? token.id : nil, stripsLeft: token.stripsLeft,
                    stripsRight: token.stripsRight, isWord: token.isWord)
            }
        }
        written = AddedTokens(entries(normalized: false))
        normalized = AddedTokens(entries(normalized: true))
        self.normalizer = normalizer
        self.absent = absent
        isAbsent = absent.isEmpty ? [] : (0...UInt8.max).map(absent.contains)
    }

    /// The bytes by which a token is found.
    private static func spelling(of token: Vocabulary.AddedToken, _ normalizer: TextNormalizer?) -> [UInt8] {
        let bytes = Array(token.text.utf8)
        return token.isNormalized ? normalizer?.normalized(bytes) ?? bytes : bytes
    }

    /// Two tokens that are found by the same bytes, if there are any.
    static func ambiguity(in added: [Vocabulary.AddedToken], _ normalizer: TextNormalizer?) -> (String, String)? {
        var seen: [[UInt8]: String] = [:]
        for token in added {
            let key = [token.isNormalized ? 1 : 0] + spelling(of: token, normalizer)
            if let other = seen.updateValue(token.text, forKey: key) { return (other, token.text) }
        }
        return nil
    }
}
