internal import JSON

/// Recognises the pattern that a `tokenizer.json` asks for.
enum PreTokenizerSetting {
    /// Why a setting is refused.
    struct Refusal: Error { let feature: String }

    /// The regular expressions of published tokenizers, as their files spell them. Those with `$` are not among them: it means the
    /// end of the text to tiktoken and the end of a line to `tokenizers`.
    private static let expressions: [(String, PreTokenPattern)] = [
        (#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .gpt2),
        (#"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#, .gpt2),
        (
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            .llama3
        ),
        (
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            .qwen2
        ),
        (
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            .qwen35
        ),
        (
            #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            .o200k
        ),
        // Ours: what tiktoken's `\s++$` means, for a reader to whom `$` is the end of a line.
        (
            #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+\z|\s*[\r\n]|\s+(?!\S)|\s"#,
            .cl100k
        ),
    ]

    /// The regular expression that stands for a pattern.
    static func expression(_ pattern: PreTokenPattern) -> String { expressions.first { $0.1 == pattern }!.0 }

    static func pattern(_ setting: JSONValue) -> Result<PreTokenPattern, Refusal> {
        switch setting["type"]?.string {
        case "ByteLevel":
            if setting["add_prefix_space"]?.bool == true { return refuse("its pre-tokenizer adds a blank before each text") }
            guard setting["use_regex"]?.bool ?? true else { return refuse("its pre-tokenizer does not split") }
            return .success(.gpt2)
        case "Sequence":
            let parts = setting["pretokenizers"]?.array ?? []
            guard parts.count == 2, parts[0]["type"]?.string == "Split", parts[1]["type"]?.string == "ByteLevel" else {
                return refuse("its pre-tokenizer is a sequence other than Split and ByteLevel")
            }
            if parts[1]["add_prefix_space"]?.bool == true { return refuse("its pre-tokenizer adds a blank before each text") }
            if parts[1]["use_regex"]?.bool ?? true { return refuse("its pre-tokenizer splits twice") }
            return split(parts[0])
        case nil: return refuse("it has no byte-level pre-tokenizer")
        case let type?: return refuse("its pre-tokenizer is \(type)")
        }
    }

    private static func split(_ setting: JSONValue) -> Result<PreTokenPattern, Refusal> {
        guard setting["behavior"]?.string == "Isolated" || setting["behavior"]?.string == "Removed" && setting["invert"]?.bool == true
        else {
            return refuse("its pre-tokenizer splits with the behavior \(setting["behavior"]?.string ?? "unnamed")")
        }
        if setting["behavior"]?.string == "Isolated", setting["invert"]?.bool == true { return refuse("its pre-tokenizer splits inverted") }
        guard let expression = setting["pattern"]?["Regex"]?.string else { return refuse("its pre-tokenizer splits at a string") }
        guard let known = expressions.first(where: { $0.0 == expression }) else {
            return refuse("its pre-tokenizer has the unknown pattern \(expression.prefix(60))")
        }
        return .success(known.1)
    }

    private static func refuse(_ feature: String) -> Result<PreTokenPattern, Refusal> { .failure(Refusal(feature: feature)) }
}
