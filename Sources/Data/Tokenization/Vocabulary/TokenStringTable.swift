/// The byte strings of tokens by id, and the id of each byte string.
struct TokenStringTable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]
    private var slots: [TokenID]
    private static let free = TokenID.max

    init() { slots = Array(repeating: Self.free, count: 1 << 12) }

    var count: Int { ends.count - 1 }

    subscript(id: TokenID) -> ArraySlice<UInt8> { bytes[ends[Int(id)]..<ends[Int(id) + 1]] }

    /// The id of `string`, new when no token has this string.
    mutating func id(of string: some Collection<UInt8>) -> TokenID {
        let slot = slot(of: string)
        if slots[slot] != Self.free { return slots[slot] }
        let id = append(string)
        slots[slot] = id
        if count * 2 > slots.count { grow() }
        return id
    }

    /// The id of `string` if a token has this string.
    func id(ofExisting string: some Collection<UInt8>) -> TokenID? {
        let id = slots[slot(of: string)]
        return id == Self.free ? nil : id
    }

    /// A token that no merge can produce: its string is kept but never found.
    @discardableResult
    mutating func append(_ string: some Collection<UInt8>) -> TokenID {
        bytes.append(contentsOf: string)
        ends.append(bytes.count)
        return TokenID(count - 1)
    }

    private func slot(of string: some Collection<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in string { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        var index = Int(truncatingIfNeeded: hash ^ (hash >> 32)) & (slots.count - 1)
        while slots[index] != Self.free, !self[slots[index]].elementsEqual(string) { index = (index + 1) & (slots.count - 1) }
        return index
    }

    private mutating func grow() {
        let ids = slots.filter { $0 != Self.free }
        slots = Array(repeating: Self.free, count: slots.count * 2)
        for id in ids { slots[slot(of: self[id])] = id }
    }
}
