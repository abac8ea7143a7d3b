/// A part of a set of 128-bit hashes: a table with open addressing in which each hash lies at, or soon behind, the place that its value asks for.
///
/// Places are in the order of the hashes, so growing is one pass from one array to the other, and a quarter at a time is cheap. At most four
/// fifths of the places are taken: 20 to 25 bytes a hash.
struct HashSegment: ~Copyable {
    /// Two words make a place; both zero: free.
    private var words: UnsafeMutablePointer<UInt64>
    private(set) var capacity = 64
    private var limit: Int
    private(set) var count = 0

    init() {
        words = .allocate(capacity: 2 * capacity)
        words.initialize(repeating: 0, count: 2 * capacity)
        limit = capacity / 5 * 4
    }

    deinit { words.deallocate() }

    static func byteCount(capacity: Int) -> Int { 16 * capacity }

    /// The capacity that comes next.
    var nextCapacity: Int { capacity + capacity / 4 }

    /// Whether an insertion has to wait for ``grow()``.
    var isFull: Bool { count >= limit }

    /// Adds a hash; says whether it is new. Both words zero is no hash.
    mutating func insert(_ low: UInt64, _ high: UInt64) -> Bool {
        guard Self.insert(low, high, into: words, capacity) else { return false }
        count += 1
        return true
    }

    mutating func grow() {
        let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * nextCapacity)
        larger.initialize(repeating: 0, count: 2 * nextCapacity)
        for place in 0..<capacity where words[2 * place] | words[2 * place + 1] != 0 {
            _ = Self.insert(words[2 * place], words[2 * place + 1], into: larger, nextCapacity)
        }
        words.deallocate()
        words = larger
        capacity = nextCapacity
        limit = capacity / 5 * 4
    }

    private static func insert(_ low: UInt64, _ high: UInt64, into words: UnsafeMutablePointer<UInt64>, _ capacity: Int) -> Bool {
        var place = Int(high.multipliedFullWidth(by: UInt64(capacity)).high)
        while words[2 * place] | words[2 * place + 1] != 0 {
            if words[2 * place] == low && words[2 * place + 1] == high { return false }
            place = place + 1 == capacity ? 0 : place + 1
        }
        words[2 * place] = low
        words[2 * place + 1] = high
        return true
    }
}

/// The texts that were seen, by their hashes: 20 to 25 bytes each. It grows in 256 parts, so that there are never two copies of it.
final class HashSet128: KnownDocuments {
    private let segments: UnsafeMutablePointer<HashSegment>
    private static let segmentCount = 256
    private(set) var count = 0
    /// Bytes of the tables.
    private(set) var byteCount = 0

    init() {
        segments = .allocate(capacity: Self.segmentCount)
        for index in 0..<Self.segmentCount {
            (segments + index).initialize(to: HashSegment())
            byteCount += HashSegment.byteCount(capacity: segments[index].capacity)
        }
    }

    deinit {
        segments.deinitialize(count: Self.segmentCount)
        segments.deallocate()
    }

    func insert(_ sketch: UnsafePointer<UInt64>, memoryLimit: Int) -> Bool? {
        // Zero marks a free place, and is as good as one.
        let (low, high) = (sketch[0] | sketch[1] == 0 ? 1 : sketch[0], sketch[1])
        let segment = segments + Int(low >> 56)
        if segment.pointee.isFull {
            let (old, new) = (segment.pointee.capacity, segment.pointee.nextCapacity)
            guard byteCount + HashSegment.byteCount(capacity: new) <= memoryLimit else { return nil }
            segment.pointee.grow()
            byteCount += HashSegment.byteCount(capacity: new) - HashSegment.byteCount(capacity: old)
        }
        guard segment.pointee.insert(low, high) else { return false }
        count += 1
        return true
    }
}
