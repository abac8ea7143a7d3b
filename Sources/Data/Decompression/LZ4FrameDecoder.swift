import CDecompression
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Decodes LZ4 frames that come in pieces: any number of them, skippable ones among them, blocks linked or not. All checksums are checked.
/// Memory is that of a block (at most 4 MiB), its compressed form and the window.
public final class LZ4FrameDecoder {
    private enum Stage { case magic, descriptor, blockSize, block, contentSum, skipSize, skip }

    private var stage = Stage.magic
    /// The bytes of the current element, gathered until it is whole.
    private var held: [UInt8] = []
    private var needed = 4
    private var skipLeft = 0
    private var blockIsStored = false
    private var hasBlockSums = false, hasContentSum = false, isLinked = false
    private var contentSize: UInt64?
    private var blockBytes = 0
    private var total: UInt64 = 0
    private var sum = xxh32_state()
    private var window: [UInt8] = []
    /// Decoded bytes of the frame that lie in `window`, at most ``windowBytes`` before the block.
    private var windowEnd = 0
    private static let windowBytes = 1 << 16

    public init() {}

    /// Whether the stream may end here.
    public var isBetweenFrames: Bool { stage == .magic && held.isEmpty }

    /// Decodes the bytes at `range` of `input`, which shrinks to what is left, until there is a piece of output. Returns it, valid until the next
    /// call; it is empty only when all input was used.
    public func decode(_ input: UnsafeRawBufferPointer, _ range: inout Range<Int>) throws(DecompressionError) -> UnsafeRawBufferPointer {
        while !range.isEmpty || needed == 0 {
            if stage == .skip {
                let count = min(skipLeft, range.count)
                skipLeft -= count
                range = range.lowerBound + count..<range.upperBound
                if skipLeft == 0 { expect(.magic, 4) }
                continue
            }
            let count = min(needed - held.count, range.count)
            held.append(contentsOf: input[range.lowerBound..<range.lowerBound + count])
            range = range.lowerBound + count..<range.upperBound
            guard held.count == needed else { break }
            if let piece = try take() { return piece }
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    private func expect(_ next: Stage, _ count: Int) {
        (stage, needed) = (next, count)
        held.removeAll(keepingCapacity: true)
    }

    private func word(at place: Int = 0) -> UInt32 {
        held.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt32.self)) }
    }

    /// An element is whole.
    private func take() throws(DecompressionError) -> UnsafeRawBufferPointer? {
        switch stage {
        case .magic:
            switch word() {
            case 0x184D_2204: expect(.descriptor, 3)
            case 0x184D_2A50...0x184D_2A5F: expect(.skipSize, 4)
            case 0x184C_2102: throw DecompressionError("this is lz4's legacy frame; recompress it with a newer lz4 (lz4 -dc F | lz4)")
            default: throw DecompressionError("these bytes begin no lz4 frame")
            }
        case .skipSize:
            skipLeft = Int(word())
            expect(skipLeft == 0 ? .magic : .skip, skipLeft == 0 ? 4 : 1)
        case .descriptor: try takeDescriptor()
        case .blockSize:
            let size = word()
            guard size != 0 else {
                try endFrame()
                return nil
            }
            blockIsStored = size >> 31 == 1
            let count = Int(size & 0x7FFF_FFFF)
            guard count > 0, count <= blockBytes else {
                throw DecompressionError("an lz4 block of \(count) bytes in a frame of blocks of \(blockBytes)")
            }
            expect(.block, count + (hasBlockSums ? 4 : 0))
        case .block: return try takeBlock()
        case .contentSum:
            guard word() == xxh32_digest(&sum) else { throw DecompressionError("the content does not match lz4's checksum") }
            expect(.magic, 4)
        case .skip: break
        }
        return nil
    }

    private func takeDescriptor() throws(DecompressionError) {
        let flags = held[0]
        guard flags >> 6 == 1 else { throw DecompressionError("version \(flags >> 6) of the lz4 frame format is unknown") }
        guard flags & 2 == 0, held[1] & 0x8F == 0, held[1] >> 4 >= 4 else {
            throw DecompressionError("reserved bits of the lz4 header are set")
        }
        guard flags & 1 == 0 else { throw DecompressionError("it was compressed with a dictionary; decompress it with that first") }
        let whole = flags & 8 == 0 ? 3 : 11
        guard held.count == whole else {
            needed = whole
            return
        }
        let check = held.withUnsafeBufferPointer { bytes in
            var state = xxh32_state()
            xxh32_begin(&state)
            xxh32_add(&state, bytes.baseAddress, bytes.count - 1)
            return UInt8(truncatingIfNeeded: xxh32_digest(&state) >> 8)
        }
        guard held.last == check else { throw DecompressionError("the lz4 header does not match its checksum") }
        (isLinked, hasBlockSums, hasContentSum) = (flags & 32 == 0, flags & 16 != 0, flags & 4 != 0)
        contentSize = whole == 11 ? UInt64(word(at: 2)) | UInt64(word(at: 6)) << 32 : nil
        blockBytes = 1 << (8 + 2 * Int(held[1] >> 4))
        (total, windowEnd) = (0, 0)
        xxh32_begin(&sum)
        expect(.blockSize, 4)
    }

    private func takeBlock() throws(DecompressionError) -> UnsafeRawBufferPointer? {
        let count = held.count - (hasBlockSums ? 4 : 0)
        if hasBlockSums {
            let check = held.withUnsafeBufferPointer { bytes in
                var state = xxh32_state()
                xxh32_begin(&state)
                xxh32_add(&state, bytes.baseAddress, count)
                return xxh32_digest(&state)
            }
            guard check == word(at: count) else { throw DecompressionError("an lz4 block does not match its checksum") }
        }
        let capacity = Self.windowBytes + blockBytes
        if window.count < capacity { window.append(contentsOf: repeatElement(0, count: capacity - window.count)) }
        let kept = isLinked ? min(windowEnd, Self.windowBytes) : 0
        let decoded: Int = window.withUnsafeMutableBufferPointer { window in
            let base = window.baseAddress!
            if kept > 0, windowEnd > kept { memmove(base, base + windowEnd - kept, kept) }
            return held.withUnsafeBufferPointer { block in
                guard !blockIsStored else {
                    memcpy(base + kept, block.baseAddress!, count)
                    return count
                }
                return lz4_decode_block(block.baseAddress, count, base, base + kept, blockBytes)
            }
        }
        guard decoded >= 0 else { throw DecompressionError("an lz4 block is damaged") }
        total += UInt64(decoded)
        if let contentSize, total > contentSize {
            throw DecompressionError("the lz4 frame gives more than the \(contentSize) bytes it announces")
        }
        windowEnd = kept + decoded
        expect(.blockSize, 4)
        guard decoded > 0 else { return nil }
        return window.withUnsafeBufferPointer { window in
            let piece = window.baseAddress! + kept
            if hasContentSum { xxh32_add(&sum, piece, decoded) }
            // The array is not touched before the next call.
            return UnsafeRawBufferPointer(start: piece, count: decoded)
        }
    }

    private func endFrame() throws(DecompressionError) {
        if let contentSize, total != contentSize {
            throw DecompressionError("the lz4 frame gives \(total) bytes and announces \(contentSize)")
        }
        if hasContentSum { expect(.contentSum, 4) } else { expect(.magic, 4) }
    }
}
