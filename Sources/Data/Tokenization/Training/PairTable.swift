internal import CByteScan

/// Occurrences of each pair of neighbouring tokens: an open-addressing map from `left << 32 | right`.
struct PairTable: ~Copyable {
    private struct Slot {
        var pair: UInt64
        var count: Int
    }

    private var slots: UnsafeMutablePointer<Slot>
    private var capacity: Int
    private var shift: UInt64
    private var used = 0
    private static let free = UInt64.max

    init(minimumCapacity: Int) {
        var bits: UInt64 = 10
        while 1 << bits < minimumCapacity * 2 { bits += 1 }
        capacity = 1 << bits
        shift = 64 - bits
        slots = Self.freeSlots(capacity)
    }

    deinit { slots.deallocate() }

    private static func freeSlots(_ capacity: Int) -> UnsafeMutablePointer<Slot> {
        let slots = LargePages.allocate(Slot.self, capacity: capacity)
        slots.initialize(repeating: Slot(pair: free, count: 0), count: capacity)
        return slots
    }

    @inline(__always)
    private func home(_ pair: UInt64) -> Int {
        let mixed = (pair ^ (pair >> 31)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: ((mixed ^ (mixed >> 29)) &* 0xD6E8_FEB8_6659_FD93) >> shift)
    }

    @inline(__always)
    private func find(_ pair: UInt64) -> Int {
        var index = home(pair)
        while slots[index].pair != pair && slots[index].pair != Self.free { index = (index &+ 1) & (capacity &- 1) }
        return index
    }

    /// Occurrences of a pair; 0 of one that was never seen.
    @inline(__always)
    func count(of pair: UInt64) -> Int { slots[find(pair)].count }

    /// Says that `pair` will be asked for soon.
    @inline(__always)
    func prefetch(_ pair: UInt64) { slw_prefetch(slots + home(pair)) }

    /// Adds `change` to the pair's count; a pair that was never seen starts at 0.
    @inline(__always)
    mutating func add(_ change: Int, to pair: UInt64) {
        let index = find(pair)
        if slots[index].pair == pair {
            slots[index].count &+= change
            return
        }
        slots[index] = Slot(pair: pair, count: change)
        used += 1
        if used * 4 > capacity * 3 { grow() }
    }

    private mutating func grow() {
        let old = slots
        let oldCapacity = capacity
        capacity *= 2
        shift -= 1
        slots = Self.freeSlots(capacity)
        for index in 0..<oldCapacity where old[index].pair != Self.free { slots[find(old[index].pair)] = old[index] }
        old.deallocate()
    }
}
