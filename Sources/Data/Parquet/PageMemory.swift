/// Memory for one page after the other: it grows to the largest, at most to twice that.
struct PageMemory: ~Copyable {
    private(set) var start = UnsafeMutableRawPointer.allocate(byteCount: 1 << 16, alignment: 64)
    private(set) var count = 1 << 16

    deinit { start.deallocate() }

    /// Makes room for so many bytes; what was there is lost when it grows, but for those at `kept`, which come to the beginning in any case.
    mutating func reserve(_ byteCount: Int, moving kept: Range<Int> = 0..<0) {
        let old = start
        let grows = byteCount > count
        if grows {
            // By doubling: fresh pages of memory cost more than what is copied to them.
            count = max(byteCount, min(2 * count, 1 << 26))
            start = .allocate(byteCount: count, alignment: 64)
        }
        if !kept.isEmpty { start.copyMemory(from: old + kept.lowerBound, byteCount: kept.count) }
        if grows { old.deallocate() }
    }
}
