/// Token ids as they lie in a file: little-endian numbers of two or four bytes, one after the other, and how many each
/// document has. Grows as needed; `removeAll` keeps the memory for the next batch.
public final class TokenBuffer {
    /// Bytes of one id: 2 or 4.
    public let width: Int
    /// The number of tokens of each document since `removeAll`; 0 for a document without any.
    public internal(set) var documentTokenCounts: [Int32] = []

    private(set) var storage: UnsafeMutableRawPointer
    private(set) var capacity: Int
    /// Bytes in use.
    var byteCount = 0

    /// An empty buffer for ids of two bytes where `width` is at most 2, else of four.
    public init(width: Int) {
        self.width = width <= 2 ? 2 : 4
        capacity = 1 << 16
        storage = .allocate(byteCount: capacity, alignment: 64)
    }

    deinit { storage.deallocate() }

    /// The number of ids.
    public var tokenCount: Int { byteCount / width }

    /// The ids' bytes, valid until the buffer is used again.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: storage, count: byteCount) }

    /// The ids, widened.
    public var tokens: [TokenID] {
        (0..<tokenCount).map {
            width == 2
                ? TokenID(UInt16(littleEndian: storage.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self)))
                : TokenID(littleEndian: storage.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self))
        }
    }

    /// Empties the buffer; its memory is used again.
    public func removeAll() {
        byteCount = 0
        documentTokenCounts.removeAll(keepingCapacity: true)
    }

    /// Puts `id` before the tokens of each document since `removeAll` that has any.
    public func beginDocuments(with id: TokenID) {
        let count = documentTokenCounts.count { $0 > 0 }
        reserve(count)
        // From the last one back, so that nothing is overwritten before it has moved.
        var (end, shift) = (byteCount, count * width)
        byteCount += shift
        for document in documentTokenCounts.indices.reversed() where documentTokenCounts[document] > 0 {
            let start = end - Int(documentTokenCounts[document]) * width
            (storage + start + shift).copyMemory(from: storage + start, byteCount: end - start)
            shift -= width
            end = start
            store(id, at: start + shift)
            documentTokenCounts[document] += 1
        }
    }

    /// Makes room for `count` more tokens and 64 bytes that a vector store may touch.
    @inline(__always)
    func reserve(_ count: Int) {
        let needed = byteCount &+ count &* width &+ 64
        if needed > capacity { grow(to: needed) }
    }

    @inline(never)
    private func grow(to needed: Int) {
        let capacity = max(needed, self.capacity * 2)
        let storage = UnsafeMutableRawPointer(LargePages.allocate(UInt8.self, capacity: capacity))
        storage.copyMemory(from: self.storage, byteCount: byteCount)
        self.storage.deallocate()
        self.storage = storage
        self.capacity = capacity
    }

    /// Appends one id.
    func append(_ id: TokenID) {
        reserve(1)
        store(id)
    }

    /// Appends ids.
    func append(_ ids: UnsafePointer<TokenID>, count: Int) {
        reserve(count)
        for index in 0..<count { store(ids[index]) }
    }

    /// Appends ids as they lie in another buffer of this width.
    func append(_ ids: UnsafeRawBufferPointer) {
        guard let base = ids.baseAddress else { return }
        reserve(ids.count / width)
        (storage + byteCount).copyMemory(from: base, byteCount: ids.count)
        byteCount += ids.count
    }

    @inline(__always)
    private func store(_ id: TokenID) {
        store(id, at: byteCount)
        byteCount &+= width
    }

    @inline(__always)
    private func store(_ id: TokenID, at place: Int) {
        if width == 2 {
            storage.storeBytes(of: UInt16(truncatingIfNeeded: id).littleEndian, toByteOffset: place, as: UInt16.self)
        } else {
            storage.storeBytes(of: id.littleEndian, toByteOffset: place, as: UInt32.self)
        }
    }
}
