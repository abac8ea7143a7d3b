internal import CBPE

/// The tokens of one pre-token in a word: up to three ids, or a place in a pool.
///
/// With at most 65 536 ids (`isNarrow`): three times 16 bits and a count in the upper 16, so that the word itself can be stored into a
/// buffer of 16-bit ids. With more: three times 20 bits and a count in the upper 4. `spilled` in place of the count says
/// that the lower bits are `offset << 16 | count` in a pool of ids.
struct PackedTokens {
    let isNarrow: Bool

    static let inlineLimit = slw_inline_limit
    static let narrowSpilled = UInt64(slw_narrow_spilled)
    static let wideSpilled = UInt64(slw_wide_spilled)

    /// Packs ids; nil when they need the pool.
    @inline(__always)
    func pack(_ tokens: UnsafePointer<TokenID>, count: Int) -> UInt64? {
        if count > Self.inlineLimit { return nil }
        var word: UInt64 = 0
        if isNarrow {
            for index in 0..<count { word |= UInt64(tokens[index]) << UInt64(16 &* index) }
            return word | UInt64(count) << 48
        }
        for index in 0..<count {
            if tokens[index] >= 1 << 20 { return nil }
            word |= UInt64(tokens[index]) << UInt64(20 &* index)
        }
        return word | UInt64(count) << 60
    }

    /// A place in the pool; `count` is below 65 536 and `offset` below 2³².
    @inline(__always)
    func spilled(offset: Int, count: Int) -> UInt64 {
        (isNarrow ? Self.narrowSpilled << 48 : Self.wideSpilled << 60) | UInt64(offset) << 16 | UInt64(count)
    }
}
