/// Quantities as people read them. Decimals: ``QuantityText/fixed(_:_:)`` and its neighbours.
public enum QuantityText {
    /// All digits, in groups of three: `1,234,567`.
    public static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// Three significant digits, without zeros that say nothing, and a letter for the power of ten: `873`, `45.1K`, `1M`, `157B`.
    public static func compact(_ value: Double) -> String { scaled(value, [("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)]) }

    /// Likewise in bytes, powers of ten: `1.2 GB`.
    public static func bytes(_ value: Double) -> String {
        scaled(value, [(" TB", 1e12), (" GB", 1e9), (" MB", 1e6), (" KB", 1e3), (" B", 1)])
    }

    /// `12.3%`
    public static func percent(_ share: Double) -> String { share.isFinite ? fixed(share * 100, 1) + "%" : "-" }

    /// `350ms`, `4.2s`, `42s`, `4m 10s`, `3h 05m`, `2d 04h`
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e10 else { return "-" }
        if seconds < 0.9995 { return fixed(max(0, seconds) * 1000, 0) + "ms" }
        if seconds < 9.95 { return fixed(seconds, 1) + "s" }
        let whole = Int(seconds.rounded())
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return "\(whole / 60)m \(two(whole % 60))s"
        case ..<86400: return "\(whole / 3600)h \(two(whole / 60 % 60))m"
        default: return "\(whole / 86400)d \(two(whole / 3600 % 24))h"
        }
    }

    /// `text` filled with blanks on the left to `width`.
    public static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    private static func scaled(_ value: Double, _ units: [(name: String, size: Double)]) -> String {
        guard value.isFinite else { return "-" }
        // What would be printed as 1000 of a unit is 1 of the next.
        let unit = units.first { abs(value) >= $0.size * 0.9995 } ?? (units.last!.size == 1 ? units.last! : ("", 1))
        let number = value / unit.size
        return (abs(number) >= 99.95 || unit.size == 1 && number == number.rounded() ? fixed(number, 0) : significant(number, 3))
            + unit.name
    }
}
