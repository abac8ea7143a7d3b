internal import CByteScan

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A batch as a ``CharacterModel`` merges it: normalized, a blank before each text that gets one, blanks for `▁`, U+FFFD for what is no UTF-8, and cut at user-defined
/// tokens. Its memory is used again for the next batch.
final class CharacterText {
    private let model: CharacterModel
    private(set) var text: [UInt8] = []
    private(set) var pieceEnds: [Int] = []
    /// The user-defined token behind each piece; nil where its document ends.
    private(set) var followers: [TokenID?] = []
    private(set) var hasTokens = false
    /// A document before its tokens are taken out, and before its marks are.
    private var document: [UInt8] = []
    private var normalized: [UInt8] = []

    init(_ model: CharacterModel) { self.model = model }

    /// `continues`: whether a document is the rest of a text whose beginning is another document.
    func prepare(_ batch: UnsafeRawBufferPointer, documentEnds: UnsafeBufferPointer<Int>, continues: (Int) -> Bool) {
        text.removeAll(keepingCapacity: true)
        text.reserveCapacity(batch.count + documentEnds.count)
        pieceEnds.removeAll(keepingCapacity: true)
        followers.removeAll(keepingCapacity: true)
        hasTokens = false
        let isPlain = Self.isPlain(batch, documentEnds)
        var start = 0
        for (number, end) in documentEnds.enumerated() {
            let one = UnsafeRawBufferPointer(rebasing: batch[start..<end])
            if model.userDefined.isEmpty {
                append(one, isFirst: !continues(number), isPlain: isPlain, to: &text)
            } else {
                document.removeAll(keepingCapacity: true)
                append(one, isFirst: !continues(number), isPlain: isPlain, to: &document)
                document.withUnsafeBytes { model.userDefined.split($0, piece: { text.append(contentsOf: $0) }, token: close) }
            }
            close(nil)
            start = end
        }
    }

    private func close(_ follower: TokenID?) {
        pieceEnds.append(text.count)
        followers.append(follower)
        if follower != nil { hasTokens = true }
    }

    /// Whether there is no `▁` in a batch and all its documents are valid UTF-8.
    private static func isPlain(_ batch: UnsafeRawBufferPointer, _ documentEnds: UnsafeBufferPointer<Int>) -> Bool {
        guard let base = batch.baseAddress else { return true }
        let bytes = base.assumingMemoryBound(to: UInt8.self)
        guard json_valid_utf8_prefix(bytes, batch.count, json_best_level()) == batch.count else { return false }
        // What is valid where documents stand side by side may still be two halves.
        for end in documentEnds where end < batch.count && bytes[end] & 0xC0 == 0x80 { return false }
        var offset = 0
        while let found = memchr(base + offset, Int32(CharacterModel.blankBytes[0]), batch.count - offset) {
            offset = UnsafeRawPointer(found) - base
            // It is valid, so two bytes follow.
            if bytes[offset + 1] == 0x96, bytes[offset + 2] == 0x81 { return false }
            offset += 3
        }
        return true
    }

    /// Appends what a document is before tokens are looked for in it.
    private func append(_ one: UnsafeRawBufferPointer, isFirst: Bool, isPlain: Bool, to output: inout [UInt8]) {
        guard one.count > 0 else { return }
        if let normalizer = model.normalizer {
            normalized.removeAll(keepingCapacity: true)
            normalizer.normalize(one, hasPrefix: model.prefix == .always, into: &normalized)
            return normalized.withUnsafeBytes { Self.appendWithoutMarks($0, to: &output) }
        }
        let startsWithBlank = one[0] == 0x20 || one.starts(with: CharacterModel.blankBytes)
        let isDue =
            switch model.prefix {
            case .none: false
            case .always: true
            case .unlessThere: !startsWithBlank
            case .firstUnlessThere: isFirst && !startsWithBlank
            }
        if isDue { output.append(0x20) }
        if isPlain { output.append(contentsOf: one) } else { Self.appendWithoutMarks(one, to: &output) }
    }

    private static func appendWithoutMarks(_ text: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        let bytes = text.bindMemory(to: UInt8.self)
        var offset = 0
        while offset < bytes.count {
            let (scalar, length) = CharacterMerger.scalar(bytes.baseAddress! + offset, bytes.count - offset)
            if scalar == CharacterModel.blank {
                output.append(0x20)
            } else if scalar == 0xFFFD {
                output += [0xEF, 0xBF, 0xBD]
            } else {
                output.append(contentsOf: bytes[offset..<offset + length])
            }
            offset += length
        }
    }
}
