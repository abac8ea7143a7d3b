import Decompression
import Quantities

/// Decodes gzip or lz4 frames in process: any number of members or frames, until the end of the stream.
///
/// A stream that ends early, bytes behind the last member that are no gzip, and a wrong checksum are errors, thrown after everything before
/// them was delivered. Zero bytes behind the last gzip member (tape padding) are ignored.
final class FrameSource: ByteSource {
    private enum Decoder {
        case gzip(GzipDecoder)
        case lz4(LZ4FrameDecoder)
    }

    private let upstream: any ByteSource
    private let path: String
    private let decoder: Decoder
    private let input: UnsafeMutableRawBufferPointer
    /// The part of `input` that is still to be decoded.
    private var pending = 0..<0
    /// Compressed bytes read so far.
    private var compressedBytes: Int
    /// Decoded and not given out yet.
    private var piece = UnsafeRawBufferPointer(start: nil, count: 0)
    private var failure: CorpusError?
    private var hasEnded = false

    /// `start`: where in the file `upstream` begins.
    init(gzip upstream: any ByteSource, path: String, from start: Int = 0) {
        (self.upstream, self.path, decoder, compressedBytes) = (upstream, path, .gzip(GzipDecoder()), start)
        input = .allocate(byteCount: 1 << 17, alignment: 64)
    }

    init(lz4 upstream: any ByteSource, path: String) {
        (self.upstream, self.path, decoder, compressedBytes) = (upstream, path, .lz4(LZ4FrameDecoder()), 0)
        input = .allocate(byteCount: 1 << 17, alignment: 64)
    }

    deinit { input.deallocate() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        while piece.isEmpty {
            if let failure { throw failure }
            if hasEnded { return 0 }
            if pending.isEmpty && !hasFailed {
                let count = try upstream.read(into: input)
                pending = 0..<count
                compressedBytes += count
                if count == 0 {
                    hasEnded = true
                    if !mayEnd { throw failed("the file ends early; it was cut off, fetch it again") }
                    return 0
                }
            }
            do throws(DecompressionError) { piece = try decode() } catch { throw failed("\(error.reason); fetch the file again") }
        }
        let count = min(buffer.count, piece.count)
        buffer.baseAddress!.copyMemory(from: piece.baseAddress!, byteCount: count)
        piece = UnsafeRawBufferPointer(rebasing: piece[count...])
        return count
    }

    /// The decoder met damage and gave what came before it.
    private var hasFailed: Bool {
        if case .gzip(let gzip) = decoder { gzip.failure != nil } else { false }
    }

    private var mayEnd: Bool {
        switch decoder {
        case .gzip(let gzip): gzip.isBetweenMembers
        case .lz4(let lz4): lz4.isBetweenFrames
        }
    }

    private func decode() throws(DecompressionError) -> UnsafeRawBufferPointer {
        switch decoder {
        case .gzip(let gzip): try gzip.decode(UnsafeRawBufferPointer(input), &pending)
        case .lz4(let lz4): try lz4.decode(UnsafeRawBufferPointer(input), &pending)
        }
    }

    private func failed(_ reason: String) -> CorpusError {
        let error = CorpusError.compression(path: path, byteOffset: compressedBytes - pending.count, reason: OptionText(reason))
        failure = error
        return error
    }
}
