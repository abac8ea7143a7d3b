internal import JSON
internal import TypedErrors

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
        (
            #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
            .tekken
        ),
    ]

    /// The same of those that split several times.
    private static let sequences: [([String], PreTokenPattern)] = [
        (
            [
                #"\p{N}{1,3}"#, "[一-龥぀-ゟ゠-ヿ]+",
                ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\##r\##n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\##r\##n]*|\s*[\##r\##n]+|\s+(?!\S)|\s+"##,
            ], .deepseekV3
        )
    ]

    /// The regular expressions that stand for a pattern, one split after the other.
    static func expressions(_ pattern: PreTokenPattern) -> [String] {
        sequences.first { $0.1 == pattern }?.0 ?? [expressions.first { $0.1 == pattern }!.0]
    }

    /// The pattern that a regular expression stands for, whoever reads it: none of these has a part that means different things to two of them.
    static func pattern(of expression: String) -> PreTokenPattern? { expressions.first { $0.0 == expression }?.1 }

    /// What becomes of a text before it is merged.
    enum Cutting {
        case pattern(PreTokenPattern)
        case steps(PreTokenSteps)
        case characters(CharacterModel.Prefix, cutsAtBlanks: Bool)

        var isOfCharacters: Bool { if case .characters = self { true } else { false } }

        /// The path of one that is not of characters. `isWhole`: whether all bytes that texts may have are tokens, which the fast path needs.
        func encoding(isWhole: Bool) -> (PreTokenPattern, GeneralEncoding?) {
            switch self {
            case .pattern(let pattern) where isWhole: (pattern, nil)
            case .pattern(let pattern): (pattern, .steps(PreTokenizerSetting.steps(pattern)))
            case .steps(let steps): (.gpt2, .steps(steps))
            case .characters: (.gpt2, nil)
            }
        }
    }

    /// A pattern with a scan of its own, by its expression.
    static func steps(_ pattern: PreTokenPattern) -> PreTokenSteps {
        PreTokenSteps(
            expressions(pattern).map { .split(.expression(try! RegularExpression($0, .oniguruma)), .isolated, isInverted: false) })
    }

    static func cutting(_ setting: JSONValue, normalizer: JSONValue) -> Result<Cutting, Refusal> {
        do throws(Refusal) {
            var parts: [JSONValue] = []
            try flatten(setting, into: &parts)
            if !parts.contains(where: { $0["type"]?.string == "ByteLevel" }) { return .success(try characters(parts, normalizer)) }
            if case .failure(let refusal) = NormalizerSetting.normalizer(normalizer) { throw refusal }
            if let pattern = knownPattern(parts) { return .success(.pattern(pattern)) }
            return .success(.steps(try steps(parts)))
        } catch { return .failure(error) }
    }

    /// The parts of sequences within sequences.
    private static func flatten(_ setting: JSONValue, into parts: inout [JSONValue]) throws(Refusal) {
        if setting == .null { return }
        guard let type = setting["type"]?.string else { throw Refusal(feature: "its pre-tokenizer has no type") }
        guard type == "Sequence" else { return parts.append(setting) }
        for part in setting["pretokenizers"]?.array ?? [] {
            guard parts.count < 100 else { throw Refusal(feature: "its pre-tokenizer has more than 100 parts") }
            try flatten(part, into: &parts)
        }
    }

    /// The pattern of settings for which there is a scan.
    private static func knownPattern(_ parts: [JSONValue]) -> PreTokenPattern? {
        guard let last = parts.last, last["type"]?.string == "ByteLevel", last["add_prefix_space"]?.bool != true else { return nil }
        let usesOwn = last["use_regex"]?.bool ?? true
        if parts.count == 1 { return usesOwn ? .gpt2 : nil }
        guard !usesOwn else { return nil }
        let splits = parts.dropLast().map { part in
            // The single patterns match every character, so what is between their matches is nothing.
            let isInverted = parts.count == 2 && part["invert"]?.bool == true
            let isCut = part["type"]?.string == "Split" && part["behavior"]?.string == (isInverted ? "Removed" : "Isolated")
            return isCut && (isInverted || part["invert"]?.bool != true) ? part["pattern"]?["Regex"]?.string : nil
        }
        if splits.count == 1, let only = splits[0] { return pattern(of: only) }
        return sequences.first { $0.0 == splits }?.1
    }

    // MARK: the general path

    private static func steps(_ parts: [JSONValue]) throws(Refusal) -> PreTokenSteps {
        var steps: [PreTokenSteps.Step] = []
        var areBytes = false
        for part in parts {
            let type = part["type"]?.string ?? ""
            switch type {
            case "ByteLevel":
                if areBytes { throw Refusal(feature: "its pre-tokenizer spells bytes twice") }
                if part["add_prefix_space"]?.bool == true { steps.append(.prefix) }
                if part["use_regex"]?.bool ?? true {
                    steps.append(.split(.expression(try expression(Self.expressions(.gpt2)[0])), .isolated, isInverted: false))
                }
                steps.append(.bytes)
                areBytes = true
            case "Split": steps.append(try split(part))
            case "Digits":
                let behavior = part["individual_digits"]?.bool ?? false ? PreTokenSteps.Behavior.isolated : .contiguous
                steps.append(.split(.digit, behavior, isInverted: false))
            case "Punctuation":
                steps.append(.split(.punctuation, try behavior(part["behavior"] ?? .string("Isolated")), isInverted: false))
            default: throw Refusal(feature: "its pre-tokenizer is \(type)")
            }
        }
        return PreTokenSteps(steps)
    }

    private static func split(_ setting: JSONValue) throws(Refusal) -> PreTokenSteps.Step {
        let behavior = try behavior(setting["behavior"] ?? .null)
        let isInverted = setting["invert"]?.bool ?? false
        if let source = setting["pattern"]?["Regex"]?.string {
            return .split(.expression(try expression(source)), behavior, isInverted: isInverted)
        }
        guard let string = setting["pattern"]?["String"]?.string, !string.isEmpty else {
            throw Refusal(feature: "its pre-tokenizer splits at neither an expression nor a string")
        }
        return .split(.string(string.unicodeScalars.map(\.value)), behavior, isInverted: isInverted)
    }

    private static func behavior(_ setting: JSONValue) throws(Refusal) -> PreTokenSteps.Behavior {
        guard let behavior = setting.string.flatMap(PreTokenSteps.Behavior.init(rawValue:)) else {
            throw Refusal(feature: "its pre-tokenizer splits with the behavior \(setting.string ?? "unnamed")")
        }
        return behavior
    }

    private static func expression(_ source: String) throws(Refusal) -> RegularExpression {
        func refusal(_ error: RegularExpression.Refusal) -> Refusal {
            Refusal(feature: "its pre-tokenizer has the pattern \(source.prefix(60)), in which there is \(error.reason)")
        }
        return try mapping(refusal, RegularExpression(source, .oniguruma))
    }

    // MARK: characters

    /// SentencePiece's ways to treat blanks, as `tokenizers` spells them.
    private static func characters(_ parts: [JSONValue], _ normalizer: JSONValue) throws(Refusal) -> Cutting {
        let mark = JSONValue.string("▁")
        var (replaces, prepends) = (false, false)
        for part in NormalizerSetting.parts(normalizer) {
            switch part["type"]?.string {
            case "Prepend" where part["prepend"] == mark && !prepends: prepends = true
            case "Replace" where part["pattern"]?["String"]?.string == " " && part["content"] == mark: replaces = true
            default: throw Refusal(feature: "it merges characters, with the normalizer \(NormalizerSetting.name(part))")
            }
        }
        // Where blanks are replaced there is none to split at.
        let rest = parts.filter {
            !(replaces && $0["type"]?.string == "Split" && $0["pattern"]?["String"]?.string == " " && $0["invert"]?.bool != true)
        }
        if replaces, rest.isEmpty { return .characters(prepends ? .always : .none, cutsAtBlanks: false) }
        guard rest.count == 1, !replaces, !prepends, rest[0]["type"]?.string == "Metaspace", rest[0]["replacement"] == mark else {
            let names = rest.map { $0["type"]?.string ?? "unnamed" }
            throw Refusal(
                feature: rest.isEmpty ? "it has no byte-level pre-tokenizer" : "its pre-tokenizer is \(names.joined(separator: ", "))")
        }
        let scheme = rest[0]["prepend_scheme"]?.string ?? "always"
        let cuts = rest[0]["split"]?.bool ?? true
        if rest[0]["add_prefix_space"]?.bool == false { return .characters(.none, cutsAtBlanks: cuts) }
        switch scheme {
        case "always": return .characters(.unlessThere, cutsAtBlanks: cuts)
        case "first": return .characters(.firstUnlessThere, cutsAtBlanks: cuts)
        case "never": return .characters(.none, cutsAtBlanks: cuts)
        default: throw Refusal(feature: "its pre-tokenizer has the prepend_scheme \(scheme)")
        }
    }
}
