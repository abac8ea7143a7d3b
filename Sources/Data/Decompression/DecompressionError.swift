/// Compressed bytes that cannot be decoded: why.
public struct DecompressionError: Error, Equatable, Sendable, CustomStringConvertible {
    public let reason: String

    public init(_ reason: String) { self.reason = reason }

    public var description: String { reason }
}
