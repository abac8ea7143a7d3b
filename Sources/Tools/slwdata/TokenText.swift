import CommandKit
import Files
import Tokenization

/// Token ids as they come and go through pipes.
enum TokenText {
    static let formats = ["text", "u16le", "u32le"]

    /// `text` ends with a line end; the others are the numbers alone.
    static func bytes(_ ids: [TokenID], format: String) -> [UInt8] {
        var bytes: [UInt8] = []
        switch format {
        case "u16le":
            bytes.reserveCapacity(ids.count * 2)
            for id in ids { bytes += [UInt8(truncatingIfNeeded: id), UInt8(truncatingIfNeeded: id >> 8)] }
        case "u32le":
            bytes.reserveCapacity(ids.count * 4)
            for id in ids { for shift in [0, 8, 16, 24] as [TokenID] { bytes.append(UInt8(truncatingIfNeeded: id >> shift)) } }
        default:
            for id in ids {
                if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
                bytes += String(id).utf8
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    static func ids(_ bytes: [UInt8], format: String) throws(CommandEnd) -> [TokenID] {
        let width = format == "u16le" ? 2 : format == "u32le" ? 4 : 0
        if width == 0 { return try ids(text: bytes) }
        guard bytes.count % width == 0 else {
            throw .failed("standard input: \(bytes.count) bytes are no whole number of \(format) ids; was another --format meant?")
        }
        return stride(from: 0, to: bytes.count, by: width).map { start in
            (0..<width).reduce(0) { $0 | TokenID(bytes[start + $1]) << TokenID(8 * $1) }
        }
    }

    private static func ids(text bytes: [UInt8]) throws(CommandEnd) -> [TokenID] {
        var ids: [TokenID] = []
        var value: UInt64?
        for (offset, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let next = (value ?? 0) * 10 + UInt64(byte - UInt8(ascii: "0"))
                guard next <= UInt64(TokenID.max) else {
                    throw .failed("standard input, byte \(offset + 1): a number too large for a token id")
                }
                value = next
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                if let id = value { ids.append(TokenID(id)) }
                value = nil
            default: throw .failed("standard input, byte \(offset + 1): not a token id; ids are numbers separated by blanks")
            }
        }
        if let id = value { ids.append(TokenID(id)) }
        return ids
    }
}

/// All of standard input.
enum StandardInput {
    /// More is work for `preprocess`.
    static let limit = 1 << 30

    static func read() throws -> [UInt8] {
        let file = OpenFile.standardInput()
        var bytes: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
        defer { unsafe buffer.deallocate() }
        while true {
            let count = try unsafe file.read(into: buffer)
            if count == 0 { return bytes }
            unsafe bytes += buffer[..<count]
            if bytes.count > limit {
                throw CommandEnd.failed("standard input: more than \(limit) bytes: use slwdata preprocess for corpora")
            }
        }
    }
}
