internal import CUnicode

/// Unicode's normalization form C (UAX #15): what can be written in several ways that look the same is written in one, `é` as one code point.
///
/// Bytes that are no UTF-8 stay as they are, and separate what is beside them. Text that is in the form already costs a look at its bytes. Each worker has its own.
public final class CanonicalComposition {
    /// Whose knowledge of characters counts. By Unicode's policy a text of characters that both know has the same form by both.
    public enum Edition: Sendable {
        /// Unicode 17.0.
        case newest
        /// That of Hugging Face's `tokenizers` 0.22: Unicode 9.0, to which 175 younger marks and composites are letters like others.
        case huggingFace
    }

    /// The flag of characters that are to be taken for unknown ones.
    private let hidden: UInt16
    /// A stretch of text in parts: code point and combining class, the class in the upper half.
    private var parts: [UInt64] = []
    private var encoded: [UInt8] = []

    public init(_ edition: Edition = .newest) { hidden = edition == .newest ? 0 : nfc_young }

    /// Appends the normalized text to `output`, unless it is the text itself; says whether it is not.
    public func normalize(_ text: UnsafeRawBufferPointer, into output: inout [UInt8]) -> Bool {
        var (done, hasChanged) = (0, false)
        var index = 0
        while let stretch = doubtful(text, from: index) {
            index = stretch.upperBound
            compose(UnsafeRawBufferPointer(rebasing: text[stretch]))
            if encoded.elementsEqual(text[stretch]) { continue }
            hasChanged = true
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[done..<stretch.lowerBound]))
            output.append(contentsOf: encoded)
            done = stretch.upperBound
        }
        if hasChanged { output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[done...])) }
        return hasChanged
    }

    /// Where a first change may be needed: every text that ends before it, or is cut off at a character before it, is normalized. Nil: all of it is.
    public func firstDoubt(in text: UnsafeRawBufferPointer) -> Int? { doubtful(text, from: 0)?.lowerBound }

    /// Appends the text in Unicode's normalization form D to `output`: composites taken apart, marks in their order. Bytes that are no UTF-8 stay as they are.
    public func decompose(_ text: UnsafeRawBufferPointer, into output: inout [UInt8]) {
        output.reserveCapacity(output.count + text.count)
        var index = 0
        while index < text.count {
            parts.removeAll(keepingCapacity: true)
            while index < text.count, text[index] >= 0x80, let (scalar, length) = Self.scalar(text, index) {
                decompose(scalar)
                index += length
            }
            if !parts.isEmpty {
                order()
                encoded.removeAll(keepingCapacity: true)
                for part in parts { encode(UInt32(truncatingIfNeeded: part)) }
                output += encoded
            } else {
                output.append(text[index])
                index += 1
            }
        }
    }

    // MARK: where to look

    /// The first stretch from `start` on that may not be normalized, valid UTF-8 between two places over which nothing composes or changes its order. `start`
    /// must be such a place. Nil: everything is normalized.
    private func doubtful(_ text: UnsafeRawBufferPointer, from start: Int) -> Range<Int>? {
        guard let base = text.baseAddress else { return nil }
        var index = start
        while true {
            index = nfc_plain_end(base, index, text.count)
            if index == text.count { return nil }
            var border = Self.before(index, in: text, from: start)
            var lastClass: UInt16 = 0
            while index < text.count, let (scalar, length) = Self.scalar(text, index) {
                let property = property(scalar)
                if property == 0 {
                    border = index
                    lastClass = 0
                    index &+= length
                    // One letter among marks is passed over here, a word of them above.
                    if index < text.count, text[index] < 0xCC { break }
                } else if property < 256 && property >= lastClass {
                    // A mark in its place behind other marks.
                    lastClass = property
                    index &+= length
                } else {
                    index &+= length
                    while index < text.count, let (next, length) = Self.scalar(text, index), self.property(next) != 0 { index &+= length }
                    return border..<index
                }
            }
            if index < text.count, Self.scalar(text, index) == nil { index &+= 1 }
        }
    }

    /// Where the character before `index` begins; `index` itself if there is none.
    private static func before(_ index: Int, in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        for length in 1...4 where index &- length >= start && text[index &- length] & 0xC0 != 0x80 {
            return scalar(text, index &- length)?.1 == length ? index &- length : index
        }
        return index
    }

    /// See `nfc_property`.
    private func property(_ scalar: UInt32) -> UInt16 {
        let property = nfc_property(scalar)
        return property & hidden == 0 ? property & ~nfc_young : 0
    }

    /// The code point at `index` and its length; nil for what is no UTF-8.
    private static func scalar(_ text: UnsafeRawBufferPointer, _ index: Int) -> (UInt32, Int)? {
        let lead = text[index]
        if lead < 0x80 { return (UInt32(lead), 1) }
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard lead >= 0xC2, lead < 0xF5, text.count - index >= length else { return nil }
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for place in 1..<length {
            let byte = text[index &+ place]
            guard byte & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
        }
        let least: UInt32 = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80
        guard scalar >= least, scalar < 0x11_0000, scalar &- 0xD800 >= 0x800 else { return nil }
        return (scalar, length)
    }

    // MARK: what to do

    /// Sets `encoded` to the normal form of a stretch of valid UTF-8.
    private func compose(_ text: UnsafeRawBufferPointer) {
        parts.removeAll(keepingCapacity: true)
        encoded.removeAll(keepingCapacity: true)
        var index = 0
        while index < text.count {
            let (scalar, length) = Self.scalar(text, index)!
            decompose(scalar)
            index += length
        }
        order()
        join()
        for part in parts { encode(UInt32(truncatingIfNeeded: part)) }
    }

    private func decompose(_ scalar: UInt32) {
        let syllable = scalar &- Hangul.syllables
        if syllable < Hangul.syllableCount {
            parts.append(UInt64(Hangul.leading + syllable / Hangul.blockCount))
            parts.append(UInt64(Hangul.vowels + syllable % Hangul.blockCount / Hangul.trailingCount))
            if syllable % Hangul.trailingCount > 0 { parts.append(UInt64(Hangul.trailing + syllable % Hangul.trailingCount)) }
            return
        }
        var (first, second): (UInt32, UInt32) = (0, 0)
        let count = nfc_property(scalar) & hidden == 0 ? nfc_decompose(scalar, &first, &second) : 0
        if count == 0 { return parts.append(UInt64(property(scalar) & 255) << 32 | UInt64(scalar)) }
        decompose(first)
        if count == 2 { decompose(second) }
    }

    /// Sorts each run of marks by their classes; those of the same class keep their order.
    private func order() {
        var start = 0
        while start < parts.count {
            guard parts[start] >> 32 != 0 else {
                start += 1
                continue
            }
            var end = start
            while end < parts.count, parts[end] >> 32 != 0 { end += 1 }
            if end - start <= 32 {
                for index in start..<end {
                    let part = parts[index]
                    var place = index
                    while place > start, parts[place - 1] >> 32 > part >> 32 {
                        parts[place] = parts[place - 1]
                        place -= 1
                    }
                    parts[place] = part
                }
            } else {
                // Text that somebody made to be slow: a bucket a class.
                var buckets = [[UInt64]](repeating: [], count: 256)
                for part in parts[start..<end] { buckets[Int(part >> 32)].append(part) }
                parts.replaceSubrange(start..<end, with: buckets.joined())
            }
            start = end
        }
    }

    /// Joins each part to the last one of class 0 before it where there is a composite and no mark of its class or above is between them.
    private func join() {
        var (starter, count, lastClass) = (-1, 0, UInt64(0))
        for index in parts.indices {
            let part = parts[index]
            let partClass = part >> 32
            if starter >= 0, lastClass == 0 || lastClass < partClass,
                let joined = composite(UInt32(truncatingIfNeeded: parts[starter]), UInt32(truncatingIfNeeded: part))
            {
                parts[starter] = UInt64(joined)
                continue
            }
            if partClass == 0 { starter = count }
            lastClass = partClass
            parts[count] = part
            count += 1
        }
        parts.removeLast(parts.count - count)
    }

    private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        let (leading, vowel) = (first &- Hangul.leading, second &- Hangul.vowels)
        if leading < Hangul.leadingCount && vowel < Hangul.vowelCount {
            return Hangul.syllables + (leading * Hangul.vowelCount + vowel) * Hangul.trailingCount
        }
        let (syllable, trailing) = (first &- Hangul.syllables, second &- Hangul.trailing)
        if syllable < Hangul.syllableCount && syllable % Hangul.trailingCount == 0 && trailing &- 1 < Hangul.trailingCount - 1 {
            return first + trailing
        }
        let joined = nfc_compose(first, second)
        return joined == 0 || nfc_property(joined) & hidden != 0 ? nil : joined
    }

    /// The arithmetic of Hangul syllables (The Unicode Standard, section 3.12).
    private enum Hangul {
        static let (syllables, leading, vowels, trailing): (UInt32, UInt32, UInt32, UInt32) = (0xAC00, 0x1100, 0x1161, 0x11A7)
        static let (leadingCount, vowelCount, trailingCount): (UInt32, UInt32, UInt32) = (19, 21, 28)
        static let blockCount = vowelCount * trailingCount
        static let syllableCount = leadingCount * blockCount
    }

    private func encode(_ scalar: UInt32) {
        switch scalar {
        case ..<0x80: encoded.append(UInt8(scalar))
        case ..<0x800:
            encoded.append(UInt8(0xC0 | scalar >> 6))
            encoded.append(UInt8(0x80 | scalar & 0x3F))
        case ..<0x10000:
            encoded.append(UInt8(0xE0 | scalar >> 12))
            encoded.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            encoded.append(UInt8(0x80 | scalar & 0x3F))
        default:
            encoded.append(UInt8(0xF0 | scalar >> 18))
            encoded.append(UInt8(0x80 | scalar >> 12 & 0x3F))
            encoded.append(UInt8(0x80 | scalar >> 6 & 0x3F))
            encoded.append(UInt8(0x80 | scalar & 0x3F))
        }
    }
}
