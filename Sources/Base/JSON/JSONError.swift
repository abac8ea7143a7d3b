/// Text that is not JSON (RFC 8259), or not the JSON that was asked for.
public struct JSONError: Error, CustomStringConvertible, Equatable, Sendable {
    /// Where, counted from the first byte of the text.
    public let byteOffset: Int
    /// What, in half a line.
    public let reason: String
    /// Whether a text is the mistake, which is no Unicode: malformed UTF-8 or half a surrogate pair.
    public let isInvalidText: Bool

    /// Whether the mistake is that an object has no text under the key that was asked for.
    public let lacksText: Bool

    public init(byteOffset: Int, reason: String, isInvalidText: Bool = false, lacksText: Bool = false) {
        self.byteOffset = byteOffset
        self.reason = reason
        self.isInvalidText = isInvalidText
        self.lacksText = lacksText
    }

    /// One line: "byte 17: expected ',' or '}'". The caller puts the file's name before it.
    public var description: String { "byte \(byteOffset): \(reason)" }
}
