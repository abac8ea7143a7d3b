import Hashing

/// File names are bytes to the kernel and `String` to us. Names that are not UTF-8 survive the way there and
/// back: each foreign byte `b` is held as the scalar U+10FF00 + b (a private-use code point), and a
/// name that really contains such a scalar has its bytes escaped in the same way, so the mapping loses nothing.
public enum PathName {
    /// The string that stands for the bytes of a name as the kernel gave them.
    public static func string(fromSystem bytes: some Collection<UInt8>) -> String {
        let bytes = Array(bytes)
        // Nearly all names: valid, and without the lead byte that every escape begins with.
        if !bytes.contains(0xF4), let valid = String(validating: bytes, as: UTF8.self) { return valid }
        var result = String.UnicodeScalarView()
        var index = 0
        while index < bytes.count {
            let width = scalarWidth(bytes[index])
            if let width, index + width <= bytes.count,
                let scalar = String(validating: bytes[index..<index + width], as: UTF8.self)?.unicodeScalars.first,
                scalar.value < 0x10FF80
            {
                result.append(scalar)
                index += width
            } else {
                result.append(Unicode.Scalar(0x10FF00 + UInt32(bytes[index]))!)
                index += 1
            }
        }
        return String(result)
    }

    /// The bytes the kernel must see for `path`, without a terminator.
    public static func systemBytes(_ path: String) -> [UInt8] {
        var result: [UInt8] = []
        for scalar in path.unicodeScalars {
            if scalar.value >= 0x10FF80 {
                result.append(UInt8(scalar.value & 0xFF))
            } else {
                result.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
        return result
    }

    /// `path` for a message: one line whatever it holds (`\n`, `\x1B`, foreign bytes as `\xFF`).
    public static func printable(_ path: String) -> String {
        var result = ""
        for scalar in path.unicodeScalars {
            switch scalar.value {
            case 0x0A: result += "\\n"
            case 0x0D: result += "\\r"
            case 0x09: result += "\\t"
            case 0..<0x20, 0x7F..<0xA0, 0x10FF80...: result += "\\x" + Hexadecimal.text(UInt8(scalar.value & 0xFF))
            case 0x2028, 0x2029: result += "\\u\(String(scalar.value, radix: 16))"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// The arguments of this process, without its own name, as ``string(fromSystem:)`` keeps them.
    /// (`CommandLine.arguments` replaces foreign bytes by U+FFFD, and the file is then not found.)
    public static func commandLineArguments() -> [String] {
        (1..<max(1, Int(CommandLine.argc))).compactMap { index in
            guard let argument = unsafe CommandLine.unsafeArgv[index] else { return nil }
            return unsafe string(fromSystemTerminated: argument)
        }
    }

    /// As ``string(fromSystem:)`` for a NUL-terminated name.
    static func string(fromSystemTerminated name: UnsafePointer<CChar>) -> String {
        var count = 0
        while unsafe name[count] != 0 { count += 1 }
        return unsafe string(fromSystem: UnsafeBufferPointer(start: name, count: count).map { UInt8(bitPattern: $0) })
    }

    /// Calls `body` with the NUL-terminated bytes of `path`; nil when the path holds a NUL, which no file name can.
    static func withSystemPath<R>(_ path: String, _ body: (UnsafePointer<CChar>) -> R) -> R? {
        var bytes = systemBytes(path)
        guard !bytes.contains(0) else { return nil }
        bytes.append(0)
        return unsafe bytes.withUnsafeBytes { unsafe body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }

    private static func scalarWidth(_ lead: UInt8) -> Int? {
        switch lead {
        case 0..<0x80: 1
        case 0xC2..<0xE0: 2
        case 0xE0..<0xF0: 3
        case 0xF0..<0xF5: 4
        default: nil
        }
    }
}
