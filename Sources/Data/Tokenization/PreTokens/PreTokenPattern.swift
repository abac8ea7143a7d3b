internal import CBPE

/// How a tokenizer cuts text into pre-tokens before any merge.
public enum PreTokenPattern: String, CaseIterable, Sendable {
    /// GPT-2, r50k and p50k; also Hugging Face's `ByteLevel` pre-tokenizer with its own pattern.
    case gpt2
    /// OpenAI's cl100k.
    case cl100k
    /// OpenAI's o200k.
    case o200k
    /// Llama 3: cl100k's, but for white space before a line break.
    case llama3
    /// Qwen 2 and 3: Llama 3's with one digit a pre-token.
    case qwen2
    /// Qwen 3.5 and 3.6: Qwen 2's with marks beside letters.
    case qwen35
    /// Mistral's tekken: o200k's without contractions, and one digit a pre-token.
    case tekken
    /// DeepSeek V3 and R1: numbers, then Han and kana, then the rest.
    case deepseekV3 = "deepseek_v3"
}

extension PreTokenPattern {
    /// The pattern for `slw_scan_pattern`; nil for GPT-2's, which has a scan of its own.
    var inC: slw_pattern? {
        switch self {
        case .gpt2: nil
        case .cl100k: slw_pattern_cl100k
        case .llama3: slw_pattern_llama3
        case .qwen2: slw_pattern_qwen2
        case .qwen35: slw_pattern_qwen35
        case .o200k: slw_pattern_o200k
        case .tekken: slw_pattern_tekken
        case .deepseekV3: slw_pattern_deepseek_v3
        }
    }
}
