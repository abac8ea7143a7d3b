internal import CBPE
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

    /// The entries by the hash of their bytes.
    private let entries: [UInt64: [Entry]]
    /// By first and second byte, a number in `lengths`; 0 for pairs with which no token begins.
    private let numbers: [UInt16]
    /// The lengths of tokens that begin so, the longest first.
    private let lengths: [[Int]]
    /// A bit a pair of bytes that has a number.
    private let pairs: [UInt64]
    private let isAlone: [Bool]
    /// The byte with which all of them begin, if they do and it is no blank, which are everywhere: `<` more often than not.
    private let onlyFirst: UInt8?
    /// The bytes with which all of them begin, if there are no others.
    private let onlyPair: (first: UInt8, second: UInt8)?
    /// Whether no token can be found.
    let isEmpty: Bool

    init(_ tokens: [Entry]) {
        var entries: [UInt64: [Entry]] = [:]
        var byPair: [Int: Set<Int>] = [:]
        var isAlone = [Bool](repeating: false, count: 256)
        for token in tokens where !token.bytes.isEmpty {
            let hash = token.bytes.withUnsafeBytes { TokenIndex.hash($0) }
            // Of two with the same bytes the first one counts.
            entries[hash, default: []].append(token)
            let first = Int(token.bytes[0])
            if token.bytes.count == 1 {
                isAlone[first] = true
            } else {
                byPair[first << 8 | Int(token.bytes[1]), default: []].insert(token.bytes.count)
            }
        }
        for first in 0..<256 where isAlone[first] { for second in 0..<256 { byPair[first << 8 | second, default: []].insert(1) } }
        var numbers = [UInt16](repeating: 0, count: byPair.isEmpty ? 0 : 1 << 16)
        var lengths: [[Int]] = [[]]
        var pairs = [UInt64](repeating: 0, count: byPair.isEmpty ? 0 : 1 << 10)
        var known: [[Int]: UInt16] = [:]
        for (pair, found) in byPair {
            let sorted = found.sorted(by: >)
            if known[sorted] == nil {
                known[sorted] = UInt16(lengths.count)
                lengths.append(sorted)
            }
            numbers[pair] = known[sorted]!
            pairs[pair >> 6] |= 1 << UInt64(pair & 63)
        }
        (self.entries, self.numbers, self.lengths, self.pairs, self.isAlone) = (entries, numbers, lengths, pairs, isAlone)
        let firsts = Set(tokens.compactMap(\.bytes.first))
        onlyFirst = firsts.count == 1 && !firsts.contains(0x20) ? firsts.first : nil
        onlyPair = byPair.count == 1 ? byPair.keys.first.map { (UInt8($0 >> 8), UInt8($0 & 255)) } : nil
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

    /// Calls the closures with the parts of `text` in order; pieces may be empty.
    func split(_ text: UnsafeRawBufferPointer, piece: (UnsafeRawBufferPointer) -> Void, token: (TokenID) -> Void) {
        var start = 0
        while let found = first(in: text, from: start) {
            piece(UnsafeRawBufferPointer(rebasing: text[start..<found.place.lowerBound]))
            token(found.id)
            start = found.place.upperBound
        }
        piece(UnsafeRawBufferPointer(rebasing: text[start...]))
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
        if let onlyPair {
            let bytes = base.assumingMemoryBound(to: UInt8.self)
            let place = slw_find_pair(bytes, start, text.count, onlyPair.first, onlyPair.second)
            return place < text.count ? place : nil
        }
        if let onlyFirst {
            return memchr(base + start, Int32(onlyFirst), text.count - start).map { $0 - UnsafeMutableRawPointer(mutating: base) }
        }
        return pairs.withUnsafeBufferPointer { pairs in
            var first = Int(text[start])
            for offset in start..<text.count &- 1 {
                let pair = first << 8 | Int(text[offset &+ 1])
                if pairs[pair >> 6] >> UInt64(pair & 63) & 1 != 0 { return offset }
                first = pair & 255
            }
            return isAlone[first] ? text.count - 1 : nil
        }
    }

    private func entry(at offset: Int, in text: UnsafeRawBufferPointer) -> Entry? {
        guard offset + 1 < text.count else { return isAlone[Int(text[offset])] ? entry(offset..<offset + 1, in: text) : nil }
        let number = numbers[Int(text[offset]) << 8 | Int(text[offset + 1])]
        if number == 0 { return nil }
        for length in lengths[Int(number)] where length <= text.count - offset {
            if let entry = entry(offset..<offset + length, in: text) { return entry }
        }
        return nil
    }

    private func entry(_ place: Range<Int>, in text: UnsafeRawBufferPointer) -> Entry? {
        let bytes = UnsafeRawBufferPointer(rebasing: text[place])
        return entries[TokenIndex.hash(bytes)]?.first { $0.bytes.elementsEqual(bytes) }
    }
}
