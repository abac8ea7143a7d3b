#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A list of plain values for the trainer's inner loops: an array without the checks of sharing, grown in place by the
/// C library, which moves pages of a large block instead of copying them.
struct GrowingBuffer<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private var capacity = 0
    private(set) var count = 0

    init(minimumCapacity: Int = 64) {
        base = Self.block(nil, capacity: minimumCapacity)
        capacity = minimumCapacity
    }

    deinit { free(base) }

    private static func block(_ old: UnsafeMutablePointer<Element>?, capacity: Int) -> UnsafeMutablePointer<Element> {
        guard let block = realloc(old, Swift.max(capacity, 1) * MemoryLayout<Element>.stride) else {
            fatalError("out of memory: \(capacity) elements of \(MemoryLayout<Element>.stride) bytes")
        }
        return block.bindMemory(to: Element.self, capacity: capacity)
    }

    subscript(index: Int) -> Element {
        @inline(__always) get { base[index] }
        @inline(__always) set { base[index] = newValue }
    }

    /// The elements from `index` on, until the buffer changes.
    @inline(__always)
    func pointer(at index: Int) -> UnsafePointer<Element> { UnsafePointer(base + index) }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { reserve(count + 1) }
        base[count] = element
        count &+= 1
    }

    /// Appends `added` elements of any content, to be overwritten.
    mutating func appendUninitialized(_ added: Int) {
        if count + added > capacity { reserve(count + added) }
        count += added
    }

    /// Appends elements as they lie in memory.
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let start = count
        appendUninitialized(bytes.count / MemoryLayout<Element>.stride)
        if let source = bytes.baseAddress { UnsafeMutableRawPointer(base + start).copyMemory(from: source, byteCount: bytes.count) }
    }

    @inline(__always)
    mutating func removeAll() { count = 0 }

    @inline(never)
    private mutating func reserve(_ needed: Int) {
        capacity = Swift.max(needed, capacity * 2)
        base = Self.block(base, capacity: capacity)
    }
}
