/// What DeepSpeed's training script makes of a batch at a difficulty: `seqlen_truncate` and `seqlen_reshape`. The difficulty itself is DeepSpeed's scheduler's.
///
/// Source: microsoft/Megatron-DeepSpeed `f4157be`, `pretrain_gpt.py` 151–174. Rows of Q inputs have Q + 1 tokens; a row of L + 1 tokens trains L targets.
public enum DeepSpeedRows: String, Sendable, CaseIterable {
    case truncate = "seqlen_truncate"
    case reshape = "seqlen_reshape"

    /// The rows of a batch.
    ///
    /// - Parameters:
    ///   - rows: of the batch.
    ///   - inputs: Q, of each row.
    ///   - difficulty: L, at least 1; from Q on rows stay as they are.
    public func rows(_ rows: Int, inputs: Int, difficulty: Int) -> [Piece] {
        let (full, tokens) = (inputs + 1, difficulty + 1)
        if difficulty >= inputs { return (0..<rows).map { Piece(source: $0, start: 0, length: full) } }
        switch self {
        case .truncate: return (0..<rows).map { Piece(source: $0, start: 0, length: tokens) }
        case .reshape:
            // As many pieces side by side as fit in each row, then every row's last one, which overlaps with those before it.
            let pieces = full / tokens
            var cut = (0..<rows).flatMap { row in (0..<pieces).map { Piece(source: row, start: $0 * tokens, length: tokens) } }
            cut += (0..<rows).map { Piece(source: $0, start: full - tokens, length: tokens) }
            var kept = min((rows * full + tokens - 1) / tokens, cut.count)
            if kept > 1, kept % 2 == 1 { kept -= 1 }
            return Array(cut[..<kept])
        }
    }

    /// Targets of a batch's rows that are trained more than once, and those of the full rows that are not trained at all.
    public static func account(_ rows: [Piece], batchRows: Int, inputs: Int) -> (trainedTwice: Int, lost: Int) {
        var seen = Array(repeating: false, count: batchRows * (inputs + 1))
        var twice = 0
        for row in rows {
            for token in row.start + 1..<row.end {
                let place = row.source * (inputs + 1) + token
                if seen[place] { twice += 1 }
                seen[place] = true
            }
        }
        return (twice, batchRows * inputs - seen.count { $0 })
    }
}
