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

/// A set of 128-bit hashes: 20 to 25 bytes each. It grows in 256 parts, so that there are never two copies of it.
///
/// Two different contents share a hash with a chance of about one in 10³⁸ a pair; among 10⁹ below 10⁻¹⁹ in all.
public final class HashSet128 {
    private let segments: UnsafeMutablePointer<HashSegment>
    private static let segmentCount = 256
    public private(set) var count = 0
    /// Bytes of the tables.
    public private(set) var byteCount = 0

    /// What a hash takes at most, once there are some thousand.
    public static let bytesPerHash = 26

    public init() {
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

    /// Adds a hash; says whether it is new. Nil when that would take more than `memoryLimit` bytes in all.
    public func insert(_ low: UInt64, _ high: UInt64, memoryLimit: Int) -> Bool? {
        guard makeRoom(low, high, memoryLimit) else { return nil }
        return insertWhereRoomIs(low, high)
    }

    /// Adds a hash; says whether it is new.
    public func insert(_ low: UInt64, _ high: UInt64) -> Bool {
        _ = makeRoom(low, high, .max)
        return insertWhereRoomIs(low, high)
    }

    // Zero marks a free place, and is as good as one.
    private static func stored(_ low: UInt64, _ high: UInt64) -> UInt64 { low | high == 0 ? 1 : low }

    private func makeRoom(_ low: UInt64, _ high: UInt64, _ memoryLimit: Int) -> Bool {
        let segment = segments + Int(Self.stored(low, high) >> 56)
        guard segment.pointee.isFull else { return true }
        let (old, new) = (segment.pointee.capacity, segment.pointee.nextCapacity)
        let larger = byteCount + HashSegment.byteCount(capacity: new)
        guard larger <= memoryLimit else { return false }
        segment.pointee.grow()
        byteCount = larger - HashSegment.byteCount(capacity: old)
        return true
    }

    private func insertWhereRoomIs(_ low: UInt64, _ high: UInt64) -> Bool {
        let low = Self.stored(low, high)
        guard (segments + Int(low >> 56)).pointee.insert(low, high) else { return false }
        count += 1
        return true
    }
}
