/// Base64 with padding (RFC 4648, section 4), in which `.tiktoken` files spell tokens.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            held += 8
            while held >= 6 {
                held -= 6
                result.append(digits[Int(bits >> UInt32(held) & 63)])
            }
        }
        if held > 0 { result.append(digits[Int(bits << UInt32(6 - held) & 63)]) }
        while result.count % 4 != 0 { result.append(UInt8(ascii: "=")) }
        return result
    }

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The bytes for which `text` stands; nil if it is no base64 with padding.
    static func decode(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        var (bits, held, count, padding): (UInt32, UInt32, Int, Int) = (0, 0, 0, 0)
        for digit in text.utf8 {
            count += 1
            if digit == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            let value = values[Int(digit)]
            guard value != 255, padding == 0 else { return nil }
            bits = bits << 6 | UInt32(value)
            held += 6
            if held >= 8 {
                held -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> held))
            }
        }
        return count % 4 == 0 && padding <= 2 ? result : nil
    }
}
