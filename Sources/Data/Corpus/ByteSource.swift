import Files
import TypedErrors

/// A stream of bytes that is read once, from its start to its end.
protocol ByteSource: AnyObject {
    /// Reads up to the buffer's size; 0 at the end only.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int
}

/// A file or standard input as it is.
final class FileSource: ByteSource {
    private let file: OpenFile
    private let end: Int
    private var place = 0

    /// `end`: nothing is read from this byte on.
    init(_ file: consuming OpenFile, until end: Int? = nil) {
        self.file = file
        self.end = end ?? .max
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        let space = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, end - place)])
        let count = try mapping(CorpusError.file, file.read(into: space))
        place += count
        return count
    }

    func seek(to byteOffset: Int) throws(CorpusError) {
        try mapping(CorpusError.file, file.seek(to: byteOffset))
        place = byteOffset
    }
}

/// A stream whose first bytes can be looked at before they are read.
final class PeekedSource: ByteSource {
    private let upstream: any ByteSource
    private var start: [UInt8] = []
    private var taken = 0
    /// The error that came while looking ahead: thrown when the bytes before it were read.
    private var failure: CorpusError?

    init(_ upstream: any ByteSource) { self.upstream = upstream }

    /// The first bytes of what is left: `count` of them, or fewer when there are no more.
    func peek(_ count: Int) -> ArraySlice<UInt8> {
        while start.count - taken < count && failure == nil {
            let had = start.count
            start.append(contentsOf: repeatElement(0, count: count - (had - taken)))
            let read = start.withUnsafeMutableBytes { bytes -> Int in
                do throws(CorpusError) { return try upstream.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[had...])) } catch {
                    failure = error
                    return 0
                }
            }
            start.removeLast(start.count - had - read)
            if read == 0 { break }
        }
        return start[taken..<min(start.count, taken + count)]
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        guard taken < start.count else {
            if let failure { throw failure }
            return try upstream.read(into: buffer)
        }
        let count = min(buffer.count, start.count - taken)
        start.withUnsafeBytes { buffer.baseAddress!.copyMemory(from: $0.baseAddress! + taken, byteCount: count) }
        taken += count
        if taken == start.count { (start, taken) = ([], 0) }
        return count
    }
}
