/// Words of a text as a comparison of texts wants them: without regard to punctuation, spaces and the case of ASCII letters. Gives a hash of each.
///
/// A word is a run of ASCII letters and digits and of other characters that are no spaces and no punctuation of the blocks where most of it is (Latin-1 below U+00C0,
/// general punctuation, CJK symbols, fullwidth forms). Scripts without spaces between words (Chinese, kana, Thai, Lao, Burmese, Khmer) have a word a
/// character. Bytes that are no UTF-8 are characters by themselves.
struct WordScanner {
    private let text: UnsafeRawBufferPointer
    private var index = 0

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    /// Room that ``next(into:capacity:)`` needs to get on.
    static let leastCapacity = 64

    /// Writes the hashes of the next words and says how many there are: 0 at the end of the text.
    mutating func next(into words: UnsafeMutablePointer<UInt64>, capacity: Int) -> Int {
        var count = 0
        // Of the word that goes on behind `index`, if one does.
        var start = -1
        while capacity - count >= Self.leastCapacity {
            guard text.count - index >= 64, case let (mask, length) = wordMask(at: index), length > 0 else {
                if start >= 0 { (index, start) = (start, -1) }
                if index == text.count { return count }
                count += scanCharacters(into: words + count, capacity: capacity - count)
                continue
            }
            // Where words begin and where they end, in turns.
            var edges = (mask ^ (mask << 1 | (start >= 0 ? 1 : 0))) & (.max >> UInt64(64 - length))
            while edges != 0 {
                let place = index &+ edges.trailingZeroBitCount
                edges &= edges &- 1
                if start < 0 {
                    start = place
                } else {
                    words[count] = hash(start, place)
                    count &+= 1
                    start = -1
                }
            }
            index &+= length
        }
        if start >= 0 { index = start }
        return count
    }

    // MARK: sixty-four bytes at a time

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let high = ones &* 0x80

