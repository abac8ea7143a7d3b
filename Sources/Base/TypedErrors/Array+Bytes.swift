extension Array {
    /// `withUnsafeBytes` with a typed error, which the standard library's own does not have.
    @inlinable
    public func withUnsafeBytesThrowing<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try unsafe withUnsafeBufferPointer { buffer throws(Failure) in try unsafe body(UnsafeRawBufferPointer(buffer)) }
    }
}
