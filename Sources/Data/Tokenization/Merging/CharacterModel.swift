/// BPE over characters, as SentencePiece makes it: words begin with `▁`, and a character that no token spells becomes the tokens of its bytes.
///
/// A text is never cut into pre-tokens before it is merged. But where two characters stand side by side in no token, no merge reaches over them; so texts are cut before
/// a `▁` where that is so, which changes nothing, and the words between are remembered.
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

    /// Symbols that are no tokens: characters that no token spells.
    static let unspelled: UInt32 = 1 << 31
    static let blank: UInt32 = 0x2581
    static let blankBytes: [UInt8] = [0xE2, 0x96, 0x81]

    let characters: [UInt32: TokenID]
    let merges: SymbolMerges
    /// The tokens of the bytes; nil if what no token spells is `unknown`.
    let byteTokens: [TokenID]?
    let unknown: TokenID
    let prefix: Prefix
    /// What happens to a text before all else; nil for nothing.
    let normalizer: CharacterNormalizer?
    /// Whether a `▁` always begins a word, merges or not.
    let cutsAtBlanks: Bool
    /// Tokens that are found as they are spelled and never merged, over texts whose blanks are `▁`.
    let userDefined: AddedTokens
    /// The characters that stand before a `▁` within some token.
    let joined: Set<UInt32>
    /// Whether neighbours that no token spells are one unknown token.
    let fusesUnknown: Bool
    /// What decides over merges, beyond the vocabulary's list of them: for the tokenizer's digest.
    let scores: UInt64

    init(
        characters: [UInt32: TokenID], merges: SymbolMerges, byteTokens: [TokenID]?, unknown: TokenID, prefix: Prefix,
        cutsAtBlanks: Bool = false, userDefined: AddedTokens = AddedTokens([]), joined: Set<UInt32>,
        fusesUnknown: Bool = true, scores: UInt64 = 0, normalizer: CharacterNormalizer? = nil
    ) {
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

    /// The characters before a `▁` within a token's spelling.
    static func joined(in spelling: some Sequence<Unicode.Scalar>, into set: inout Set<UInt32>) {
        var previous: UInt32?
        for scalar in spelling {
            if scalar.value == blank, let previous { set.insert(previous) }
            previous = scalar.value
        }
    }
}

/// From two neighbouring symbols to the rank of their merge and what it makes. Merges may share a rank: of these the leftmost comes first.
struct SymbolMerges: Sendable {
    private var keys: [UInt64]
    private var values: [UInt64]
    private var count = 0
    private static let free = UInt64.max

    init(minimumCapacity: Int = 0) {
        var capacity = 1 << 10
        while capacity < 2 * minimumCapacity { capacity *= 2 }
        keys = Array(repeating: Self.free, count: capacity)
        values = Array(repeating: 0, count: capacity)
    }

    @inline(__always)
    private static func home(_ key: UInt64, _ capacity: Int) -> Int {
        let mixed = (key ^ key >> 31) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 20) & (capacity &- 1)
    }

    /// The rank in the upper half and the product in the lower; nil if the two do not merge.
    @inline(__always)
    func merge(_ left: UInt32, _ right: UInt32) -> UInt64? {
        let key = UInt64(left) << 32 | UInt64(right)
        return keys.withUnsafeBufferPointer { keys in
            var index = Self.home(key, keys.count)
            while keys[index] != Self.free {
                if keys[index] == key { return values[index] }
                index = (index &+ 1) & (keys.count &- 1)
            }
            return nil
        }
    }

    /// Records a merge; the last record of a pair holds.
    mutating func insert(_ left: UInt32, _ right: UInt32, rank: UInt32, product: TokenID) {
        if 2 * count >= keys.count { grow() }
        set(UInt64(left) << 32 | UInt64(right), UInt64(rank) << 32 | UInt64(product))
    }

    private mutating func set(_ key: UInt64, _ value: UInt64) {
        var index = Self.home(key, keys.count)
        while keys[index] != Self.free, keys[index] != key { index = (index + 1) & (keys.count - 1) }
        if keys[index] == Self.free { count += 1 }
        keys[index] = key
        values[index] = value
    }

    private mutating func grow() {
        let (oldKeys, oldValues) = (keys, values)
        keys = Array(repeating: Self.free, count: oldKeys.count * 2)
        values = Array(repeating: 0, count: oldKeys.count * 2)
        count = 0
        for index in oldKeys.indices where oldKeys[index] != Self.free { set(oldKeys[index], oldValues[index]) }
    }
}
