/// What a file of ranks (`.tiktoken`) does not say: how texts are cut, what is made of them before, and the special tokens.
struct RankFamily: Sendable {
    enum Cutting: Sendable {
        case pattern(PreTokenPattern)
        /// A pattern without a scan of its own, as tiktoken reads it.
        case expression(String)
    }

    /// By which `--pattern` names it.
    let name: String
    /// The numbers of ranks by which its files are known; none for one that must be named.
    let rankCounts: [Int]
    let cutting: Cutting
    var normalizer: TextNormalizer?
    /// The end of text first, if there is one.
    let specials: [(text: String, id: TokenID)]
    /// What begins a text, where the family has such a token.
    var beginning: String?

    var endOfText: String? { specials.first?.text }
}

extension RankFamily {
    /// Kimi K2's, which keeps Chinese characters apart from other letters.
    private static let kimi = [
        #"[\p{Han}]+"#,
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#,
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#,
        #"\p{N}{1,3}"#, #" ?[^\s\p{L}\p{N}]+[\r\n]*"#, #"\s*[\r\n]+"#, #"\s+(?!\S)"#, #"\s+"#,
    ].joined(separator: "|")

    /// Every family of ranks that is known. Nothing else decides what a file of ranks means.
    static let all: [RankFamily] = [
        RankFamily(name: "gpt2", rankCounts: [50_256], cutting: .pattern(.gpt2), specials: [("<|endoftext|>", 50_256)]),
        RankFamily(name: "p50k", rankCounts: [50_280], cutting: .pattern(.gpt2), specials: [("<|endoftext|>", 50_256)]),
        RankFamily(
            name: "cl100k", rankCounts: [100_256], cutting: .pattern(.cl100k),
            specials: [
                ("<|endoftext|>", 100_257), ("<|fim_prefix|>", 100_258), ("<|fim_middle|>", 100_259), ("<|fim_suffix|>", 100_260),
                ("<|endofprompt|>", 100_276),
            ]),
        RankFamily(
            name: "o200k", rankCounts: [199_998], cutting: .pattern(.o200k),
            specials: [("<|endoftext|>", 199_999), ("<|endofprompt|>", 200_018)]),
        // gpt-oss has o200k's ranks, so its files must be named.
        RankFamily(
            name: "o200k_harmony", rankCounts: [], cutting: .pattern(.o200k),
            specials: [
                ("<|endoftext|>", 199_999), ("<|startoftext|>", 199_998), ("<|return|>", 200_002), ("<|constrain|>", 200_003),
                ("<|channel|>", 200_005), ("<|start|>", 200_006), ("<|end|>", 200_007), ("<|message|>", 200_008), ("<|call|>", 200_012),
                ("<|endofprompt|>", 200_018),
            ], beginning: "<|startoftext|>"),
        RankFamily(
            name: "llama3", rankCounts: [128_000], cutting: .pattern(.llama3),
            specials: [("<|end_of_text|>", 128_001), ("<|begin_of_text|>", 128_000)], beginning: "<|begin_of_text|>"),
        RankFamily(
            name: "llama4", rankCounts: [200_000], cutting: .pattern(.o200k),
            specials: [
                ("<|end_of_text|>", 200_001), ("<|begin_of_text|>", 200_000), ("<|fim_prefix|>", 200_002), ("<|fim_middle|>", 200_003),
                ("<|fim_suffix|>", 200_004),
            ], beginning: "<|begin_of_text|>"),
        RankFamily(
            name: "qwen2", rankCounts: [151_643], cutting: .pattern(.qwen2), normalizer: .newestNFC,
            specials: [("<|endoftext|>", 151_643), ("<|im_start|>", 151_644), ("<|im_end|>", 151_645)]),
        RankFamily(
            name: "qwen35", rankCounts: [248_044], cutting: .pattern(.qwen35), normalizer: .newestNFC,
            specials: [("<|endoftext|>", 248_044), ("<|im_start|>", 248_045), ("<|im_end|>", 248_046)]),
        RankFamily(
            name: "hunyuan", rankCounts: [127_957], cutting: .pattern(.qwen2), normalizer: .newestNFC,
            specials: [
                ("<|endoftext|>", 127_957), ("<|startoftext|>", 127_958), ("<|bos|>", 127_959), ("<|eos|>", 127_960), ("<|pad|>", 127_961),
            ],
            beginning: "<|startoftext|>"),
        // K3 has the same ranks and another name for 163586, <|im_end|> here: so it has none.
        RankFamily(
            name: "kimi_k2", rankCounts: [163_584], cutting: .expression(kimi), specials: [("[EOS]", 163_585), ("[BOS]", 163_584)],
            beginning: "[BOS]"),
        // Files of their own say more of these; a file of ranks by their pattern must be named.
        RankFamily(name: "tekken", rankCounts: [], cutting: .pattern(.tekken), specials: []),
        RankFamily(name: "deepseek_v3", rankCounts: [], cutting: .pattern(.deepseekV3), specials: []),
    ]

    /// The family of files with so many ranks.
    static func known(byRankCount count: Int, among families: [RankFamily]) -> RankFamily? {
        families.first { $0.rankCounts.contains(count) }
    }

    /// The families and their numbers of ranks, for messages.
    static func list(_ families: [RankFamily]) -> String {
        families.map { family in
            family.rankCounts.isEmpty ? family.name : "\(family.name) (\(family.rankCounts.map(String.init).joined(separator: ", ")))"
        }.joined(separator: ", ")
    }
}
