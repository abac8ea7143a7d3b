import Files
import TypedErrors

/// The content of a compressed file from one of its frames on, and where in it the frames of the next reader begin.
final class FramesSource: ByteSource {
    private let path: String
    private let compression: Compression
    private let options: CorpusOptions
    /// Where in the file the frames of the next reader begin.
    private var next: Int?
    private var source: (any ByteSource)?
    private var first: Int
    private var byteCount = 0
    /// Where in the content they begin; known when all before was read.
    private(set) var border: Int?

    /// `next` nil: reads to the end of the file.
    init(_ path: String, _ compression: Compression, from first: Int, to next: Int?, _ options: CorpusOptions) {
        (self.path, self.compression, self.first, self.next, self.options) = (path, compression, first, next, options)
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(CorpusError) -> Int {
        while true {
            if source == nil {
                let file = FileSource(try mapping(CorpusError.file, OpenFile(path)), until: next)
                try file.seek(to: first)
                source = compression.decoder(file, path: path, from: first, options)
            }
            let count = try source!.read(into: buffer)
            byteCount += count
            guard count == 0, let next else { return count }
            border = byteCount
            (source, first, self.next) = (nil, next, nil)
        }
    }
}

/// Where a file of many frames can be entered; looked up once a file.
///
/// gzip: the blocks of BGZF, each of which says how long it is. zstd: pzstd's frames, before each of which stands its length, and the seekable format, at whose
/// end there is a list. What is said there is only taken when all of it fits; other files are read by one reader.
enum FrameBorders {
    case blocks
    case lengths
    /// Where the frames begin, rising.
    case list([Int])

    /// Nil when the file at `path` does not say where its frames end.
    init?(of path: String, _ compression: Compression) throws(CorpusError) {
        let found = try mapping(CorpusError.file) { () throws(FileError) -> FrameBorders? in
            let file = try OpenFile(path)
            switch compression {
            case .gzip: return try Self.blockBytes(file, 0) == nil ? nil : .blocks
            case .zstd:
                if try Self.frameBytes(file, 0) != nil { return .lengths }
                return try Self.seekTable(file).map { .list($0) }
            case .lz4, .xz, .bzip2: return nil
            }
        }
        guard let found else { return nil }
        self = found
    }

    /// The first border at least `byteCount` bytes behind the one at `start`; nil when there is none.
    func border(in path: String, from start: Int, atLeast byteCount: Int) throws(CorpusError) -> Int? {
        try mapping(CorpusError.file) { () throws(FileError) in
            let file = try OpenFile(path)
            switch self {
            case .blocks:
                return try Self.hop(file, from: start, atLeast: byteCount) { place throws(FileError) in try Self.blockBytes(file, place) }
            case .lengths:
                return try Self.hop(file, from: start, atLeast: byteCount) { place throws(FileError) in try Self.frameBytes(file, place) }
            case .list(let places):
                let (next, overflow) = start.addingReportingOverflow(byteCount)
                var (low, high) = (0, places.count)
                while low < high {
                    let middle = (low + high) / 2
                    if !overflow, places[middle] >= next { high = middle } else { low = middle + 1 }
                }
                guard low < places.count, try Self.read(file, places[low], 4) == Self.zstdMagic else { return nil }
                return places[low]
            }
        }
    }

    /// Goes from frame to frame; nil where one does not say its length.
    private static func hop(
        _ file: borrowing OpenFile, from start: Int, atLeast byteCount: Int, _ length: (Int) throws(FileError) -> Int?
    ) throws(FileError) -> Int? {
        let size = try file.status().size
        var place = start
        while let count = try length(place), count < size - place {
            place += count
            if place - start >= byteCount { return try length(place) == nil ? nil : place }
        }
        return nil
    }

    /// The length of the block of BGZF that begins here (SAM/BAM specification, section 4.1): its only extra field says so.
    private static func blockBytes(_ file: borrowing OpenFile, _ place: Int) throws(FileError) -> Int? {
        let bytes = try read(file, place, 18)
        guard bytes.count == 18, bytes.starts(with: [0x1F, 0x8B, 8, 4]), bytes[10...15].elementsEqual([6, 0, 0x42, 0x43, 2, 0]) else {
            return nil
        }
        return Int(bytes[16]) + Int(bytes[17]) << 8 + 1
    }

    /// The length of a frame of pzstd with the skippable one before it, which holds it.
    private static func frameBytes(_ file: borrowing OpenFile, _ place: Int) throws(FileError) -> Int? {
        let bytes = try read(file, place, 16)
        guard bytes.count == 16, bytes.starts(with: [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0]),
            bytes[12...].elementsEqual(zstdMagic)
        else { return nil }
        return 12 + word(bytes, 8)
    }

    /// Where the frames of a file in zstd's seekable format begin; nil when it is not in that format, or not all of it.
    private static func seekTable(_ file: borrowing OpenFile) throws(FileError) -> [Int]? {
        let size = try file.status().size
        let footer = try read(file, max(0, size - 9), 9)
        guard footer.count == 9, footer[5...].elementsEqual([0xB1, 0xEA, 0x92, 0x8F]), footer[4] & 0x7C == 0 else { return nil }
        let (count, entryBytes) = (word(footer, 0), footer[4] & 0x80 == 0 ? 8 : 12)
        let tableBytes = count * entryBytes + 9
        guard tableBytes <= 1 << 24, tableBytes + 8 <= size else { return nil }
        let table = try read(file, size - tableBytes - 8, tableBytes + 8)
        guard table.count == tableBytes + 8, table.starts(with: [0x5E, 0x2A, 0x4D, 0x18]), word(table, 4) == tableBytes else { return nil }
        var place = 0
        let places = (0..<count).map { index in
            defer { place += word(table, 8 + index * entryBytes) }
            return place
        }
        return place == size - tableBytes - 8 ? places : nil
    }

    private static let zstdMagic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

    private static func word(_ bytes: [UInt8], _ place: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
    }

    private static func read(_ file: borrowing OpenFile, _ place: Int, _ count: Int) throws(FileError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 16)
        defer { buffer.deallocate() }
        let found = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: place)
        return Array(buffer[..<found])
    }
}
