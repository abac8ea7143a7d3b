internal import CByteScan

/// The tokens of a data set as they lie in its mapped `.bin`, without what keeps it mapped: ``IndexedDataset/memory`` says how long it is valid.
@safe
public struct TokenMemory: @unchecked Sendable {
    let base: UnsafeRawPointer
    let type: TokenType
    public let count: Int

    init(base: UnsafeRawPointer, type: TokenType, count: Int) {
        unsafe self.base = base
        self.type = type
        self.count = count
    }

    /// As ``IndexedDataset/copyTokens(at:count:into:)-(_,_,UnsafeMutablePointer<Int32>)``.
    public func copyTokens(at offset: Int, count: Int, into target: UnsafeMutablePointer<Int32>) {
        unsafe copy(at: offset, count: count, into: target)
    }

    /// As ``IndexedDataset/copyTokens(at:count:into:)-(_,_,UnsafeMutablePointer<Int64>)``.
    public func copyTokens(at offset: Int, count: Int, into target: UnsafeMutablePointer<Int64>) {
        unsafe copy(at: offset, count: count, into: target)
    }

    @inline(__always)
    private func copy<Target: FixedWidthInteger & SignedInteger>(at offset: Int, count: Int, into target: UnsafeMutablePointer<Target>) {
        let source = unsafe pointer(toTokens: count, at: offset)
        switch type {
        case .uint8: unsafe convert(source, as: UInt8.self, count, target)
        case .int8: unsafe convert(source, as: Int8.self, count, target)
        case .int16: unsafe convert(source, as: Int16.self, count, target)
        case .uint16: unsafe convert(source, as: UInt16.self, count, target)
        case .int32: unsafe convert(source, as: Int32.self, count, target)
        case .uint32: unsafe convert(source, as: UInt32.self, count, target)
        case .int64: unsafe convert(source, as: Int64.self, count, target)
        case .uint64: unsafe convert(source, as: UInt64.self, count, target)
        case .float32, .float64: preconditionFailure("refused when the data set was opened")
        }
    }

    /// What a target cannot hold becomes its largest or smallest number.
    @inline(__always)
    private func convert<Source: FixedWidthInteger & BitwiseCopyable, Target: FixedWidthInteger & SignedInteger>(
        _ source: UnsafeRawPointer, as type: Source.Type, _ count: Int, _ target: UnsafeMutablePointer<Target>
    ) {
        if Source.self == Target.self {
            return unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * MemoryLayout<Target>.size)
        }
        let source = unsafe source.assumingMemoryBound(to: Source.self)
        // Known when this is compiled; widening alone is vectorised.
        if MemoryLayout<Source>.size < MemoryLayout<Target>.size {
            for index in 0..<count { unsafe target[index] = Target(truncatingIfNeeded: source[index]) }
        } else {
            for index in 0..<count { unsafe target[index] = Target(clamping: source[index]) }
        }
    }

    /// Copies `count` tokens from `offset` on into `inputs`, and those one further on into `targets`, as ``copyTokens(at:count:into:)``:
    /// `count + 1` tokens are read.
    public func copyPairs(at offset: Int, count: Int, inputs: UnsafeMutablePointer<Int32>, targets: UnsafeMutablePointer<Int32>) {
        guard type == .uint16 else {
            unsafe copyTokens(at: offset, count: count, into: inputs)
            unsafe copyTokens(at: offset + 1, count: count, into: targets)
            return
        }
        let source = unsafe pointer(toTokens: count + 1, at: offset).assumingMemoryBound(to: UInt16.self)
        // One loop over both: the tokens come from memory once.
        for index in 0..<count {
            unsafe inputs[index] = Int32(truncatingIfNeeded: source[index])
            unsafe targets[index] = Int32(truncatingIfNeeded: source[index + 1])
        }
    }

    /// Asks the processor to bring tokens that are needed soon into its caches, the first 4 kB of them; what lies behind these it fetches by itself. A hint:
    /// nothing is read, and a page that is not in memory is not loaded.
    public func prefetch(at offset: Int, count: Int) {
        let start = unsafe pointer(toTokens: count, at: offset)
        for line in stride(from: 0, to: min(count * type.itemSize, 4096), by: 64) { unsafe slw_prefetch_read(start + line) }
    }

    /// Where tokens are. The map begins at a page and tokens follow each other from its first byte, so each is aligned.
    func pointer(toTokens count: Int, at offset: Int) -> UnsafeRawPointer {
        precondition(offset >= 0 && count >= 0 && offset <= self.count - count, "tokens outside of the data set")
        return unsafe base + offset * type.itemSize
    }
}
