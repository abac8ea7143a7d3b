import TypedErrors
import Quantities

/// OpenAI's `.tiktoken` files: a line of base64 and rank a token, no merges, no pattern, no special tokens.
extension VocabularyReader {
    /// - Parameter settings: what is said beside the file; nil where its number of ranks must say it.
    static func readRanks(
        _ path: String, name: String, options: TokenizerOptions, families: [RankFamily] = RankFamily.all
    ) throws(TokenizerError) -> Tokenizer {
        try readRanks(try contents(path), path: path, name: name, options: options, families: families)
    }

    /// From the text of the file at `path`.
    static func readRanks(
        _ text: [UInt8], path: String, name: String, options: TokenizerOptions, families: [RankFamily] = RankFamily.all
    ) throws(TokenizerError) -> Tokenizer {
        var reader = VocabularyReader(path: path, byteCount: text.count)
        try text.withUnsafeBufferPointer { (buffer) throws(TokenizerError) in try reader.readRankLines(UnsafeRawBufferPointer(buffer)) }
        let settings = try RankSettings.of(path, rankCount: reader.read.ids.count, options: options, families: families)
        for special in settings.specials { reader.addSpecial(special.text, special.id) }
        let index = try reader.wholeIndex()
        return try tokenizer(name: name, path: path, index, specials: reader.specials, settings: settings)
    }

    /// From ranks as ids, special tokens among them.
    static func tokenizer(
        name: String, path: String, _ index: Index, specials: [Vocabulary.AddedToken], settings: RankSettings
    ) throws(TokenizerError) -> Tokenizer {
        let strings = index.strings
        let byRank = RankMerges(strings, isSpecial: Set(specials.map(\.id)), byteTokens: index.byteTokens)
        var vocabulary = Vocabulary(strings)
        vocabulary.merges = byRank.merges
        vocabulary.specialTokens = specials
        let encoding: (pattern: PreTokenPattern, general: GeneralEncoding?)
        switch settings.cutting {
        case .pattern(let pattern): encoding = (pattern, nil)
        case .expression(let source):
            if let pattern = PreTokenizerSetting.pattern(of: source) {
                encoding = (pattern, nil)
                break
            }
            func refusal(_ error: RegularExpression.Refusal) -> TokenizerError {
                .unsupported(path: path, feature: "the pattern \(source.prefix(60)) has \(error.reason)")
            }
            let expression = try mapping(refusal, RegularExpression(source, .rust))
            encoding = (.gpt2, .steps(PreTokenSteps([.split(.expression(expression), .isolated, isInverted: false)])))
        }
        return Tokenizer(
            name: name, vocabulary: vocabulary,
            model: EncodingModel(
                merges: byRank.table(index.index, strings), pattern: encoding.pattern, vocabularySize: strings.count,
                whole: byRank.isComplete ? nil : (index.index, strings), isByRank: !byRank.isComplete,
                preparation: TextPreparation(specials, normalizer: settings.normalizer), general: encoding.general),
            origin: settings.origin)
    }

    private mutating func addSpecial(_ text: String, _ id: TokenID) {
        read.bytes.append(contentsOf: text.utf8)
        read.close(id)
        unspelled.insert(id)
        specials.append(Vocabulary.AddedToken(text: text, id: id))
    }

    /// A file whose first line is wrong is hardly a damaged one.
    private static func expected(at start: Int) -> String {
        let line = "expected a token in base64, a blank and its rank"
        return start > 0 ? line : line + ", as in a .tiktoken file (also read: tokenizer.json, and encoder.json with vocab.bpe)"
    }

