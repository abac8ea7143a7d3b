#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Numbers as people read them.
package enum NumberText {
    /// `1234.50` with `decimals` digits behind the point.
    package static func fixed(_ value: Double, _ decimals: Int) -> String { printed("%.\(decimals)f", value) }

    /// `6.0000e-04`.
    package static func scientific(_ value: Double, _ decimals: Int) -> String { printed("%.\(decimals)e", value) }

    /// Up to `digits` significant digits, without trailing zeros: `0.00042`, `3.5e-07`, `12000`.
    package static func significant(_ value: Double, _ digits: Int = 4) -> String { printed("%.\(digits)g", value) }

    /// Exactly `digits` significant digits, for columns of a table.
    package static func precise(_ value: Double, _ digits: Int) -> String {
        let text = printed("%#.\(digits)g", value)
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    /// `157,286,400`.
    package static func count(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// `873`, `12.4K`, `157B`: three significant digits, powers of ten.
    package static func compact(_ value: Double) -> String {
        let units: [(Double, String)] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")]
        for (size, name) in units where abs(value) >= size * 0.9995 {
            return significant(value / size, 3) + name
        }
        return abs(value) >= 100 || value == value.rounded() ? fixed(value, 0) : significant(value, 3)
    }

    /// `42s`, `3m 07s`, `1h 04m`, `2d 03h`.
    package static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e10 else { return "-" }
        let whole = Int(max(0, seconds).rounded())
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        switch whole {
        case ..<60: return "\(whole)s"
        case ..<3600: return "\(whole / 60)m \(two(whole % 60))s"
        case ..<86400: return "\(whole / 3600)h \(two(whole / 60 % 60))m"
        default: return "\(whole / 86400)d \(two(whole / 3600 % 24))h"
        }
    }

    /// `text` filled with blanks on the left to `width`.
    package static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// 16 hexadecimal digits.
    package static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func printed(_ format: String, _ value: Double) -> String {
        unsafe withVaList([value]) { arguments in
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
                unsafe vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
                return unsafe String(cString: buffer.baseAddress!)
            }
        }
    }
}
