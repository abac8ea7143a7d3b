#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

typealias Floats = UnsafeMutablePointer<Float>

/// Owner of a block of numbers that begin as 0. Pages take memory when first touched; large blocks ask for large pages, which spares
/// the matrix products most of their address translations.
final class FloatBuffer: @unchecked Sendable {  // shared by lanes that write disjoint ranges
    let start: Floats
    let count: Int
    private let byteCount: Int

    init(count: Int) {
        self.count = count
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        byteCount = max(1, (count * 4 + pageSize - 1) / pageSize) * pageSize
        #if os(Linux)
            let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        #else
            let flags = MAP_PRIVATE | MAP_ANON
        #endif
        let block = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let block, block != MAP_FAILED else { fatalError("no address space for \(byteCount) bytes") }
        #if os(Linux)
            if byteCount >= 8 << 20 { madvise(block, byteCount, MADV_HUGEPAGE) }
        #endif
        start = block.bindMemory(to: Float.self, capacity: count)
    }

    deinit { munmap(start, byteCount) }

    var floats: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: start, count: count) }
}
