internal import CUnicode

/// The pre-tokenizer of DeepSeek V3, three splits one after the other, as ``PatternScanner`` does it:
///
///     \p{N}{1,3}
///     [一-龥぀-ゟ゠-ヿ]+
///     [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
///
/// What the first two leave, and the matches of the second, are segments: to the third each is a text. What it does not match (controls, for the most part) stays in one piece.
struct SegmentScanner {
    private enum Kind { case letter, number, white, symbol, control }

    private struct Character {
        let kind: Kind
        let isHan: Bool
        let isLineBreak: Bool
        let next: Int
    }

    private let text: UnsafePointer<UInt8>
    private let end: Int

    /// For the document that ends before `end`.
    init(_ text: UnsafePointer<UInt8>, end: Int) {
        self.text = text
        self.end = end
    }

    private func character(_ offset: Int) -> Character {
        var found: UInt8 = 0
        var scalar: UInt32 = 0
        let next = slw_next_code_point(text, offset, end, &found, &scalar)
        let kind: Kind =
            switch UInt32(found) {
            case slw_class_upper.rawValue, slw_class_lower.rawValue, slw_class_letter.rawValue, slw_class_mark.rawValue: .letter
            case slw_class_number.rawValue: .number
            case slw_class_white.rawValue: .white
            default: slw_is_punctuation_or_symbol(scalar) ? .symbol : .control
            }
        let isHan = (0x4E00...0x9FA5).contains(scalar) || (0x3040...0x30FF).contains(scalar)
        return Character(kind: kind, isHan: isHan, isLineBreak: scalar == 0x0A || scalar == 0x0D, next: next)
    }

    /// The end of the pre-token that begins at `start`, which is before the document's end.
    func end(from start: Int) -> Int {
        let first = character(start)
        if first.kind == .number { return numbers(start) }
        /// The character at a place of this segment.
        func next(_ offset: Int) -> Character? {
            guard offset < end else { return nil }
            let next = character(offset)
            return next.kind != .number && next.isHan == first.isHan ? next : nil
        }
        func run(_ offset: Int, _ belongs: (Character) -> Bool) -> Int {
            var offset = offset
            while let next = next(offset), belongs(next) { offset = next.next }
            return offset
        }
        switch first.kind {
        case .letter: return run(start) { $0.kind == .letter }
        case .symbol:
            if text[start] < 0x80 {
                var offset = start + 1
                while offset < end, UInt8(ascii: "a")...UInt8(ascii: "z") ~= text[offset] | 0x20 { offset += 1 }
                if offset > start + 1 { return offset }
            }
            return run(run(start) { $0.kind == .symbol }) { $0.isLineBreak }
        case .control:
            var offset = start
            while let this = next(offset), this.kind == .control {
                if next(this.next)?.kind == .letter { return offset == start ? run(this.next) { $0.kind == .letter } : offset }
                offset = this.next
            }
            return offset
        default: break
        }
        let second = next(first.next)
        if !first.isLineBreak, second?.kind == .letter { return run(first.next) { $0.kind == .letter } }
        if text[start] == 0x20, second?.kind == .symbol { return run(run(first.next) { $0.kind == .symbol }) { $0.isLineBreak } }
        var (offset, last) = (start, start)
        var afterBreak: Int?
        while let this = next(offset), this.kind == .white {
            (last, offset) = (offset, this.next)
            if this.isLineBreak { afterBreak = this.next }
        }
        if let afterBreak { return afterBreak }
        return next(offset) == nil || last == start ? offset : last
    }

    private func numbers(_ start: Int) -> Int {
        var offset = start
        for _ in 0..<3 where offset < end {
            let this = character(offset)
            guard this.kind == .number else { break }
            offset = this.next
        }
        return offset
    }
}
