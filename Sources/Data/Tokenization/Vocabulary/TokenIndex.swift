internal import CByteScan

/// The id of each byte string of a vocabulary: open addressing over strings that lie in one buffer.
struct TokenIndex: Sendable {
    private static let free = UInt32.max
    private var slots: [UInt32]
    private let shift: UInt64

    /// Room for `count` strings.
    init(count: Int) {
        var bits = 9
        while 1 << bits < count * 2 { bits += 1 }
        slots = Array(repeating: Self.free, count: 1 << bits)
        shift = UInt64(64 - bits)
    }

    /// The token of `strings` that spells `bytes`.
    @inline(__always)
    func id(of bytes: UnsafeRawBufferPointer, in strings: TokenStrings) -> TokenID? { id(of: bytes, hash: Self.hash(bytes), in: strings) }

    /// Says that a string will be asked for soon.
    @inline(__always)
    func prefetch(_ hash: UInt64) { slots.withUnsafeBufferPointer { slw_prefetch_read($0.baseAddress! + Int(hash >> shift)) } }

    /// The token with which a string will be compared first, if any.
    @inline(__always)
    func firstID(_ hash: UInt64) -> TokenID? {
        let id = slots[Int(hash >> shift)]
        return id == Self.free ? nil : id
    }

    /// The token of `strings` that spells `bytes`, whose hash is known.
    @inline(__always)
    func id(of bytes: UnsafeRawBufferPointer, hash: UInt64, in strings: TokenStrings) -> TokenID? {
        slots.withUnsafeBufferPointer { slots in
            var index = hash >> shift
            while true {
                let id = slots[Int(index)]
                if id == Self.free { return nil }
                if strings.equals(id, bytes) { return id }
                index = (index &+ 1) & UInt64(slots.count - 1)
            }
        }
    }

    /// Adds token `id` of `strings`; false when another token has the same bytes.
    mutating func insert(_ id: TokenID, in strings: TokenStrings) -> Bool {
        let bytes = strings[id]
        let shift = self.shift
        return slots.withUnsafeMutableBufferPointer { slots in
            var index = Self.hash(bytes) >> shift
            while slots[Int(index)] != Self.free {
                if strings.equals(slots[Int(index)], bytes) { return false }
                index = (index &+ 1) & UInt64(slots.count - 1)
            }
            slots[Int(index)] = id
            return true
        }
    }

    /// Multiplies and folds eight bytes at a time; the last eight may overlap those before them.
    @inline(__always)
    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        var hash = UInt64(count) &* 0x9E37_79B9_7F4A_7C15
        if count >= 8 {
            var offset = 0
            while offset < count &- 8 {
                hash = mix(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset &+= 8
            }
            return mix(hash ^ bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
        }
        if count >= 4 {
            let (first, last) = (
                bytes.loadUnaligned(as: UInt32.self), bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            )
            return mix(hash ^ (UInt64(first) << 32 | UInt64(last)))
        }
        guard count > 0 else { return hash }
        return mix(hash ^ (UInt64(bytes[0]) << 16 | UInt64(bytes[count / 2]) << 8 | UInt64(bytes[count &- 1])))
    }

    @inline(__always)
    private static func mix(_ value: UInt64) -> UInt64 {
        let mixed = value &* 0xD6E8_FEB8_6659_FD93
        return (mixed ^ (mixed >> 32)) &* 0x9E37_79B9_7F4A_7C15
    }
}
