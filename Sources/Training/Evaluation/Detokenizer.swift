/// Undoes the spacing of word-level evaluation texts, rule by rule as Megatron does before it computes an adjusted perplexity.
///
/// The rules are a small language of literal replacements and of spans (quotes, brackets) whose inner edges lose their white space; their
/// side effects (`boys ' club … it 's` is taken for a quotation) belong to the published numbers and are kept.
public enum Detokenizer: String, Sendable, CaseIterable {
    case wikitext, ptb
    /// Changes nothing: for texts that are not split into words.
    case none

    /// The one that Megatron picks from a file name: by the substrings `ptb` and `wiki`, in this order.
    public static func named(by path: String) -> Detokenizer? {
        if path.contains("ptb") { return .ptb }
        return path.contains("wiki") ? .wikitext : nil
    }

    /// The detokenised text.
    public func callAsFunction(_ text: String) -> String {
        switch self {
        case .none: return text
        case .wikitext:
            var text = Scalars(text)
            text.replace("s '", "s'")
            // Megatron's rule for quoted digits has its slashes inside the pattern, so it only ever meets this text.
            for digit in "0123456789" { text.replace("/' \(digit)/", "/'[0-9]/") }
            for (mark, joined) in [(" @-@ ", "-"), (" @,@ ", ","), (" @.@ ", ".")] { text.replace(mark, joined) }
            for mark in ":;.!?," { text.replace(" \(mark) ", "\(mark) ") }
            for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("\"", "\""), ("'", "'")] as [(Unicode.Scalar, Unicode.Scalar)] {
                text.trimSpans(from: open, to: close)
            }
            for (mark, joined) in [
                ("= = = =", "===="), ("= = =", "==="), ("= =", "=="), (" \u{B0} ", "\u{B0}"), (" \n", "\n"), ("\n ", "\n"), (" N ", " 1 "),
                (" 's", "'s"),
            ] { text.replace(mark, joined) }
            return text.string
        case .ptb:
            var text = Scalars(text)
            for (mark, joined) in [
                (" '", "'"), (" \n", "\n"), ("\n ", "\n"), (" n't", "n't"), (" N ", "1 "), ("$ 1", "$1"), ("# 1", "#1"),
            ] { text.replace(mark, joined) }
            return text.string
        }
    }

    /// White space as Python's `str` methods and regular expressions see it.
    static func isWhitespace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }
}

/// A text as an array of scalars, so that replacements are linear and never look at grapheme clusters.
private struct Scalars {
    var scalars: [Unicode.Scalar]

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    var string: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// Every occurrence from left to right, none overlapping.
    mutating func replace(_ old: String, _ new: String) {
        let (old, new) = (Array(old.unicodeScalars), Array(new.unicodeScalars))
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        var index = 0
        while index < scalars.count {
            if scalars[index] == old[0], index + old.count <= scalars.count, scalars[index..<index + old.count].elementsEqual(old) {
                result += new
                index += old.count
            } else {
                result.append(scalars[index])
                index += 1
            }
        }
        scalars = result
    }

    /// From each `open` to the next `close`: white space at both inner edges is removed.
    mutating func trimSpans(from open: Unicode.Scalar, to close: Unicode.Scalar) {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        var index = 0
        while index < scalars.count {
            guard scalars[index] == open, let end = scalars[(index + 1)...].firstIndex(of: close) else {
                // Without a closing mark in the rest there is nothing left to trim.
                if scalars[index] == open {
                    result += scalars[index...]
                    break
                }
                result.append(scalars[index])
                index += 1
                continue
            }
            var inside = scalars[index + 1..<end]
            while let first = inside.first, Detokenizer.isWhitespace(first) { inside.removeFirst() }
            while let last = inside.last, Detokenizer.isWhitespace(last) { inside.removeLast() }
            result.append(open)
            result += inside
            result.append(close)
            index = end + 1
        }
        scalars = result
    }
}
