/// What a tokenizer file holds, whatever its format: the byte string of each id, the merges in order of rank and the
/// special tokens.
struct Vocabulary: Sendable {
    /// `left` and `right`, side by side, become one token.
    struct Merge: Hashable, Sendable {
        let left: TokenID
        let right: TokenID
    }

    /// A token beside those that merges make: a special one, which stands for no text, or a plain one, which is found in every text.
    struct AddedToken: Equatable, Sendable {
        let text: String
        let id: TokenID
        /// Whether it is found in every text.
        var isPlain = false
        /// Whether it is looked for in normalized text, not in the text as it is written.
        var isNormalized = false
        /// Whether the white space before it (behind it) belongs to it where it is found.
        var stripsLeft = false
        var stripsRight = false
        /// Whether it is only found where no character of a word stands beside it.
        var isWord = false
    }

    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]
    /// The most important first; each pair once.
    var merges: [Merge] = []
    /// By id, plain ones included.
    var specialTokens: [AddedToken] = []

    init() {}

    /// The strings of `strings`, in one go.
    init(_ strings: TokenStrings) {
        bytes = Array(UnsafeRawBufferPointer(start: strings.bytes, count: strings.byteCount))
        ends = (0...strings.count).map { Int(strings.offsets[$0]) }
    }

    /// All strings one after the other, and where each ends.
    func withStrings<R>(_ body: (_ bytes: UnsafeRawBufferPointer, _ ends: UnsafeBufferPointer<Int>) -> R) -> R {
        bytes.withUnsafeBytes { bytes in ends.withUnsafeBufferPointer { body(bytes, $0) } }
    }

    /// Ids: 0 ..< count. An id that stands for nothing has an empty string.
    var count: Int { ends.count - 1 }

    /// The byte string of a token; a special token's text.
    subscript(id: TokenID) -> ArraySlice<UInt8> { bytes[ends[Int(id)]..<ends[Int(id) + 1]] }

    /// Adds the token with the next id.
    mutating func append(_ string: some Collection<UInt8>) {
        bytes.append(contentsOf: string)
        ends.append(bytes.count)
    }

    func isSpecial(_ id: TokenID) -> Bool { specialTokens.contains { $0.id == id } }
}
