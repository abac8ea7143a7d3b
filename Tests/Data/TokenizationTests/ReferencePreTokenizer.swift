/// GPT-2's pre-tokenizer, written to be obviously right: the pattern
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` alternative by alternative,
/// with the standard library's Unicode properties.
enum ReferencePreTokenizer {
    private enum Class { case letter, number, space, other }

    private static func classify(_ scalar: Unicode.Scalar) -> Class {
        if scalar.properties.isWhitespace { return .space }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return .other
        }
    }

    /// Calls `body` with the first byte of each pre-token of `text`, which is valid UTF-8, and the byte after its last.
    static func forEachPreToken(in text: UnsafeBufferPointer<UInt8>, _ body: (Int, Int) -> Void) {
        var classes: [Class] = []
        var offsets: [Int] = []
        var offset = 0
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
            classes.append(classify(scalar))
            offsets.append(offset)
            offset += scalar.utf8.count
        }
        offsets.append(offset)
        let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.utf8) }

        var first = 0
        while first < classes.count {
            var end = first + 1
            if let contraction = contractions.first(where: { text[offsets[first]...].starts(with: $0) }) {
                end = first + contraction.count
            } else {
                let hasBlank = text[offsets[first]] == 0x20 && end < classes.count && classes[end] != .space
                let run = hasBlank ? end : first
                end = run + 1
                while end < classes.count, classes[end] == classes[run] { end += 1 }
                // Blanks leave their last one to the word that follows.
                if classes[run] == .space, end < classes.count, end - run > 1 { end -= 1 }
            }
            body(offsets[first], offsets[end])
            first = end
        }
    }
}
