internal import CBPE
internal import CUnicode

/// The pre-tokenizers of cl100k, o200k, Llama 3, Qwen and tekken (and through `SegmentScanner` DeepSeek V3's): the end of the pre-token that begins at a place, alternative by
/// alternative as the pattern lists them. For pre-tokens that are too long for `slw_scan_pattern`, and what tests compare that with.
///
///     cl100k  '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s
///     llama3  the same, but for \s++$          qwen2   the same as llama3 with \p{N}
///     qwen35  the same as qwen2 with [\p{L}\p{M}]+ for words and [^\s\p{L}\p{M}\p{N}]+ for symbols: marks are letters
///     o200k   two alternatives for words by case, each with a contraction at its end; [\r\n/]* after symbols
///     tekken  the same as o200k without contractions, with \p{N}
///
/// No pattern looks back, so a scan may begin at any beginning of a pre-token.
struct PatternScanner {
    private let pattern: PreTokenPattern
    private let text: UnsafePointer<UInt8>
    private let end: Int

    /// For the document that ends before `end`.
    init(_ pattern: PreTokenPattern, _ text: UnsafePointer<UInt8>, end: Int) {
        self.pattern = pattern
        self.text = text
        self.end = end
    }

    private var tellsCase: Bool { pattern == .o200k || pattern == .tekken }

    private struct Character {
        var kind: UInt8
        var next: Int

        var isLetter: Bool { kind >= 1 && kind <= 3 }
        var isNumber: Bool { kind == 5 }
        var isWhite: Bool { kind == 6 }
        /// `[^\s\p{L}\p{N}]`
        var isSymbol: Bool { kind == 0 || kind == 4 }
        /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
        var isUpper: Bool { kind == 1 || kind == 3 || kind == 4 }
        /// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
        var isLower: Bool { kind >= 2 && kind <= 4 }
        /// `[\p{Lm}\p{Lo}\p{M}]`: both.
        var isEither: Bool { kind == 3 || kind == 4 }
    }

    @inline(__always)
    private func character(_ offset: Int) -> Character {
        var kind: UInt8 = 0
        var codePoint: UInt32 = 0
        let next = slw_next_code_point(text, offset, end, &kind, &codePoint)
        if pattern == .qwen35, kind == 4 { kind = 3 }
        return Character(kind: kind, next: next)
    }

    @inline(__always)
    private func isLineBreak(_ offset: Int) -> Bool { text[offset] == 0x0A || text[offset] == 0x0D }

    /// The end of the pre-token that begins at `start`, which is before the document's end.
    func end(from start: Int) -> Int {
        if pattern == .deepseekV3 { return SegmentScanner(text, end: end).end(from: start) }
        let first = character(start)
        if tellsCase {
            if let end = cased(start, first) { return end }
        } else {
            if let end = contraction(start) { return end }
            if let end = word(start, first) { return end }
        }
        if first.isNumber { return numbers(start) }
        if let end = symbols(start, first) { return end }
        return white(start)
    }

    // MARK: words

    /// `[^\r\n\p{L}\p{N}]?\p{L}+`
    private func word(_ start: Int, _ first: Character) -> Int? {
        var offset = first.next
        if !first.isLetter {
            guard !first.isNumber, !isLineBreak(start), offset < end else { return nil }
            let second = character(offset)
            guard second.isLetter else { return nil }
            offset = second.next
        }
        while offset < end {
            let next = character(offset)
            if !next.isLetter { break }
            offset = next.next
        }
        return offset
    }

    /// The two alternatives for words by case, each with and then without a character before it.
    private func cased(_ start: Int, _ first: Character) -> Int? {
        let mayPrecede = !first.isLetter && !first.isNumber && !isLineBreak(start)
        if mayPrecede, let end = endingLower(first.next) { return withContraction(end) }
        if let end = endingLower(start) { return withContraction(end) }
        if mayPrecede, let end = beginningUpper(first.next) { return withContraction(end) }
        return beginningUpper(start).map(withContraction)
    }

    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`: when no lower case follows, the first part gives back
    /// what it took behind its last character of both classes.
    private func endingLower(_ start: Int) -> Int? {
        var offset = start
        var lastEither: Int?
        while offset < end {
            let next = character(offset)
            if !next.isUpper {
                if !next.isLower { break }
                return lowerRun(next.next)
            }
            offset = next.next
            if next.isEither { lastEither = offset }
        }
        return lastEither
    }

    /// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
    private func beginningUpper(_ start: Int) -> Int? {
        var offset = start
        while offset < end {
            let next = character(offset)
            if !next.isUpper { break }
            offset = next.next
        }
        return offset > start ? lowerRun(offset) : nil
    }

    private func lowerRun(_ start: Int) -> Int {
        var offset = start
        while offset < end {
            let next = character(offset)
            if !next.isLower { break }
            offset = next.next
        }
        return offset
    }

    private func withContraction(_ offset: Int) -> Int { offset < end && pattern == .o200k ? contraction(offset) ?? offset : offset }

    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)`; without regard to case, `s` is also U+017F.
    private func contraction(_ start: Int) -> Int? {
        guard text[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
        let second = start + 2 < end ? text[start + 2] : 0
        switch text[start + 1] | 0x20 {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"): return second | 0x20 == UInt8(ascii: "e") ? start + 3 : nil
        case UInt8(ascii: "l"): return second | 0x20 == UInt8(ascii: "l") ? start + 3 : nil
        case 0xC5 | 0x20: return text[start + 1] == 0xC5 && second == 0xBF ? start + 3 : nil
        default: return nil
        }
    }

    // MARK: the rest

    /// `\p{N}{1,3}`, for Qwen and tekken `\p{N}`.
    private func numbers(_ start: Int) -> Int {
        var offset = start
        var left = pattern == .qwen2 || pattern == .qwen35 || pattern == .tekken ? 1 : 3
        while left > 0, offset < end {
            let next = character(offset)
            if !next.isNumber { break }
            offset = next.next
            left -= 1
        }
        return offset
    }

    /// ` ?[^\s\p{L}\p{N}]+[\r\n]*`, for o200k and tekken with `/` among the line breaks.
    private func symbols(_ start: Int, _ first: Character) -> Int? {
        var offset = start
        if !first.isSymbol {
            guard text[start] == 0x20, first.next < end, character(first.next).isSymbol else { return nil }
            offset = first.next
        }
        while offset < end {
            let next = character(offset)
            if !next.isSymbol { break }
            offset = next.next
        }
        while offset < end, isLineBreak(offset) || (tellsCase && text[offset] == UInt8(ascii: "/")) { offset += 1 }
        return offset
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`, for cl100k after `\s++$`.
    private func white(_ start: Int) -> Int {
        var offset = start
        var last = start
        var afterBreak: Int?
        while offset < end {
            let next = character(offset)
            if !next.isWhite { break }
            last = offset
            if isLineBreak(offset) { afterBreak = next.next }
            offset = next.next
        }
        if offset == end, pattern == .cl100k { return offset }
        if let afterBreak { return afterBreak }
        return offset == end || last == start ? offset : last
    }
}
