import Decompression

/// Decoders by the letter of the formats, a byte at a time, that ours are compared with. Nil for damaged blocks, and for more than a megabyte.
enum PlainDecoder {
    /// An LZ4 block.
    static func lz4(_ block: [UInt8]) -> [UInt8]? {
        var (place, text): (Int, [UInt8]) = (0, [])
        func lengthened(_ length: Int) -> Int? {
            guard length == 15 else { return length }
            var length = 15
            while true {
                guard place < block.count else { return nil }
                place += 1
                length += Int(block[place - 1])
                if block[place - 1] < 255 { return length }
            }
        }
        while place < block.count {
            let token = block[place]
            place += 1
            guard let literals = lengthened(Int(token >> 4)), literals <= block.count - place else { return nil }
            text += block[place..<place + literals]
            place += literals
            if place == block.count { return text }
            guard block.count - place >= 2 else { return nil }
            let distance = Int(block[place]) | Int(block[place + 1]) << 8
            place += 2
            guard let length = lengthened(Int(token & 15)), repeats(&text, distance, length + 4) else { return nil }
        }
        return nil
    }

    /// A raw snappy stream with its length in front.
    static func snappy(_ stream: [UInt8]) -> [UInt8]? {
        guard let (size, start) = length(stream), size <= 1 << 20 else { return nil }
        var (place, text): (Int, [UInt8]) = (start, [])
        func number(_ count: Int) -> Int? {
            guard count <= stream.count - place else { return nil }
            place += count
            return stream[place - count..<place].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        while place < stream.count {
            let tag = Int(stream[place])
            place += 1
            switch tag & 3 {
            case 0:
                var literals = (tag >> 2) + 1
                if literals > 60 {
                    guard let long = number(literals - 60) else { return nil }
                    literals = long + 1
                }
                guard literals <= stream.count - place else { return nil }
                text += stream[place..<place + literals]
                place += literals
            case 1:
                guard let low = number(1), repeats(&text, (tag >> 5) << 8 | low, 4 + (tag >> 2 & 7)) else { return nil }
            default:
                guard let distance = number(tag & 3 == 2 ? 2 : 4), repeats(&text, distance, (tag >> 2) + 1) else { return nil }
            }
            guard text.count <= size else { return nil }
        }
        return text.count == size ? text : nil
    }

    /// The length in front of a snappy stream, and where it ends.
    static func length(_ stream: [UInt8]) -> (Int, Int)? {
        var value = 0
        for place in 0..<min(5, stream.count) {
            value |= Int(stream[place] & 0x7F) << (7 * place)
            if stream[place] < 0x80 { return (value, place + 1) }
        }
        return nil
    }

    private static func repeats(_ text: inout [UInt8], _ distance: Int, _ length: Int) -> Bool {
        guard distance > 0, distance <= text.count, text.count + length <= 1 << 21 else { return false }
        for _ in 0..<length { text.append(text[text.count - distance]) }
        return true
    }
}

extension BlockCodec {
    /// Decodes in buffers of exactly these sizes; nil for damage.
    func decoded(_ bytes: [UInt8], size: Int) -> [UInt8]? {
        guard !bytes.isEmpty else { return nil }
        let input = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, 1), alignment: 1)
        defer {
            input.deallocate()
            output.deallocate()
        }
        input.copyBytes(from: bytes)
        do throws(DecompressionError) {
            try decode(UnsafeRawBufferPointer(input), into: UnsafeMutableRawBufferPointer(start: output.baseAddress, count: size))
        } catch { return nil }
        return Array(output[..<size])
    }
}

/// Decodes gzip in pieces, until it is damaged: what came so far, at most a megabyte, and whether it is whole.
func streamed(_ bytes: [UInt8], piece: Int) -> (text: [UInt8], isWhole: Bool) {
    let decoder = GzipDecoder()
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: piece) {
        let part = Array(bytes[start..<min(start + piece, bytes.count)])
        let isSound = part.withUnsafeBytes { part in
            var range = 0..<part.count
            while text.count <= 1 << 20 {
                guard let output = try? decoder.decode(part, &range) else { return false }
                if output.isEmpty { return true }
                text += output
            }
            return false
        }
        guard isSound else { return (text, false) }
    }
    return (text, decoder.isBetweenMembers)
}
