#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Memory for tables that are read at random.
///
/// A table of tens of megabytes in pages of 4 KB costs a miss of the address cache with most reads; where the system
/// offers larger pages on request (Linux), it is asked for them. Freed with `deallocate()` as any other memory.
enum LargePages {
    private static let pageBytes = 1 << 21

    static func allocate<Element>(_ type: Element.Type, capacity: Int) -> UnsafeMutablePointer<Element> {
        let byteCount = Swift.max(capacity, 1) * MemoryLayout<Element>.stride
        let isLarge = byteCount >= 2 * pageBytes
        let raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: isLarge ? pageBytes : 64)
        #if os(Linux)
            // Advice only: when it is refused, the pages are small.
            if isLarge { _ = madvise(raw, byteCount, MADV_HUGEPAGE) }
        #endif
        return raw.bindMemory(to: type, capacity: capacity)
    }
}
