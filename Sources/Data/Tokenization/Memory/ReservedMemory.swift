#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Address space for as many elements as there may ever be, all bytes zero; memory is taken page by page when it is first touched.
///
/// So a table can start small and grow where it is, which costs neither a copy nor new pages for what it held. Pages are
/// large where the system offers them (see `LargePages`).
struct ReservedMemory<Element: BitwiseCopyable>: ~Copyable {
    let base: UnsafeMutablePointer<Element>
    let capacity: Int
    private let mapping: UnsafeMutableRawBufferPointer

    /// `capacity`: of at least one element.
    init(capacity: Int) {
        self.capacity = capacity
        let byteCount = capacity * MemoryLayout<Element>.stride
        let alignment = LargePages.pageBytes
        // Room to begin at a large page.
        let mapped = byteCount + (byteCount >= LargePages.leastBytes ? alignment : 0)
        guard let start = mmap(nil, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), start != MAP_FAILED else {
            fatalError("out of memory: \(byteCount) bytes")
        }
        mapping = UnsafeMutableRawBufferPointer(start: start, count: mapped)
        let aligned = byteCount >= LargePages.leastBytes ? start.alignedUp(toMultipleOf: alignment) : start
        base = aligned.bindMemory(to: Element.self, capacity: capacity)
        LargePages.advise(aligned, byteCount: mapped - (aligned - start))
    }

    deinit { munmap(mapping.baseAddress!, mapping.count) }
}
