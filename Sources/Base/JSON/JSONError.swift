/// Text that is not JSON (RFC 8259), or not the JSON that was asked for.
public struct JSONError: Error, CustomStringConvertible, Equatable, Sendable {
    /// Where, counted from the first byte of the text.
    public let byteOffset: Int
    /// What, in half a line.
    public let reason: String

    public init(byteOffset: Int, reason: String) {
        self.byteOffset = byteOffset
        self.reason = reason
    }

    /// One line: "byte 17: expected ',' or '}'". The caller puts the file's name before it.
    public var description: String { "byte \(byteOffset): \(reason)" }
}
