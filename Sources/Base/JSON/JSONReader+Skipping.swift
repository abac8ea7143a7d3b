extension JSONReader {
    /// Passes over the next value, whatever it is, checking its grammar. Needs no memory for any depth of nesting.
    public mutating func skipValue() throws(JSONError) {
        // One bit for each open bracket: 1 object, 0 array.
        var stack = InlineArray<16, UInt64>(repeating: 0)
        var open = 0
        let outside = depth
        repeat {
            // A value begins here.
            if passesNonNumbers, let word = nonNumber() {
                try passLiteral(word)
            } else {
                switch try kind() {
                case .string: _ = try passString()
                case .number: _ = try passNumber()
                case .null: try passLiteral("null")
                case .bool: try passLiteral(base[byteOffset] == UInt8(ascii: "t") ? "true" : "false")
                case .array, .object:
                    let isObject = base[byteOffset] == UInt8(ascii: "{")
                    guard outside + open < maximumDepth else { throw error("nested deeper than \(maximumDepth)") }
                    byteOffset += 1
                    let bit = UInt64(1) << UInt64(open & 63)
                    stack[open >> 6] = isObject ? stack[open >> 6] | bit : stack[open >> 6] & ~bit
                    open += 1
                    skipBlanks()
                    if byteOffset < count, base[byteOffset] == UInt8(ascii: isObject ? "}" : "]") { break }
                    if isObject { try passKey() }
                    continue
                }
            }
            // A value has ended: what follows belongs to the innermost open bracket.
            while open > 0 {
                let isObject = stack[(open - 1) >> 6] >> UInt64((open - 1) & 63) & 1 == 1
                let bracket = UInt8(ascii: isObject ? "}" : "]")
                skipBlanks()
                guard byteOffset < count else { throw error("the text ends inside an \(isObject ? "object" : "array")") }
                if base[byteOffset] == bracket {
                    byteOffset += 1
                    open -= 1
                    continue
                }
                guard base[byteOffset] == UInt8(ascii: ",") else {
                    throw error("expected ',' or '\(isObject ? "}" : "]")', found \(found)")
                }
                byteOffset += 1
                if isObject { try passKey() }
                break
            }
        } while open > 0
        endValue()
    }

    /// Passes over a key and its colon.
    private mutating func passKey() throws(JSONError) {
        skipBlanks()
        guard byteOffset < count, base[byteOffset] == UInt8(ascii: "\"") else { throw error("expected a key in quotes, found \(found)") }
        _ = try passString()
        skipBlanks()
        guard byteOffset < count, base[byteOffset] == UInt8(ascii: ":") else { throw error("expected ':' after a key, found \(found)") }
        byteOffset += 1
    }
}
