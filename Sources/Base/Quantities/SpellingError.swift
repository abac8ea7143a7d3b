/// What a word was meant to be and is not; `expected` ends the sentence "… is not …".
public struct SpellingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Such as "a whole number (512, 4K, 157B)".
    public let expected: String
    /// Such as "did you mean reuse?"
    public var hint: String?

    public init(expected: String, hint: String? = nil) {
        self.expected = expected
        self.hint = hint
    }

    /// Behind "… is": "not a whole number (512, 4K, 157B)".
    public var description: String { "not " + expected + (hint.map { "; " + $0 } ?? "") }
}
