public import Tokenization

/// The tokens of a context and of the continuation whose likelihood is asked for.
public struct TaskRequest: Sendable, Equatable {
    public var context: [TokenID]
    public var continuation: [TokenID]

    /// White space at the context's end moves into the continuation; both are encoded together, and the continuation has the tokens that the context alone
    /// does not fill. Behind an empty context stands the end of text. Nil when the continuation has no token of its own.
    public init?(context: String, continuation: String, endOfText: TokenID?, encode: (String) -> [TokenID]) {
        let (kept, space) = TaskText.cutAtEnd(context)
        let rest = space + continuation
        if kept.unicodeScalars.isEmpty {
            let tokens = encode(rest)
            guard let endOfText, let first = tokens.first else { return nil }
            self.context = [endOfText]
            self.continuation = first == endOfText ? Array(tokens.dropFirst()) : tokens
        } else {
            self.context = encode(kept)
            self.continuation = Array(encode(kept + rest).dropFirst(self.context.count))
        }
        if self.continuation.isEmpty || self.context.isEmpty { return nil }
    }

    /// Tokens of the context that a window of `length` cuts off on the left.
    public func dropped(window length: Int) -> Int { max(0, context.count + continuation.count - (length + 1)) }

    /// The row that scores the continuation. At most as many tokens as the window has may be in it.
    func row(window length: Int) -> EvaluationItem {
        let all = (context + continuation).suffix(length + 1).map { Int32(truncatingIfNeeded: $0) }
        var targets = [Int32](repeating: -1, count: all.count - 1)
        for index in 0..<continuation.count { targets[targets.count - 1 - index] = all[all.count - 1 - index] }
        return EvaluationItem(inputs: all.dropLast(), targets: targets)
    }
}
