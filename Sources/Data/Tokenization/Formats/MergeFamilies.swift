internal import Files
internal import Quantities

/// A vocabulary with merges whose files do not say how texts are cut: `vocab.json` and `merges.txt`, as many families have them.
struct MergeFamily: Sendable {
    let name: String
    let pattern: PreTokenPattern
    var normalizer: TextNormalizer?
    /// The number of tokens, and some of them: what a vocabulary must have to be this one.
    let size: Int
    let tokens: [(id: TokenID, text: String)]

    static let all: [MergeFamily] = [
        MergeFamily(name: "gpt2", pattern: .gpt2, size: 50_257, tokens: [(262, " the"), (50_255, " gazed"), (50_256, "<|endoftext|>")]),
        MergeFamily(
            name: "qwen2", pattern: .qwen2, normalizer: .newestNFC, size: 151_643, tokens: [(262, "   "), (279, " the"), (13, ".")]),
    ]

    /// What is not in the files, and how it was found out.
    static func of(
        _ path: String, _ vocabulary: Vocabulary, options: TokenizerOptions, families: [MergeFamily]
    ) throws(TokenizerError) -> (family: MergeFamily, reason: String) {
        if let name = options.pattern {
            guard let family = RankFamily.all.first(where: { $0.name == name }), case .pattern(let pattern) = family.cutting else {
                throw RankSettings.unknown(name, path, RankFamily.all)
            }
            return (MergeFamily(name: name, pattern: pattern, normalizer: family.normalizer, size: 0, tokens: []), "--pattern \(name)")
        }
        for family in families
        where family.size == vocabulary.count && family.tokens.allSatisfy({ vocabulary[$0.id].elementsEqual($0.text.utf8) }) {
            return (family, "\(vocabulary.count) tokens")
        }
        if FileSystem.name(of: path) == "encoder.json" {
            return (MergeFamily(name: "gpt2", pattern: .gpt2, size: 0, tokens: []), "encoder.json is the name of GPT-2's format")
        }
        throw .malformed(
            path: path, byteOffset: nil,
            reason:
                "this vocabulary of \(vocabulary.count) tokens is none of those that are known (\(families.map { "\($0.name) (\($0.size))" }.joined(separator: ", "))), and does not say how texts are cut: give the tokenizer.json, or say \(option: "pattern") NAME (\(RankFamily.all.map(\.name).joined(separator: ", ")))"
        )
    }
}
