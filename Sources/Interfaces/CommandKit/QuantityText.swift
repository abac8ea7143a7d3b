#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Quantities as people read them.
public enum QuantityText {
    /// All digits, in groups of three: `1,234,567`.
    public static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return value < 0 ? "-" + text : text
    }

    /// Three significant digits and a letter for the power of ten: `45.1K`, `157B`.
    public static func compact(_ value: Double) -> String {
        scaled(value, [("T", 1e12), ("B", 1e9), ("M", 1e6), ("K", 1e3)], separator: "")
    }

    /// `1.2 GB`, powers of ten.
    public static func bytes(_ value: Double) -> String {
        scaled(value, [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("KB", 1e3), ("B", 1)], separator: " ")
    }

    /// A fixed number of decimals: `3.14`.
    public static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
        let scale = pow(10, Double(decimals))
        let rounded = (abs(value) * scale).rounded()
        guard rounded < 1e15 else { return "\(value)" }
        let whole = Int(rounded)
        let sign = value < 0 && whole > 0 ? "-" : ""
        if decimals == 0 { return sign + String(whole) }
        let fraction = String(whole % Int(scale))
        return sign + String(whole / Int(scale)) + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }

    /// `12.3%`
    public static func percent(_ share: Double) -> String { share.isFinite ? fixed(share * 100, 1) + "%" : "-" }

    /// `350ms`, `4.2s`, `4m 10s`, `3h 05m`, `2d 4h`
    public static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "-" }
        if seconds < 0.9995 { return fixed(max(0, seconds) * 1000, 0) + "ms" }
        if seconds < 9.95 { return fixed(seconds, 1) + "s" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole)s" }
        if whole < 3600 { return "\(whole / 60)m \(two(whole % 60))s" }
        if whole < 86400 { return "\(whole / 3600)h \(two(whole % 3600 / 60))m" }
        return "\(whole / 86400)d \(whole % 86400 / 3600)h"
    }

    private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private static func scaled(_ value: Double, _ units: [(String, Double)], separator: String) -> String {
        guard value.isFinite else { return "-" }
        let size = abs(value)
        for (index, (name, unit)) in units.enumerated() where size >= unit * 0.9995 || index == units.count - 1 && unit == 1 {
            let scaled = size / unit
            let decimals = unit == 1 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2
            return (value < 0 ? "-" : "") + fixed(scaled, decimals) + separator + name
        }
        return (value < 0 ? "-" : "") + fixed(size, size == size.rounded() || size >= 99.95 ? 0 : 2)
    }
}
