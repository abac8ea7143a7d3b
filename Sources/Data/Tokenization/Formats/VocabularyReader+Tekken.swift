internal import JSON
internal import TypedErrors
internal import Quantities

/// Mistral's `tekken.json`: ranks, the pattern and the number of special tokens, which come before the ranks.
extension VocabularyReader {
    static func readTekken(_ path: String, name: String) throws(TokenizerError) -> Tokenizer {
        let bytes = try contents(path)
        let file = try mapping(TokenizerError.badJSON(in: path), JSONValue.parse(bytes))
        var reader = VocabularyReader(path: path, byteCount: bytes.count)
        guard let config = file["config"], let pattern = config["pattern"]?.string, let size = config["default_vocab_size"]?.int,
            let specialCount = config["default_num_special_tokens"]?.int, let entries = file["vocab"]?.array
        else {
            throw reader.malformed(
                "a tekken.json needs a vocab, and a config with pattern, default_vocab_size and default_num_special_tokens")
        }
        let named = file["special_tokens"]?.array
        guard specialCount >= 0, size >= specialCount, size < MergeTable.maximumToken, entries.count >= size - specialCount else {
            throw reader.malformed("\(entries.count) ranks and \(specialCount) special tokens are not \(size) tokens")
        }
        guard named?.count ?? deprecatedSpecials.count <= specialCount else {
            throw reader.malformed("there are more special tokens than the \(specialCount) of its config")
        }
        try reader.readSpecials(named, count: specialCount)
        // Ranks beyond the vocabulary's size are there for larger ones.
        for (rank, entry) in entries.prefix(size - specialCount).enumerated() {
            guard entry["rank"]?.int == rank, let text = entry["token_bytes"]?.string, let token = Base64.decode(text), !token.isEmpty
            else {
                throw reader.malformed("the entry \(rank) of vocab needs this rank, and token_bytes in base64")
            }
            reader.read.bytes.append(contentsOf: token)
            reader.read.close(TokenID(rank + specialCount))
        }
        let index = try reader.wholeIndex()
        let family = RankFamily(name: "tekken", rankCounts: [], cutting: .expression(pattern), specials: [], beginning: "<s>")
        return try tokenizer(
            name: name, path: path, index, specials: reader.specials,
            settings: RankSettings(family, specials: [], reason: "the file says it"))
    }

    /// The names of files that do not list them.
    private static let deprecatedSpecials = [
        "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]", "[/TOOL_RESULTS]",
        "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]",
        "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
    ]

    private mutating func readSpecials(_ named: [JSONValue]?, count: Int) throws(TokenizerError) {
        var texts = [String?](repeating: nil, count: count)
        for (number, text) in Self.deprecatedSpecials.enumerated() where named == nil { texts[number] = text }
        for token in named ?? [] {
            guard let text = token["token_str"]?.string, !text.isEmpty, let rank = token["rank"]?.int, texts.indices.contains(rank),
                texts[rank] == nil
            else { throw malformed("a special token needs a token_str, and a rank of its own below \(count)") }
            texts[rank] = text
        }
        for (number, text) in texts.enumerated() {
            let text = text ?? "<SPECIAL_\(number)>"
            read.bytes.append(contentsOf: text.utf8)
            read.close(TokenID(number))
            unspelled.insert(TokenID(number))
            specials.append(Vocabulary.AddedToken(text: text, id: TokenID(number)))
        }
    }
}
