#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension QuantityText {
    /// `decimals` digits behind the point: `1234.50`. What rounds to zero has no sign.
    public static func fixed(_ value: Double, _ decimals: Int) -> String {
        let text = printed("%.\(decimals)f", value)
        return text.hasPrefix("-") && !text.contains(where: { ("1"..."9").contains($0) || $0 == "i" }) ? String(text.dropFirst()) : text
    }

    /// `6.0000e-04`.
    public static func scientific(_ value: Double, _ decimals: Int) -> String { printed("%.\(decimals)e", value) }

    /// Up to `digits` significant digits, without trailing zeros: `0.00042`, `3.5e-07`, `12000`.
    public static func significant(_ value: Double, _ digits: Int = 4) -> String { printed("%.\(digits)g", value) }

    /// Exactly `digits` significant digits, for columns of a table.
    public static func precise(_ value: Double, _ digits: Int) -> String {
        let text = printed("%#.\(digits)g", value)
        return text.hasSuffix(".") ? String(text.dropLast()) : text
    }

    private static func printed(_ format: String, _ value: Double) -> String {
        // The sign of a NaN says nothing.
        unsafe withVaList([value.isNaN ? Double.nan : value]) { arguments in
            unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
                unsafe vsnprintf(buffer.baseAddress, buffer.count, format, arguments)
                return unsafe String(cString: buffer.baseAddress!)
            }
        }
    }
}
