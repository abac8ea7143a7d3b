public import Tokenization

/// One row to score: inputs and, for each, the target that counts or -1.
///
/// Megatron pads rows to full length with end-of-text; a causal model's scores do not depend on what follows, so rows here simply end with their
/// last real token.
public struct EvaluationItem: Sendable, Hashable {
    /// T tokens the model reads.
    public var inputs: [Int32]
    /// T targets; -1 is not scored.
    public var targets: [Int32]

    public init(inputs: [Int32], targets: [Int32]) {
        self.inputs = inputs
        self.targets = targets
    }

    /// Windows of at most `length` inputs over one long text, `stride` apart, in which each target is scored exactly once.
    ///
    /// After the first window only the last `stride` *positions* count (positions, not real targets: a last window that is
    /// shorter than `length` may score fewer, or none, just as Megatron does).
    public static func windows(over tokens: [TokenID], length: Int, stride: Int? = nil) -> [EvaluationItem] {
        let stride = max(1, stride ?? length)
        guard tokens.count > 1 else { return [] }
        let beyond = max(tokens.count - 1 - stride, 0)
        let count = max((beyond + stride - 1) / stride + 1, 1)
        return (0..<count).compactMap { window in
            let start = window * stride
            guard start + 1 < tokens.count else { return nil }
            let end = min(start + length, tokens.count - 1)
            let inputs = tokens[start..<end].map { Int32(truncatingIfNeeded: $0) }
            var targets = tokens[start + 1..<end + 1].map { Int32(truncatingIfNeeded: $0) }
            if window > 0 && stride != length {
                for index in 0..<min(targets.count, length - min(stride, length)) { targets[index] = -1 }
            }
            return EvaluationItem(inputs: inputs, targets: targets)
        }
    }

    /// A LAMBADA item: the last token of `text`, or with `strict` all tokens of its last word. Nil when nothing is left to read or to guess.
    public static func lambada(_ text: String, strict: Bool, encode: (String) -> [TokenID]) -> EvaluationItem? {
        var context: [TokenID]
        let label: [TokenID]
        if strict {
            let scalars = Array(text.unicodeScalars)
            guard let wordEnd = scalars.lastIndex(where: { !Detokenizer.isWhitespace($0) }) else { return nil }
            let wordStart = (scalars[...wordEnd].lastIndex(where: Detokenizer.isWhitespace) ?? -1) + 1
            label = encode(" " + string(scalars[wordStart...wordEnd]))
            context = encode(string(trimmed(scalars[..<wordStart])))
        } else {
            context = encode(text)
            label = context.isEmpty ? [] : [context.removeLast()]
        }
        guard !context.isEmpty, !label.isEmpty else { return nil }
        let all = context + label
        var targets = [Int32](repeating: -1, count: all.count - 1)
        for index in label.indices { targets[context.count - 1 + index] = Int32(truncatingIfNeeded: label[index]) }
        return EvaluationItem(inputs: all.dropLast().map { Int32(truncatingIfNeeded: $0) }, targets: targets)
    }

    /// Number of pieces of a text that single blanks separate, after white space at its ends is gone: Megatron's count of original tokens.
    public static func wordCount(_ text: String) -> Int {
        trimmed(Array(text.unicodeScalars)[...]).count { $0 == " " } + 1
    }

    private static func trimmed(_ scalars: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
        var scalars = scalars
        while let first = scalars.first, Detokenizer.isWhitespace(first) { scalars.removeFirst() }
        while let last = scalars.last, Detokenizer.isWhitespace(last) { scalars.removeLast() }
        return scalars
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