    /// Bit i: byte i from `offset` on belongs to a word. It holds for the first `length` bytes, up to a character that is a word by itself or reaches beyond
    /// the 64.
    @inline(__always)
    private func wordMask(at offset: Int) -> (mask: UInt64, length: Int) {
        var (mask, all): (UInt64, UInt64) = (0, 0)
        for part in 0..<8 {
            let bytes = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: offset &+ 8 &* part, as: UInt64.self))
            all |= bytes
            // Bit 7 of a sum tells whether the byte without its own bit 7 is at least 0x80 less what was added. Bit 5 makes capitals small.
            let low = bytes & ~Self.high
            let small = low | Self.ones &* 0x20
            let letters = (small &+ Self.ones &* 0x1F) & ~(small &+ Self.ones &* 0x05)
            let digits = (low &+ Self.ones &* 0x50) & ~(low &+ Self.ones &* 0x46)
            mask |= Self.gathered(letters | digits | bytes) << UInt64(8 &* part)
        }
        return all & Self.high == 0 ? (mask, 64) : refined(mask, at: offset)
    }

    /// Takes spaces and punctuation beyond ASCII out of a mask in which all bytes from 0x80 on are set.
    private func refined(_ mask: UInt64, at offset: Int) -> (mask: UInt64, length: Int) {
        var (mask, leads) = (mask, UInt64(0))
        for part in 0..<8 {
            let bytes = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: offset &+ 8 &* part, as: UInt64.self))
            // Only characters that begin with 0xC2 (U+0080 to U+00BF) or from 0xE0 on (from U+0800 on) can be anything but a part of a word.
            let other = bytes ^ Self.ones &* 0xC2
            let isC2 = ~((other & ~Self.high) &+ ~Self.high | other)
            leads |= Self.gathered(bytes & bytes << 1 & bytes << 2 | isC2) << UInt64(8 &* part)
        }
        while leads != 0 {
            let place = leads.trailingZeroBitCount
            leads &= leads &- 1
            let (scalar, length) = scalar(at: offset + place)
            let role = Self.role(scalar)
            if role == .whole || place + length > 64 { return (mask, place) }
            if role == .gap { mask &= ~((1 << UInt64(length) &- 1) << UInt64(place)) }
        }
        return (mask, 64)
    }

    /// Bit 7 of each byte.
    @inline(__always)
    private static func gathered(_ bytes: UInt64) -> UInt64 { ((bytes >> 7 & ones) &* 0x0102_0408_1020_4080) >> 56 }

    /// The hash of a word that is no character of its own.
    @inline(__always)
    private func hash(_ start: Int, _ end: Int) -> UInt64 {
        var hash = Self.seed
        var place = start
        while end &- place > 8 {
            hash = Self.folded(hash, Self.small(UInt64(littleEndian: text.loadUnaligned(fromByteOffset: place, as: UInt64.self))))
            place &+= 8
        }
        var last: UInt64 = 0
        if place &+ 8 <= text.count {
            last = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: place, as: UInt64.self))
            last = Self.small(last) & .max >> UInt64(64 &- 8 &* (end &- place))
        } else {
            for byte in place..<end { last |= UInt64(text[byte]) << UInt64(8 * (byte - place)) }
            last = Self.small(last) & .max >> UInt64(64 &- 8 &* (end &- place))
        }
        return Self.folded(hash, last)
    }

    private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325

    /// ASCII capitals made small, in bytes of words.
    @inline(__always)
    private static func small(_ bytes: UInt64) -> UInt64 { bytes | (~bytes & high) >> 2 }

    /// Eight bytes of a word more, the last filled up with zeros, which are in no word.
    @inline(__always)
    private static func folded(_ hash: UInt64, _ bytes: UInt64) -> UInt64 {
        let product = (hash ^ bytes).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }

    // MARK: everything else

    /// As ``next(into:capacity:)``, character by character; ends between two words when there is hope for ASCII again.
    private mutating func scanCharacters(into words: UnsafeMutablePointer<UInt64>, capacity: Int) -> Int {
        var count = 0
        let hope = index + 64
        var (hash, bytes, byteCount): (UInt64, UInt64, UInt64) = (Self.seed, 0, 0)
        func add(_ byte: UInt8) {
            bytes |= UInt64(byte) << (8 &* (byteCount & 7))
            byteCount &+= 1
            if byteCount & 7 == 0 { (hash, bytes) = (Self.folded(hash, bytes), 0) }
        }
        func end() {
            guard byteCount > 0 else { return }
            words[count] = byteCount & 7 == 0 ? hash : Self.folded(hash, bytes)
            count &+= 1
            (hash, bytes, byteCount) = (Self.seed, 0, 0)
        }
        // A character ends one word at most and is one.
        while index < text.count && capacity - count >= 2 {
            let byte = text[index]
            if byte < 0x80 {
                index &+= 1
                if (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 {
                    add(byte | 0x20)
                } else {
                    end()
                    if index >= hope { return count }
                }
            } else {
                let (scalar, length) = scalar(at: index)
                let role = Self.role(scalar)
                if role != .part { end() }
                if role != .gap { for place in index..<index + length { add(text[place]) } }
                if role == .whole { end() }
                index &+= length
            }
        }
        // At the end of the text; a lack of room shows only behind a word.
        end()
        return count
    }

    private enum Role { case part, gap, whole }

    private static func role(_ scalar: UInt32) -> Role {
        switch scalar {
        case 0xAA, 0xB5, 0xBA, 0xC0..<0x0E00: .part
        case 0x80..<0xC0, 0x2000..<0x2070, 0x3000..<0x3040, 0xFF00..<0xFF10, 0xFF1A..<0xFF21, 0xFF3B..<0xFF41, 0xFF5B..<0xFF66: .gap
        case 0x0E00..<0x0F00, 0x1000..<0x10A0, 0x1780..<0x1800, 0x3040..<0xA000, 0xF900..<0xFB00, 0x20000..<0x40000: .whole
        default: .part
        }
    }

    /// The character at a byte from 0x80 on, and its length; a byte that begins none is one of its own, above all of Unicode.
    private func scalar(at index: Int) -> (UInt32, Int) {
        let lead = text[index]
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard lead >= 0xC2, lead < 0xF5, text.count - index >= length else { return (0x11_0000 | UInt32(lead), 1) }
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for place in 1..<length {
            let byte = text[index + place]
            guard byte & 0xC0 == 0x80 else { return (0x11_0000 | UInt32(lead), 1) }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        return (scalar, length)
    }
}
