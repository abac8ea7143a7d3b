internal import Files
internal import JSON
internal import TypedErrors
internal import Quantities

/// What is not in a file of ranks, and how it was found out: by options, by a settings file beside it, or by the number of ranks, in this order. It is never guessed.
struct RankSettings {
    var cutting: RankFamily.Cutting
    var normalizer: TextNormalizer?
    /// The end of text first, if it is known.
    var specials: [(text: String, id: TokenID)]
    var origin: TokenizerOrigin

    init(_ family: RankFamily, specials: [(text: String, id: TokenID)], reason: String) {
        cutting = family.cutting
        normalizer = family.normalizer
        self.specials = specials
        origin = TokenizerOrigin(family.name, reason, beginning: family.beginning)
    }

    /// The settings file that belongs to a file of ranks: `NAME.tiktoken.json`, as `tokenizer convert` writes it.
    static func path(beside ranks: String) -> String { ranks + ".json" }

    /// `rankCount`: of the file at `path`.
    static func of(
        _ path: String, rankCount: Int, options: TokenizerOptions, families: [RankFamily]
    ) throws(TokenizerError) -> RankSettings {
        let known = RankFamily.known(byRankCount: rankCount, among: families)
        var given: [(text: String, id: TokenID)]?
        if let file = options.specialTokensFile { given = try specialTokens(file, readObject(file)) }
        if let name = options.pattern {
            guard let family = families.first(where: { $0.name == name }) else { throw unknown(name, path, families) }
            // Another family's special tokens would stand in the place of ranks.
            let fits = family.rankCounts.contains(rankCount) || (family.rankCounts.isEmpty && known != nil)
            return RankSettings(family, specials: given ?? (fits ? family.specials : []), reason: "--pattern \(name)")
        }
        let beside = Self.path(beside: path)
        if FileSystem.exists(beside) {
            let object = try readObject(beside)
            let name = object["pattern"]?.string ?? ""
            guard let family = families.first(where: { $0.name == name }) else { throw unknown(name, beside, families) }
            var settings = RankSettings(
                family, specials: given != nil ? given! : try specialTokens(beside, object),
                reason: "settings in \(FileSystem.name(of: beside))")
            if let normalizer = object["normalizer"] { settings.normalizer = normalizer.string.flatMap(TextNormalizer.init(rawValue:)) }
            return settings
        }
        guard let known else {
            throw .malformed(
                path: path, byteOffset: nil,
                reason:
                    "\(rankCount) ranks are those of no family that is known (\(RankFamily.list(families))), and the file does not say how texts are cut: was it cut off? Otherwise say \(option: "pattern") NAME, with \(option: "special-tokens") FILE and \(option: "eod-token") TEXT"
            )
        }
        return RankSettings(known, specials: given ?? known.specials, reason: "\(rankCount) ranks")
    }

    /// The settings file of a tokenizer whose number of ranks does not say what it is.
    static func file(pattern: PreTokenPattern, normalizer: TextNormalizer?, specials: [(text: String, id: TokenID)]) -> [UInt8] {
        let object: JSONValue = [
            "pattern": JSONValue(pattern.rawValue), "normalizer": normalizer.map { JSONValue($0.rawValue) } ?? .null,
            "special_tokens": .object(JSONObject(specials.map { ($0.text, JSONValue(Int($0.id))) })),
        ]
        return Array((object.serialized() + "\n").utf8)
    }

    static func unknown(_ name: String, _ path: String, _ families: [RankFamily]) -> TokenizerError {
        .malformed(
            path: path, byteOffset: nil, reason: "there is no pattern \(name): it is one of \(families.map(\.name).joined(separator: ", "))"
        )
    }

    private static func readObject(_ path: String) throws(TokenizerError) -> JSONObject {
        let bytes = try VocabularyReader.contents(path)
        let value = try mapping(TokenizerError.badJSON(in: path), JSONValue.parse(bytes))
        guard let object = value.object else {
            throw .malformed(path: path, byteOffset: nil, reason: "expected an object {\"text\": id, …}")
        }
        return object
    }

    /// `{"text": id, …}`, alone or as the member `special_tokens`.
    private static func specialTokens(_ path: String, _ object: JSONObject) throws(TokenizerError) -> [(text: String, id: TokenID)] {
        var tokens: [(text: String, id: TokenID)] = []
        for member in object["special_tokens"]?.object ?? object {
            guard let id = member.value.int, id >= 0, id < MergeTable.maximumToken, !member.key.isEmpty else {
                throw .malformed(
                    path: path, byteOffset: nil, reason: "the special token \(member.key) needs an id below \(MergeTable.maximumToken)")
            }
            tokens.append((member.key, TokenID(id)))
        }
        return tokens
    }
}
