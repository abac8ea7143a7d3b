import Decompression
internal import Tables

/// A buffer of a record batch: a stretch of the file that is read piece by piece, or memory when it was compressed.
final class ArrowBuffer {
    let byteCount: Int
    private let input: ArrowInput
    private let range: Range<Int>
    /// Decoded content, or the piece of the file that begins at `windowStart`.
    private var memory: UnsafeMutableRawBufferPointer?
    private var windowStart = 0
    private var windowCount = 0

    enum Compression { case lz4, zstd }

    /// `limit`: a larger compressed buffer is refused before memory is taken for it. What was taken is subtracted.
    init(_ input: ArrowInput, _ range: Range<Int>, _ compression: Compression?, limit: inout Int) throws(TableError) {
        self.input = input
        guard let compression, !range.isEmpty else {
            (self.range, byteCount) = (range, range.count)
            return
        }
        guard range.count >= 8 else { throw .damaged("a compressed buffer of \(range.count) bytes") }
        let count = try input.withBytes(range.lowerBound..<range.lowerBound + 8) {
            Int(Int64(littleEndian: $0.loadUnaligned(as: Int64.self)))
        }
        let content = range.lowerBound + 8..<range.upperBound
        if count == -1 {
            (self.range, byteCount) = (content, content.count)
            return
        }
        guard count >= 0 else { throw .damaged("a buffer of \(count) bytes") }
        guard count <= limit, content.count <= limit else {
            throw .refused(
                "compressed buffers of \(max(count, content.count)) bytes are larger than the limit, four times that of a document")
        }
        limit -= count
        (self.range, byteCount) = (0..<count, count)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 64)
        do throws(TableError) {
            try input.withBytes(content) { bytes throws(TableError) in
                let target = UnsafeMutableRawBufferPointer(start: output.baseAddress, count: count)
                let codec = compression == .zstd ? BlockCodec.zstd : .lz4Frame
                do throws(DecompressionError) { try codec.decode(bytes, into: target) } catch { throw TableError.damaged(error.reason) }
            }
        } catch {
            output.deallocate()
            throw error
        }
        (memory, windowCount) = (output, count)
    }

    deinit { memory?.deallocate() }

    /// `count` bytes from `offset` on, valid until the next call. Throws when they are not all in the buffer.
    func bytes(at offset: Int, _ count: Int) throws(TableError) -> UnsafeRawBufferPointer {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
            throw .damaged("a value reaches beyond its buffer")
        }
        if offset < windowStart || offset + count > windowStart + windowCount {
            let wanted = min(max(count, 1 << 16), byteCount - offset)
            if memory.map({ $0.count < wanted }) ?? true {
                memory?.deallocate()
                memory = .allocate(byteCount: wanted, alignment: 64)
            }
            (windowStart, windowCount) = (offset, 0)
            try input.read(into: UnsafeMutableRawBufferPointer(rebasing: memory![..<wanted]), at: range.lowerBound + offset)
            windowCount = wanted
        }
        guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: memory!.baseAddress! + (offset - windowStart), count: count)
    }

    /// The little-endian integer of `width` bytes at place `index`.
    func integer(_ index: Int, width: Int, isSigned: Bool = true) throws(TableError) -> Int {
        let (offset, overflow) = index.multipliedReportingOverflow(by: width)
        let bytes = try bytes(at: overflow ? -1 : offset, width)
        switch (width, isSigned) {
        case (1, true): return Int(bytes.loadUnaligned(as: Int8.self))
        case (1, false): return Int(bytes.loadUnaligned(as: UInt8.self))
        case (2, true): return Int(Int16(littleEndian: bytes.loadUnaligned(as: Int16.self)))
        case (2, false): return Int(UInt16(littleEndian: bytes.loadUnaligned(as: UInt16.self)))
        case (4, true): return Int(Int32(littleEndian: bytes.loadUnaligned(as: Int32.self)))
        case (4, false): return Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
        default:
            // An unsigned index above all signed ones is beyond every dictionary as well.
            return Int(Int64(littleEndian: bytes.loadUnaligned(as: Int64.self)))
        }
    }

    /// The bit at `index`, least significant first.
    func bit(_ index: Int) throws(TableError) -> Bool { try bytes(at: index >> 3, 1)[0] >> UInt8(index & 7) & 1 == 1 }
}
