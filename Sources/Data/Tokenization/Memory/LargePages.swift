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
    static let pageBytes = 1 << 21
    /// What is smaller would waste most of a page.
    static let leastBytes = 1 << 18

    static func allocate<Element>(_ type: Element.Type, capacity: Int) -> UnsafeMutablePointer<Element> {
        var byteCount = Swift.max(capacity, 1) * MemoryLayout<Element>.stride
        let isLarge = byteCount >= leastBytes
        if isLarge { byteCount = (byteCount + pageBytes - 1) / pageBytes * pageBytes }
        let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: isLarge ? pageBytes : 64)
        advise(raw, byteCount: byteCount)
        return raw.bindMemory(to: type, capacity: capacity)
    }

    /// Asks for large pages. Advice only: when it is refused, they are small.
    static func advise(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        #if os(Linux)
            if byteCount >= leastBytes { _ = madvise(memory, byteCount, MADV_HUGEPAGE) }
        #endif
    }
}
