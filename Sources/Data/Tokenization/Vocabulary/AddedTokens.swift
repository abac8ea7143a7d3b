internal import CUnicode

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Tokens that are found in a text as they are spelled.
///
/// At each place the longest one wins, and what is found is not looked at again: the rule of Hugging Face's added tokens and of
/// tiktoken's special tokens.
struct AddedTokens: Sendable {
    struct Entry: Sendable {
        let bytes: [UInt8]
        /// Nil: what is spelled so stays text, and no other token is found in it.
        let id: TokenID?
        /// Whether the white space before it (behind it) belongs to it.
        var stripsLeft = false
        var stripsRight = false
        /// Whether it is only found where no letter, digit or mark stands beside it; elsewhere it stays text, and no other token is found in it.
        var isWord = false
    }

    /// `\w` of the regular expressions of Rust: letters, marks, decimal digits, letters that are numbers, connectors, joiners and circled letters.
    private static let wordCharacters: CharacterSet = {
        let named = ["L", "M", "Nd", "Nl", "Pc"].compactMap(CharacterSet.named).flatMap(\.ranges)
        return CharacterSet(
            named + [0x24B6...0x24E9, 0x1F130...0x1F149, 0x1F150...0x1F169, 0x1F170...0x1F189, 0x200C...0x200D])
    }()

    /// By first byte, the longest first.
    private let entries: [[Entry]]
    /// Whether a token begins with this byte.
    private let isFirst: [Bool]
    /// Whether a token may have this byte behind its first: runs of blanks are tokens of some, and blanks are everywhere.
    private let isSecond: [Bool]
    /// The byte with which all of them begin, if they do: `<` more often than not.
    private let onlyFirst: UInt8?
    /// Whether no token can be found.
    let isEmpty: Bool

    init(_ tokens: [Entry]) {
        var entries = [[Entry]](repeating: [], count: 256)
        for token in tokens where !token.bytes.isEmpty { entries[Int(token.bytes[0])].append(token) }
        for byte in 0..<256 { entries[byte].sort { $0.bytes.count > $1.bytes.count } }
        self.entries = entries
        var isSecond = [Bool](repeating: tokens.contains { $0.bytes.count == 1 }, count: 256)
        for token in tokens where token.bytes.count > 1 { isSecond[Int(token.bytes[1])] = true }
        self.isSecond = isSecond
        isFirst = entries.map { !$0.isEmpty }
        onlyFirst = isFirst.count { $0 } == 1 ? UInt8(isFirst.firstIndex(of: true)!) : nil
        isEmpty = tokens.allSatisfy { $0.id == nil }
    }

    /// The first token in `text` from `start` on, where it is and which.
    func first(in text: UnsafeRawBufferPointer, from start: Int) -> (place: Range<Int>, id: TokenID)? {
        if isEmpty { return nil }
        var offset = start
        while let candidate = candidate(in: text, from: offset) {
            offset = candidate
            guard let entry = entry(at: offset, in: text) else {
                offset += 1
                continue
            }
            let place = offset..<offset + entry.bytes.count
            if let id = entry.id, !entry.isWord || standsAlone(place, text) {
                return (entry.stripsLeft || entry.stripsRight ? widened(place, entry, text, from: start) : place, id)
            }
            offset = place.upperBound
        }
        return nil
    }

    /// Whether no character of a word stands beside a place.
    private func standsAlone(_ place: Range<Int>, _ text: UnsafeRawBufferPointer) -> Bool {
        let base = text.baseAddress!.assumingMemoryBound(to: UInt8.self)
        func isOfWord(_ offset: Int) -> (Bool, end: Int) {
            var kind: UInt8 = 0
            var codePoint: UInt32 = 0
            let end = slw_next_code_point(base, offset, text.count, &kind, &codePoint)
            return (Self.wordCharacters.contains(codePoint), end)
        }
        if place.upperBound < text.count, isOfWord(place.upperBound).0 { return false }
        guard place.lowerBound > 0 else { return true }
        var before = place.lowerBound - 1
        while before > 0, text[before] & 0xC0 == 0x80 { before -= 1 }
        let (isWord, end) = isOfWord(before)
        return !isWord || end != place.lowerBound
    }

    /// A place and the white space around it that belongs to a token.
    private func widened(_ place: Range<Int>, _ entry: Entry, _ text: UnsafeRawBufferPointer, from start: Int) -> Range<Int> {
        let base = text.baseAddress!.assumingMemoryBound(to: UInt8.self)
        var (low, high) = (place.lowerBound, place.upperBound)
        func character(_ offset: Int) -> (isWhite: Bool, end: Int) {
            var kind: UInt8 = 0
            var codePoint: UInt32 = 0
            let end = slw_next_code_point(base, offset, text.count, &kind, &codePoint)
            return (UInt32(kind) == slw_class_white.rawValue, end)
        }
        while entry.stripsRight, high < text.count {
            let next = character(high)
            guard next.isWhite else { break }
            high = next.end
        }
        while entry.stripsLeft, low > start {
            var before = low - 1
            while before > start, text[before] & 0xC0 == 0x80 { before -= 1 }
            let next = character(before)
            guard next.isWhite, next.end == low else { break }
            low = before
        }
        return low..<high
    }

    /// The first place from `start` on where a token may begin.
    private func candidate(in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < text.count, let base = text.baseAddress else { return nil }
        if let onlyFirst {
            return memchr(base + start, Int32(onlyFirst), text.count - start).map { $0 - UnsafeMutableRawPointer(mutating: base) }
        }
        return isFirst.withUnsafeBufferPointer { isFirst in (start..<text.count).first { isFirst[Int(text[$0])] } }
    }

    private func entry(at offset: Int, in text: UnsafeRawBufferPointer) -> Entry? {
        guard offset + 1 == text.count || isSecond[Int(text[offset + 1])] else { return nil }
        return entries[Int(text[offset])].first { entry in
            entry.bytes.count <= text.count - offset && memcmp(entry.bytes, text.baseAddress! + offset, entry.bytes.count) == 0
        }
    }
}
