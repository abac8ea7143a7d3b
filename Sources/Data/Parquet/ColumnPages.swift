import Decompression
import Files
import TypedErrors
internal import Tables

/// Reads the pages of one column chunk from the file, front to back. Holds one page as it is stored and one decoded.
final class ColumnPages {
    private let file: OpenFile
    let maximumBytes: Int
    private var codec = Codec.none
    /// Where the next header begins, and where the chunk ends.
    private(set) var position = 0
    private var end = 0
    /// A stretch of the file.
    private var window = PageMemory()
    private var windowStart = 0
    private var windowCount = 0
    private var decoded = PageMemory()

    enum Codec {
        case none
        case block(BlockCodec)

        init(_ number: Int) throws(TableError) {
            switch number {
            case 0: self = .none
            case 1: self = .block(.snappy)
            case 2: self = .block(.gzip)
            case 6: self = .block(.zstd)
            case 7: self = .block(.lz4Block)
            case 3: throw .refused("it is compressed with LZO, which is not read; write it with zstd or snappy")
            case 4: throw .refused("it is compressed with BROTLI, which is not read; write it with zstd or snappy")
            case 5:
                throw .refused(
                    "it is compressed with LZ4 in the old form of Hadoop, which is not read; write it with LZ4_RAW, zstd or snappy")
            default: throw .damaged("its compression \(number) is unknown")
            }
        }
    }

    /// `maximumBytes`: a larger page is refused before memory is taken for it.
    init(_ file: consuming OpenFile, maximumBytes: Int) {
        self.file = file
        self.maximumBytes = maximumBytes
    }

    /// Reads at any place, for the footer.
    func read(into buffer: UnsafeMutableRawBufferPointer, at byteOffset: Int) throws(TableError) {
        let count = try mapping(TableError.file, file.read(into: buffer, at: byteOffset))
        guard count == buffer.count else { throw .damaged("the file has become shorter while it was read") }
    }

    func byteCount() throws(TableError) -> Int {
        try mapping(TableError.file, file.status().size)
    }

    /// Goes to a chunk, which lies inside the file.
    func enter(_ range: Range<Int>, _ codec: Codec) {
        (position, end, self.codec) = (range.lowerBound, range.upperBound, codec)
    }

    /// The header of the next page, whose body comes next; nil at the end of the chunk.
    func nextHeader() throws(TableError) -> PageHeader? {
        guard position < end else { return nil }
        // Headers are short, but may hold the least and greatest value.
        var count = min(end - position, 1 << 12)
        while true {
            let bytes = try hold(position, count)
            var reader = ThriftReader(bytes)
            do throws(TableError) {
                let header = try PageHeader(&reader)
                position += reader.place
                guard header.storedBytes <= end - position else {
                    throw TableError.damaged("a page of \(header.storedBytes) bytes reaches beyond the column chunk")
                }
                return header
            } catch {
                guard count < min(end - position, 1 << 24) else { throw error }
                count = min(end - position, count << 6)
            }
        }
    }

    /// Passes over the body.
    func pass(_ header: PageHeader) { position += header.storedBytes }

    /// The body as it is stored, its checksum compared. Valid until the next call of anything here.
    func body(_ header: PageHeader) throws(TableError) -> UnsafeRawBufferPointer {
        guard max(header.storedBytes, header.decodedBytes) <= maximumBytes else {
            throw .refused(
                "a page of \(max(header.storedBytes, header.decodedBytes)) bytes is larger than the limit of \(maximumBytes), four times that of a document"
            )
        }
        let bytes = try hold(position, header.storedBytes)
        position += header.storedBytes
        if let checksum = header.checksum, checksum != CRC32.of(bytes) { throw .damaged("a page does not match its checksum") }
        return bytes
    }

    /// `bytes` decoded to exactly `count`, valid until the next call.
    func decode(_ bytes: UnsafeRawBufferPointer, to count: Int, isCompressed: Bool) throws(TableError) -> UnsafeRawBufferPointer {
        guard isCompressed, case .block(let block) = codec else {
            guard bytes.count == count else { throw .damaged("a page of \(bytes.count) bytes says it has \(count)") }
            return bytes
        }
        // Nothing may be stored as a compressed nothing or as no bytes at all.
        if count == 0 && bytes.isEmpty { return bytes }
        decoded.reserve(count)
        let output = UnsafeMutableRawBufferPointer(start: decoded.start, count: count)
        do throws(DecompressionError) { try block.decode(bytes, into: output) } catch { throw .damaged(error.reason) }
        return UnsafeRawBufferPointer(output)
    }

    /// Puts what ``decode(_:to:isCompressed:)`` has just given into `memory`, where it stays: without copying it, where it was decoded.
    func keep(_ page: UnsafeRawBufferPointer, in memory: inout PageMemory) {
        if page.baseAddress == UnsafeRawPointer(decoded.start) { return swap(&decoded, &memory) }
        memory.reserve(page.count)
        UnsafeMutableRawBufferPointer(start: memory.start, count: page.count).copyMemory(from: page)
    }

    /// `count` bytes of the file from `offset` on, inside the chunk; more of it are read along.
    private func hold(_ offset: Int, _ count: Int) throws(TableError) -> UnsafeRawBufferPointer {
        let held = offset >= windowStart && offset <= windowStart + windowCount ? windowStart + windowCount - offset : 0
        if held < count {
            let wanted = min(max(count, 1 << 18), end - offset)
            // What is held stays where it is, when there is room behind it.
            if held == 0 || offset - windowStart > window.count - wanted {
                window.reserve(wanted, moving: offset - windowStart..<offset - windowStart + held)
                windowStart = offset
            }
            windowCount = offset - windowStart + held
            try read(
                into: UnsafeMutableRawBufferPointer(start: window.start + windowCount, count: wanted - held), at: offset + held)
            windowCount += wanted - held
        }
        return UnsafeRawBufferPointer(start: window.start + (offset - windowStart), count: count)
    }
}
