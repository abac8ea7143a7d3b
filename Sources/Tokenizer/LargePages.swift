#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Memory for tables that are read at random.
///
/// A table in pages of 4 KB costs a miss of the nearest address cache with most reads; where the system offers larger pages on
/// request (Linux), it is asked for them, and a table of some size is given whole ones. Freed with `deallocate()` as any other memory.
enum LargePages {
    private static let pageBytes = 1 << 21
    /// What is smaller would waste most of a page.
    private static let leastBytes = 1 << 18

    static func allocate<Element>(_ type: Element.Type, capacity: Int) -> UnsafeMutablePointer<Element> {
        var byteCount = Swift.max(capacity, 1) * MemoryLayout<Element>.stride
        let isLarge = byteCount >= leastBytes
        if isLarge { byteCount = (byteCount + pageBytes - 1) / pageBytes * pageBytes }
        let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: isLarge ? pageBytes : 64)
        #if os(Linux)
            // Advice only: when it is refused, the pages are small.
            if isLarge { _ = madvise(raw, byteCount, MADV_HUGEPAGE) }
        #endif
        return raw.bindMemory(to: type, capacity: capacity)
    }
}
