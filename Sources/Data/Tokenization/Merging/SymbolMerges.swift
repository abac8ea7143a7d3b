/// From two neighbouring symbols to the rank of their merge and what it makes. Merges may share a rank: of these the leftmost comes first.
struct SymbolMerges: Sendable {
    private var keys: [UInt64]
    private var values: [UInt64]
    private var count = 0
    private static let free = UInt64.max

    init(minimumCapacity: Int = 0) {
        var capacity = 1 << 10
        while capacity < 2 * minimumCapacity { capacity *= 2 }
        keys = Array(repeating: Self.free, count: capacity)
        values = Array(repeating: 0, count: capacity)
    }

    @inline(__always)
    private static func home(_ key: UInt64, _ capacity: Int) -> Int {
        let mixed = (key ^ key >> 31) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 20) & (capacity &- 1)
    }

    /// The rank in the upper half and the product in the lower; nil if the two do not merge.
    @inline(__always)
    func merge(_ left: UInt32, _ right: UInt32) -> UInt64? {
        let key = UInt64(left) << 32 | UInt64(right)
        return keys.withUnsafeBufferPointer { keys in
            var index = Self.home(key, keys.count)
            while keys[index] != Self.free {
                if keys[index] == key { return values[index] }
                index = (index &+ 1) & (keys.count &- 1)
            }
            return nil
        }
    }

    /// Records a merge; the last record of a pair holds.
    mutating func insert(_ left: UInt32, _ right: UInt32, rank: UInt32, product: TokenID) {
        if 2 * count >= keys.count { grow() }
        set(UInt64(left) << 32 | UInt64(right), UInt64(rank) << 32 | UInt64(product))
    }

    private mutating func set(_ key: UInt64, _ value: UInt64) {
        var index = Self.home(key, keys.count)
        while keys[index] != Self.free, keys[index] != key { index = (index + 1) & (keys.count - 1) }
        if keys[index] == Self.free { count += 1 }
        keys[index] = key
        values[index] = value
    }

    private mutating func grow() {
        let (oldKeys, oldValues) = (keys, values)
        keys = Array(repeating: Self.free, count: oldKeys.count * 2)
        values = Array(repeating: 0, count: oldKeys.count * 2)
        count = 0
        for index in oldKeys.indices where oldKeys[index] != Self.free { set(oldKeys[index], oldValues[index]) }
    }
}
