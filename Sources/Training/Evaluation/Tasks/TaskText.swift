/// Text as Python sees it: a sequence of code points.
enum TaskText {
    static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// `str.strip()`.
    static func stripped(_ text: String) -> String {
        var rest = text.unicodeScalars[...]
        while let first = rest.first, Detokenizer.isWhitespace(first) { rest.removeFirst() }
        while let last = rest.last, Detokenizer.isWhitespace(last) { rest.removeLast() }
        return String(rest)
    }

    /// A text without the white space at its end, and that white space.
    static func cutAtEnd(_ text: String) -> (text: String, space: String) {
        let scalars = text.unicodeScalars
        var end = scalars.endIndex
        while end > scalars.startIndex, Detokenizer.isWhitespace(scalars[scalars.index(before: end)]) { end = scalars.index(before: end) }
        return (String(scalars[..<end]), String(scalars[end...]))
    }

    /// `str.lower()`. A capital sigma at the end of a word becomes the final one, by the letters around it.
    static func lower(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        return string(lower(scalars, 0..<scalars.count))
    }

    private static func lower(_ scalars: [Unicode.Scalar], _ range: Range<Int>) -> [Unicode.Scalar] {
        range.flatMap { index -> [Unicode.Scalar] in
            guard scalars[index] == "\u{3A3}" else { return Array(scalars[index].properties.lowercaseMapping.unicodeScalars) }
            let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
            let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
            let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
            return [isFinal ? "\u{3C2}" : "\u{3C3}"]
        }
    }

    /// `str.capitalize()`: the first in title case, all others lower.
    static func capitalized(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.first else { return text }
        return string(Array(first.properties.titlecaseMapping.unicodeScalars) + lower(scalars, 1..<scalars.count))
    }

    /// Every `old` replaced from left to right.
    static func replacing(_ old: String, in text: String, by new: String) -> String {
        let (old, new, scalars) = (Array(old.unicodeScalars), Array(new.unicodeScalars), Array(text.unicodeScalars))
        var (result, index) = ([Unicode.Scalar](), 0)
        while index < scalars.count {
            if scalars[index] == old[0], index + old.count <= scalars.count, scalars[index..<index + old.count].elementsEqual(old) {
                result += new
                index += old.count
            } else {
                result.append(scalars[index])
                index += 1
            }
        }
        return string(result)
    }

    /// HellaSwag's cleaning of texts from WikiHow.
    static func cleanedWikiHow(_ text: String) -> String {
        let marked = Array(replacing(" [title]", in: stripped(text), by: ". ").unicodeScalars)
        var (result, index) = ([Unicode.Scalar](), 0)
        while index < marked.count {
            guard marked[index] == "[" else {
                result.append(marked[index])
                index += 1
                continue
            }
            // What has no closing bracket in its line stays, up to the line's end: no bracket in it has one.
            let end = marked[index...].firstIndex { $0 == "]" || $0 == "\n" } ?? marked.endIndex
            if end < marked.endIndex, marked[end] == "]" {
                index = end + 1
            } else {
                result += marked[index..<end]
                index = end
            }
        }
        return replacing("  ", in: string(result), by: " ")
    }

    /// Whether an answer counts as equal: whatever the case, without ASCII punctuation. NumPy's lower case never makes a text longer.
    static func matches(_ answer: String, _ wanted: String) -> Bool {
        func plain(_ text: String) -> [Unicode.Scalar] {
            lower(text).unicodeScalars.prefix(text.unicodeScalars.count).filter { !isPunctuation($0) }
        }
        return plain(answer) == plain(wanted)
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }

    /// By code points, as Python sorts.
    static func precedes(_ first: String, _ second: String) -> Bool {
        first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars)
    }

    /// Answers in order, without those that begin with another one: they could not be the most likely text without it.
    static func prefixFree(_ answers: [String]) -> [String] {
        var kept: [String] = []
        for answer in answers.sorted(by: precedes) {
            if let last = kept.last, answer.unicodeScalars.starts(with: last.unicodeScalars) { continue }
            kept.append(answer)
        }
        return kept
    }

    static func hasSuffix(_ text: String, _ suffix: String) -> Bool { text.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }
}
