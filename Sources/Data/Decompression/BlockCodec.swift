import CDecompression
import CZstd

/// Decoding of whole blocks whose decoded size is known: the pages of Parquet and the buffers of Arrow.
public enum BlockCodec: Sendable {
    case snappy, gzip, zstd, lz4Block, lz4Frame

    /// Decodes `bytes` to exactly `output.count` bytes. Memory is that of the output, whatever the bytes claim.
    public func decode(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(DecompressionError) {
        guard bytes.count > 0, let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), let target = output.baseAddress else {
            throw DecompressionError("there are no bytes to decode")
        }
        let to = target.assumingMemoryBound(to: UInt8.self)
        switch self {
        case .snappy: try Self.snappy(source, bytes.count, to, output.count)
        case .gzip: try Self.gzip(source, bytes.count, to, output.count)
        case .zstd: try Self.zstd(bytes, output)
        case .lz4Block:
            guard lz4_decode_block(source, bytes.count, to, to, output.count) == output.count else {
                throw DecompressionError("the lz4 block is damaged or does not give the \(output.count) bytes announced")
            }
        case .lz4Frame:
            let decoder = LZ4FrameDecoder()
            var range = 0..<bytes.count
            var done = 0
            while true {
                let piece = try decoder.decode(bytes, &range)
                if piece.isEmpty { break }
                guard piece.count <= output.count - done else {
                    throw DecompressionError("the lz4 frame gives more than the \(output.count) bytes announced")
                }
                (target + done).copyMemory(from: piece.baseAddress!, byteCount: piece.count)
                done += piece.count
            }
            guard decoder.isBetweenFrames, done == output.count else {
                throw DecompressionError("the lz4 frame ends early: \(done) of \(output.count) bytes")
            }
        }
    }

    private static func snappy(_ from: UnsafePointer<UInt8>, _ count: Int, _ to: UnsafeMutablePointer<UInt8>, _ size: Int)
        throws(DecompressionError)
    {
        var (length, place) = (0, 0)
        while true {
            guard place < count, place < 5 else { throw DecompressionError("the snappy data has no length") }
            length |= Int(from[place] & 0x7F) << (7 * place)
            place += 1
            if from[place - 1] < 0x80 { break }
        }
        guard length == size else { throw DecompressionError("the snappy data gives \(length) bytes, \(size) were announced") }
        guard snappy_decode(from + place, count - place, to, size) == 0 else { throw DecompressionError("the snappy data is damaged") }
    }

    private static func gzip(_ from: UnsafePointer<UInt8>, _ count: Int, _ to: UnsafeMutablePointer<UInt8>, _ size: Int)
        throws(DecompressionError)
    {
        var members = GzipMembers()
        var (input, output) = (from, to)
        let wish = try members.run(&input, from + count, base: to, &output, to + size)
        guard wish == .input, members.isBetweenMembers else {
            throw DecompressionError(
                wish == .output ? "the gzip data gives more than the \(size) bytes announced" : "the gzip data ends early")
        }
        guard output - to == size else { throw DecompressionError("the gzip data gives \(output - to) bytes, \(size) were announced") }
    }

    private static func zstd(_ bytes: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer) throws(DecompressionError) {
        let result = ZSTD_decompress(output.baseAddress, output.count, bytes.baseAddress, bytes.count)
        guard ZSTD_isError(result) == 0 else {
            throw DecompressionError("the zstd data is damaged (\(String(cString: ZSTD_getErrorName(result)).lowercased()))")
        }
        guard result == output.count else {
            throw DecompressionError("the zstd data gives \(result) bytes, \(output.count) were announced")
        }
    }
}
