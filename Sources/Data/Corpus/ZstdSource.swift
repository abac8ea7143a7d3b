import CZstd
import Quantities

/// Decodes Zstandard (RFC 8878): any number of frames, skippable ones among them, until the end of the stream.
///
/// A stream that ends inside a frame, garbage behind the last one, a wrong checksum, a missing dictionary and a window above the limit are
/// errors, thrown after everything before them was delivered. Zero bytes behind the last frame (tape padding) are ignored.
final class ZstdSource: ByteSource {
    private let upstream: any ByteSource
    private let path: String
    private let windowLimit: Int
    /// What `zstd --long=31` makes, and the format's last word on 64-bit machines.
    private static let largestWindowLog = 31
    private let stream: OpaquePointer
    private let input: UnsafeMutableRawBufferPointer
    /// A block for who asks for less, so that the place that an error names does not depend on how much is asked for; and what is left of it.
    private let block: UnsafeMutableRawBufferPointer
    private var held = 0..<0
    /// The part of `input` that is still to be decoded.
    private var pending = 0..<0
    /// Compressed bytes before `pending`.
    private var compressedOffset: Int
    private let start: Int
    private var isInsideFrame = false
    private var hasEnded = false

    /// `start`: where in the file `upstream` begins.
    init(_ upstream: any ByteSource, path: String, from start: Int = 0, maximumWindowLog: Int) {
        (compressedOffset, self.start) = (start, start)
        self.upstream = upstream
        self.path = path
        windowLimit = maximumWindowLog
        stream = ZSTD_createDStream()
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, Int32(maximumWindowLog))
        input = .allocate(byteCount: ZSTD_DStreamInSize(), alignment: 64)
        block = .allocate(byteCount: ZSTD_DStreamOutSize(), alignment: 64)
    }

    deinit {
        ZSTD_freeDStream(stream)
        input.deallocate()
        block.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        if held.isEmpty {
            if buffer.count >= block.count { return try decode(into: buffer) }
            held = 0..<(try decode(into: block))
        }
        let count = min(buffer.count, held.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: block[held.prefix(count)]))
        held = held.dropFirst(count)
        return count
    }

    private func decode(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        while output.pos == 0 && !hasEnded {
            if pending.isEmpty {
                let count = try upstream.read(into: input)
                pending = 0..<count
                if count == 0 {
                    // The decoder may still hold decoded bytes that did not fit the last buffer.
                    if isInsideFrame { try drain(&output) }
                    if output.pos == 0 { try end() }
                    break
                }
            }
            if !isInsideFrame && beginsPadding() { continue }
            var piece = ZSTD_inBuffer(src: input.baseAddress! + pending.lowerBound, size: pending.count, pos: 0)
            let result = ZSTD_decompressStream(stream, &output, &piece)
            if ZSTD_isError(result) != 0 { throw failure(result) }
            pending = pending.lowerBound + piece.pos..<pending.upperBound
            compressedOffset += piece.pos
            isInsideFrame = result != 0
        }
        return output.pos
    }

    private func drain(_ output: inout ZSTD_outBuffer) throws(CorpusError) {
        var nothing = ZSTD_inBuffer(src: input.baseAddress, size: 0, pos: 0)
        let result = ZSTD_decompressStream(stream, &output, &nothing)
        if ZSTD_isError(result) != 0 { throw failure(result) }
        isInsideFrame = result != 0
    }

    private func end() throws(CorpusError) {
        hasEnded = true
        if isInsideFrame {
            throw .compression(
                path: path, byteOffset: compressedOffset, reason: "the file ends inside a frame; it was cut off, fetch it again")
        }
    }

    /// Passes over zeros between frames; true when something was passed.
    private func beginsPadding() -> Bool {
        let zeros = input[pending].prefix { $0 == 0 }.count
        pending = pending.lowerBound + zeros..<pending.upperBound
        compressedOffset += zeros
        return zeros > 0
    }

    private func failure(_ result: Int) -> CorpusError {
        hasEnded = true
        let reason: OptionText
        switch ZSTD_getErrorCode(result) {
        case ZSTD_error_prefix_unknown where compressedOffset > start:
            reason = "what follows the last frame is no zstd frame; cut it off or fetch the file again"
        case ZSTD_error_frameParameter_windowTooLarge:
            let more: OptionText = windowLimit < Self.largestWindowLog ? "give it more (\(option: "zstd-window") 2GiB) or " : ""
            reason = "the frame needs a window above the limit of \((1 << windowLimit) >> 20) MiB; \(more)recompress it without --long"
        case ZSTD_error_dictionary_wrong:
            reason = "it was compressed with a dictionary; decompress it with that dictionary first (zstd -d -D)"
        case ZSTD_error_checksum_wrong: reason = "the content does not match its checksum; fetch the file again"
        default: reason = "\(String(cString: ZSTD_getErrorName(result)).lowercased()); fetch the file again"
        }
        return .compression(path: path, byteOffset: compressedOffset, reason: reason)
    }
}