    private static let digits: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8.enumerated() {
            values[Int(digit)] = UInt8(value)
        }
        return values
    }()

    private mutating func readRankLines(_ text: UnsafeRawBufferPointer) throws(TokenizerError) {
        let digits = Self.digits
        var offset = 0
        while offset < text.count {
            let start = offset
            var bits: UInt32 = 0
            var held: UInt32 = 0
            var count = 0
            while offset < text.count, digits[Int(text[offset])] != 255 {
                bits = bits << 6 | UInt32(digits[Int(text[offset])])
                held += 6
                if held >= 8 {
                    held -= 8
                    read.bytes.append(UInt8(truncatingIfNeeded: bits >> held))
                }
                offset += 1
                count += 1
            }
            while offset < text.count, text[offset] == UInt8(ascii: "=") {
                offset += 1
                count += 1
            }
            guard count % 4 == 0, count > 0, offset < text.count, text[offset] == 0x20 else {
                throw malformed("\(Self.expected(at: start))", at: start)
            }
            offset += 1
            var rank = 0
            let firstDigit = offset
            while offset < text.count, text[offset] >= 0x30, text[offset] <= 0x39 {
                rank = rank * 10 + Int(text[offset] - 0x30)
                guard rank < MergeTable.maximumToken else { throw malformed("a rank is \(MergeTable.maximumToken) or more", at: start) }
                offset += 1
            }
            guard offset > firstDigit else { throw malformed("\(Self.expected(at: start))", at: start) }
            if offset < text.count, text[offset] == 0x0D { offset += 1 }
            guard offset == text.count || text[offset] == 0x0A else { throw malformed("expected the end of the line", at: offset) }
            offset += 1
            read.close(TokenID(rank))
        }
    }
}

/// The merges for which ranks stand.
///
/// A rank encoder joins the neighbours that together spell the token of the lowest rank. Run on a token's own bytes with the ranks
/// below its own it ends with two tokens; as whatever happens inside a token's bytes does not depend on what is around
/// them, this pair is the only one that ever becomes this token. Where it ends with more (a vocabulary that was put together from
/// two), ranks are not merges: then every way to cut a token in two is recorded under the token's rank.
struct RankMerges {
    private(set) var merges: [Vocabulary.Merge] = []
    private var products: [TokenID] = []
    /// Whether each token of several bytes has its pair.
    private(set) var isComplete = true
    private let growing: MergeTable

    init(_ strings: TokenStrings, isSpecial: Set<TokenID>, byteTokens: [TokenID]) {
        growing = MergeTable(mergeCount: strings.count, byteTokens: byteTokens)
        let scratch = MergeScratch(growing)
        for id in 0..<TokenID(strings.count) where strings.length(id) > 1 && !isSpecial.contains(id) {
            let bytes = strings[id]
            let base = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            guard scratch.encode(base, count: bytes.count) == 2 else {
                isComplete = false
                continue
            }
            let (left, right) = (scratch.tokens[0], scratch.tokens[1])
            growing.insert(left, right, rank: merges.count, product: id)
            if bytes.count == 2 { growing.bytePairs[Int(base[0]) << 8 | Int(base[1])] = UInt32(merges.count) }
            merges.append(Vocabulary.Merge(left: left, right: right))
            products.append(id)
        }
    }

    /// The merges in the encoder's form.
    func table(_ index: TokenIndex, _ strings: TokenStrings) -> MergeTable {
        if isComplete {
            growing.finish()
            return growing
        }
        var cuts: [(left: TokenID, right: TokenID, product: TokenID)] = []
        for id in 0..<TokenID(strings.count) {
            let bytes = strings[id]
            guard bytes.count > 1, index.id(of: bytes, in: strings) == id else { continue }
            for middle in 1..<bytes.count {
                if let left = index.id(of: UnsafeRawBufferPointer(rebasing: bytes[..<middle]), in: strings),
                    let right = index.id(of: UnsafeRawBufferPointer(rebasing: bytes[middle...]), in: strings)
                {
                    cuts.append((left, right, id))
                }
            }
        }
        let byteTokens = (0..<256).map { growing.byteTokens[$0] }
        let table = MergeTable(mergeCount: max(cuts.count, strings.count), byteTokens: byteTokens)
        for cut in cuts { table.insert(cut.left, cut.right, rank: Int(cut.product), product: cut.product) }
        table.finish()
        return table
    }
}
