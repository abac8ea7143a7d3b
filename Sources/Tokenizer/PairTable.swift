/// Occurrences of each pair of neighbouring tokens: an open-addressing map from `left << 32 | right` to a record
/// whose index never changes.
struct PairTable {
    private var slots: UnsafeMutablePointer<(pair: UInt64, record: UInt32)>
    private var capacity: Int
    private var shift: UInt64
    /// Occurrences by record.
    private(set) var counts: [Int] = []
    private static let free = UInt64.max

    init(minimumCapacity: Int) {
        var bits: UInt64 = 10
        while 1 << bits < minimumCapacity * 2 { bits += 1 }
        capacity = 1 << bits
        shift = 64 - bits
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: (Self.free, 0), count: capacity)
        counts.reserveCapacity(minimumCapacity)
    }

    /// The table has one owner, the learner, which frees it at its end.
    func deallocate() { slots.deallocate() }

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

    /// Adds `change` to the pair's count; a pair that was never seen starts at 0. Returns its record.
    @inline(__always)
    @discardableResult
    mutating func add(_ change: Int, to pair: UInt64) -> UInt32 {
        let index = find(pair)
        if slots[index].pair == pair {
            let record = slots[index].record
            counts[Int(record)] &+= change
            return record
        }
        let record = UInt32(counts.count)
        slots[index] = (pair, record)
        counts.append(change)
        if counts.count * 2 > capacity { grow() }
        return record
    }

    @inline(__always)
    func count(ofRecord record: UInt32) -> Int { counts[Int(record)] }

    private mutating func grow() {
        let old = slots
        let oldCapacity = capacity
        capacity *= 2
        shift -= 1
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: (Self.free, 0), count: capacity)
        for index in 0..<oldCapacity where old[index].pair != Self.free { slots[find(old[index].pair)] = old[index] }
        old.deallocate()
    }
}
