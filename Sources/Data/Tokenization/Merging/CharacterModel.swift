/// BPE over characters, as SentencePiece makes it: words begin with `▁`, and a character that no token spells becomes the tokens of its bytes.
///
/// A text is never cut into pre-tokens before it is merged. But where two characters stand side by side in no token, no merge reaches over them (``JoinedBytes``); so texts are
/// cut there, which changes nothing, and the words between go the way of pre-tokens. In these texts a blank stands for `▁` (``CharacterText``).
final class CharacterModel: Sendable {
    /// What is put before a text (or, where added tokens were found, a piece of it).
    enum Prefix: String, Sendable {
        case none
        /// `▁` before each piece, as SentencePiece's dummy prefix and the normalizer Prepend do.
        case always = "before each text"
        /// `▁` before each piece that does not begin with one.
        case unlessThere = "before each text that begins with no blank"
        /// `▁` before the first piece of a text if it does not begin with one.
        case firstUnlessThere = "before a text that begins with no blank"
    }

    static let blank: UInt32 = 0x2581
    static let blankBytes: [UInt8] = [0xE2, 0x96, 0x81]

    /// The symbols of characters, that of `▁` for a blank.
    let characters: CharacterTable
    let merges: CharacterMerges
    /// The tokens of the bytes; nil if what no token spells is `unknown`.
    let byteTokens: [TokenID]?
    let unknown: TokenID
    let prefix: Prefix
    /// What happens to a text before all else; nil for nothing.
    let normalizer: CharacterNormalizer?
    /// Whether a `▁` always begins a word, merges or not.
    let cutsAtBlanks: Bool
    /// Tokens that are found as they are spelled and never merged, with blanks for `▁`.
    let userDefined: AddedTokens
    /// Between which bytes no word begins.
    let joined: JoinedBytes
    /// Whether neighbours that no token spells are one unknown token.
    let fusesUnknown: Bool
    /// What decides over merges, beyond the vocabulary's list of them: for the tokenizer's digest.
    let scores: UInt64

    init(
        characters: CharacterTable, merges: CharacterMerges, byteTokens: [TokenID]?, unknown: TokenID, prefix: Prefix,
        cutsAtBlanks: Bool = false, userDefined: AddedTokens = AddedTokens([]), joined: JoinedBytes,
        fusesUnknown: Bool = true, scores: UInt64 = 0, normalizer: CharacterNormalizer? = nil
    ) {
        var (characters, joined) = (characters, joined)
        characters.insert(0x20, characters.symbol(Self.blank))
        joined.joinWithinCharacters()
        // Unknown characters side by side may be one token. Nothing is joined to a blank that way, for there is a token for it.
        if byteTokens == nil { joined.joinAllButBlanks() }
        if cutsAtBlanks { joined.cutBeforeBlanks() }
        self.normalizer = normalizer
        self.fusesUnknown = fusesUnknown
        self.scores = scores
        self.characters = characters
        self.merges = merges
        self.byteTokens = byteTokens
        self.unknown = unknown
        self.prefix = prefix
        self.cutsAtBlanks = cutsAtBlanks
        self.userDefined = userDefined
        self.joined = joined
    }

    /// What it does, in words.
    var description: String {
        let blank = prefix == .none ? "" : ", a blank \(prefix.rawValue)"
        return "characters, ▁ for blanks\(blank)\(cutsAtBlanks ? ", cut at blanks" : ""), "
            + (byteTokens == nil ? "unknown ones \(unknown)\(fusesUnknown ? " fused" : "")" : "bytes for unknown ones")
            + (scores == 0 ? "" : ", scores \(String(scores, radix: 16))") + (normalizer.map { ", \($0.description)" } ?? "")
    }
}
