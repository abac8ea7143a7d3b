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
        let source = unsafe memory.pointer(toTokens: count, at: offset)
        switch tokenType {
        case .uint8: unsafe widen(source, as: UInt8.self, count, target)
        case .int8: unsafe widen(source, as: Int8.self, count, target)
        case .int16: unsafe widen(source, as: Int16.self, count, target)
        case .uint16: unsafe widen(source, as: UInt16.self, count, target)
        case .int32: unsafe widen(source, as: Int32.self, count, target)
        case .uint32: unsafe widen(source, as: UInt32.self, count, target)
        case .int64: unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * 8)
        case .uint64: unsafe clamp(source, as: UInt64.self, count, target)
        case .float32, .float64: preconditionFailure("refused when the data set was opened")
        }
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

@inline(__always)
func widen<Source: FixedWidthInteger & BitwiseCopyable, Target: FixedWidthInteger>(
    _ source: UnsafeRawPointer, as type: Source.Type, _ count: Int, _ target: UnsafeMutablePointer<Target>
) {
    let source = unsafe source.assumingMemoryBound(to: Source.self)
    for index in 0..<count { unsafe target[index] = Target(truncatingIfNeeded: source[index]) }
}

@inline(__always)
func clamp<Source: FixedWidthInteger & BitwiseCopyable, Target: FixedWidthInteger>(
    _ source: UnsafeRawPointer, as type: Source.Type, _ count: Int, _ target: UnsafeMutablePointer<Target>
) {
    let source = unsafe source.assumingMemoryBound(to: Source.self)
    for index in 0..<count { unsafe target[index] = Target(clamping: source[index]) }
}
