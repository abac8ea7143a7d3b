/// Numbers as people write them on a command line: `512`, `4K`, `157B`, `1.5e-4`. The letters are powers of ten.
public enum NumberSpelling {
    private static let powersOfTen: [Character: Int] = ["K": 3, "M": 6, "B": 9, "G": 9, "T": 12]

    /// A whole number. `1.5K` and `2e9` are whole, `1.5` is not.
    public static func integer(_ word: String, in range: ClosedRange<Int> = 0...Int.max) throws(SpellingError) -> Int {
        guard let value = integer(word) else { throw SpellingError(expected: "a whole number (512, 4K, 157B)") }
        guard range.contains(value) else { throw SpellingError(expected: bounds(range.lowerBound, range.upperBound)) }
        return value
    }

    /// A number of bytes: the letters above, or `KiB`, `MiB`, `GiB` for powers of two.
    public static func bytes(_ word: String) throws(SpellingError) -> Int {
        for (suffix, shift) in [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)] where word.hasSuffix(suffix) {
            guard let value = integer(String(word.dropLast(3))) else { break }
            let (bytes, overflow) = value.multipliedReportingOverflow(by: 1 << shift)
            if !overflow, value >= 0 { return bytes }
        }
        let plain = word.count > 1 && word.hasSuffix("B") && powersOfTen[word.dropLast().last!] != nil ? String(word.dropLast()) : word
        guard let value = integer(plain), value >= 0 else { throw SpellingError(expected: "a number of bytes (64M, 1GiB)") }
        return value
    }

    /// A finite number.
    public static func double(
        _ word: String, in range: ClosedRange<Double> = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    ) throws(SpellingError) -> Double {
        let plain = word.allSatisfy { $0.isASCII && ($0.isNumber || "+-.eE".contains($0)) }
        guard let value = plain ? Double(word) : integer(word).map(Double.init), value.isFinite else {
            throw SpellingError(expected: "a number (0.1, 1.5e-4)")
        }
        guard range.contains(value) else { throw SpellingError(expected: bounds(range.lowerBound, range.upperBound)) }
        return value
    }

    /// The shortest spelling that is read back as the same number: `157B`, `1024`.
    public static func text(_ value: Int) -> String {
        for (letter, power) in [("T", 1_000_000_000_000), ("B", 1_000_000_000), ("M", 1_000_000), ("K", 1000)]
        where value != 0 && value % power == 0 {
            return "\(value / power)\(letter)"
        }
        return "\(value)"
    }

    /// Digits, an optional fraction, exponent and letter, in exact integer arithmetic.
    private static func integer(_ word: String) -> Int? {
        var rest = Substring(word)
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest.removeFirst() }
        var power = 0
        if let last = rest.last, let exponent = powersOfTen[Character(last.uppercased())] {
            power = exponent
            rest.removeLast()
        }
        if let mark = rest.firstIndex(where: { $0 == "e" || $0 == "E" }) {
            guard let exponent = Int(rest[rest.index(after: mark)...]), (-30...30).contains(exponent) else { return nil }
            power += exponent
            rest = rest[..<mark]
        }
        let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        var digits = parts[0].filter { $0 != "_" }
        if parts.count == 2 {
            var fraction = parts[1]
            while fraction.last == "0" { fraction.removeLast() }
            digits += fraction
            power -= fraction.count
        }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), var value = Int(digits) else { return nil }
        while power > 0 && value != 0 {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            (value, power) = (product, power - 1)
        }
        while power < 0 && value != 0 {
            if value % 10 != 0 { return nil }
            (value, power) = (value / 10, power + 1)
        }
        return isNegative ? -value : value
    }

    private static func bounds<T: Comparable & CustomStringConvertible>(_ low: T, _ high: T) -> String {
        if "\(high)" == "\(Int.max)" || "\(high)" == "\(Double.greatestFiniteMagnitude)" { return "at least \(low)" }
        return "between \(low) and \(high)"
    }
}
