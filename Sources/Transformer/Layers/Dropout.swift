internal import CMathKernels

/// Dropout at one place of the network. Whether a number is kept is a hash of (key, its place), so the backward pass makes the same mask
/// again instead of keeping it, and the mask does not depend on lanes.
struct Dropout {
    /// Numbers whose random 32 bits are below this are kept.
    private let threshold: UInt32
    private let scale: Float
    private let key: UInt64
    let isActive: Bool

    /// - Parameters:
    ///   - share: of numbers that become 0; 0 turns it off.
    ///   - pass: differs from pass to pass.
    ///   - site: differs from place to place in the network.
    init(share: Float, pass: UInt64, site: Int) {
        isActive = share > 0
        threshold = UInt32(min(Double(UInt32.max), (1 - Double(share)) * 4_294_967_296))
        scale = 1 / (1 - share)
        key = Self.mixed(Self.mixed(pass) &+ UInt64(site))
    }

    /// x[i] = 0 or x[i] / (1 - share), by random number `place + i`.
    func apply(_ x: Floats, _ count: Int, at place: Int) {
        if isActive { math.dropout(count, x, key, UInt64(place), threshold, scale) }
    }

    /// All of x (count), by the lanes.
    func apply(_ x: Floats, _ count: Int, _ pool: LanePool) {
        guard isActive else { return }
        let part = 1 << 14
        pool.forEach((count + part - 1) / part) { item, _ in
            apply(x + item * part, min(part, count - item * part), at: item * part)
        }
    }

    /// SplitMix64's finaliser (Steele, Lea, Flood 2014).
    static func mixed(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
