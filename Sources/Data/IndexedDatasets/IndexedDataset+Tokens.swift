import Files

extension IndexedDataset {
    /// Copies `count` tokens from `offset` of the stream on, widened. Ranges outside of the stream trap.
    ///
    /// Ids of 32 or 64 bits that an Int32 cannot hold become `Int32.max` or `Int32.min`, never another token's id. Vectorised:
    /// about the speed of a plain copy.
    public func copyTokens(at offset: Int, count: Int, into target: UnsafeMutablePointer<Int32>) {
        unsafe memory.copyTokens(at: offset, count: count, into: target)
    }

    /// The tokens as they lie in memory, for loops in which counting references to the data set would show. Valid as long as the data set, or a copy of it, is kept.
    public var memory: TokenMemory {
        unsafe TokenMemory(base: data.bytes.baseAddress ?? Self.nowhere, type: tokenType, count: tokenCount)
    }

    /// Copies `count` tokens from `offset` of the stream on, widened. Ranges outside of the stream trap.
    ///
    /// Ids that an Int64 cannot hold become `Int64.max`.
    public func copyTokens(at offset: Int, count: Int, into target: UnsafeMutablePointer<Int64>) {
        unsafe memory.copyTokens(at: offset, count: count, into: target)
    }

    /// The tokens of a sequence. For tests and tools: loops copy into a buffer of their own.
    public func tokens(ofSequence sequence: Int) -> [Int] {
        let count = length(ofSequence: sequence)
        // The empty array is one that all threads share, and this initializer writes its count.
        if count == 0 { return [] }
        return unsafe [Int](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let base = buffer.baseAddress {
                unsafe base.withMemoryRebound(to: Int64.self, capacity: count) {
                    unsafe copyTokens(at: tokenOffset(ofSequence: sequence), count: count, into: $0)
                }
            }
            initialized = count
        }
    }

    /// The stored bytes of a range of the stream; valid inside `body` only.
    public func withStoredBytes<R, E: Error>(
        ofTokens range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        let size = tokenType.itemSize
        return try unsafe data.withBytes { bytes throws(E) in
            unsafe try body(UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * size..<range.upperBound * size]))
        }
    }

    /// Stands for the start of a data set without bytes; never read.
    private static var nowhere: UnsafeRawPointer { unsafe UnsafeRawPointer(bitPattern: 16)! }
}
