internal import CUnicode

/// What SentencePiece makes of a text before its characters are merged (sentencepiece, src/normalizer.cc): stretches are replaced by a chart, runs of blanks become one, and a
/// blank is put in front. Blanks are still blanks in what comes out, and user-defined tokens stay as they are.
struct CharacterNormalizer: Sendable {
    let chart: CharacterChart?
    /// Whether blanks at both ends go, and of several one stays.
    let removesExtraBlanks: Bool
    /// Tokens that are found in the text as it is written and not normalized.
    let kept: AddedTokens

    /// What it does, in words; another chart has other words.
    var description: String {
        let blanks = removesExtraBlanks ? "extra blanks removed" : ""
        guard let chart else { return blanks }
        return "normalized by the chart \(String(chart.digest, radix: 16))" + (blanks.isEmpty ? "" : ", ") + blanks
    }

    /// Nil if texts stay as they are.
    init?(chart: CharacterChart?, removesExtraBlanks: Bool, kept: AddedTokens) {
        guard chart != nil || removesExtraBlanks else { return nil }
        (self.chart, self.removesExtraBlanks, self.kept) = (chart, removesExtraBlanks, kept)
    }

    /// Appends the normalized text to `output`, with a blank before it if `hasPrefix`. A text of nothing but blanks that are to go becomes nothing.
    func normalize(_ text: UnsafeRawBufferPointer, hasPrefix: Bool, into output: inout [UInt8]) {
        let blank = UInt8(ascii: " ")
        let start = output.count
        if hasPrefix { output.append(blank) }
        let first = output.count
        var isBehindBlank = removesExtraBlanks
        func append(_ part: UnsafeRawBufferPointer) {
            var part = part[...]
            if isBehindBlank { part = part.drop { $0 == blank } }
            output.append(contentsOf: UnsafeRawBufferPointer(rebasing: part))
            // Nothing leaves the state as it is: blanks behind what was left out are extra ones too.
            if removesExtraBlanks, let last = part.last { isBehindBlank = last == blank }
        }
        var nextKept = kept.first(in: text, from: 0)
        var offset = 0
        while offset < text.count {
            if let found = nextKept, found.place.lowerBound == offset {
                append(UnsafeRawBufferPointer(rebasing: text[found.place]))
                offset = found.place.upperBound
                nextKept = kept.first(in: text, from: offset)
            } else if chart?.mayReplace(text[offset]) == true, let found = chart?.longest(in: text, from: offset) {
                chart?.withText(found.text, append)
                offset += found.length
                // A stretch may reach into a token, which then is none.
                if let kept = nextKept, kept.place.lowerBound < offset { nextKept = self.kept.first(in: text, from: offset) }
            } else {
                let length = length(of: text, at: offset)
                if length == 0 {
                    [0xEF, 0xBF, 0xBD].withUnsafeBytes { append($0) }
                } else {
                    append(UnsafeRawBufferPointer(rebasing: text[offset..<offset + length]))
                }
                offset += max(length, 1)
            }
        }
        guard removesExtraBlanks else { return }
        // At the end the sign for blanks is one, also where the text itself had it.
        while output.count > first {
            if output.last == blank {
                output.removeLast()
            } else if output[first...].suffix(3).elementsEqual(CharacterModel.blankBytes) {
                output.removeLast(3)
            } else {
                return
            }
        }
        output.removeLast(first - start)
    }

    /// The length of the character at `offset`; 0 for what is no UTF-8.
    private func length(of text: UnsafeRawBufferPointer, at offset: Int) -> Int {
        if text[offset] < 0x80 { return 1 }
        var scalar: UInt32 = 0
        return Int(slw_decode(text.baseAddress!.assumingMemoryBound(to: UInt8.self) + offset, text.count - offset, &scalar))
    }
}
