internal import Tables

/// A table of a flatbuffer, in which Arrow writes its messages. Each place that it names is compared with the buffer before it is read.
struct FlatTable {
    private let bytes: UnsafeRawBufferPointer
    private let position: Int
    private let vtable: Int
    private let vtableBytes: Int

    /// The root table of a buffer.
    init(root bytes: UnsafeRawBufferPointer) throws(TableError) {
        try self.init(bytes, at: Int(try Self.load(bytes, 0, UInt32.self)))
    }

    private init(_ bytes: UnsafeRawBufferPointer, at position: Int) throws(TableError) {
        self.bytes = bytes
        self.position = position
        vtable = position - Int(try Self.load(bytes, position, Int32.self))
        vtableBytes = Int(try Self.load(bytes, vtable, UInt16.self))
        guard vtableBytes >= 4, vtableBytes <= bytes.count - vtable else { throw Self.outside }
    }

    private static var outside: TableError { .damaged("a message (flatbuffer) points outside of itself") }

    private static func load<T: FixedWidthInteger & BitwiseCopyable>(_ bytes: UnsafeRawBufferPointer, _ place: Int, _: T.Type)
        throws(TableError) -> T
    {
        guard place >= 0, place <= bytes.count - MemoryLayout<T>.size else { throw outside }
        return T(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: T.self))
    }

    /// Where field `id` lies; nil when it has its default.
    private func place(_ id: Int) throws(TableError) -> Int? {
        let slot = 4 + 2 * id
        guard slot + 2 <= vtableBytes else { return nil }
        let offset = Int(try Self.load(bytes, vtable + slot, UInt16.self))
        return offset == 0 ? nil : position + offset
    }

    func integer<T: FixedWidthInteger & BitwiseCopyable>(_ id: Int, _ type: T.Type, default standard: Int = 0) throws(TableError) -> Int {
        guard let place = try place(id) else { return standard }
        return Int(truncatingIfNeeded: try Self.load(bytes, place, type))
    }

    /// The table that field `id` refers to.
    func table(_ id: Int) throws(TableError) -> FlatTable? {
        guard let place = try place(id) else { return nil }
        return try FlatTable(bytes, at: place + Int(try Self.load(bytes, place, UInt32.self)))
    }

    /// The elements of the vector in field `id`, each of `elementBytes`; empty when there is none.
    private func vector(_ id: Int, _ elementBytes: Int) throws(TableError) -> (start: Int, count: Int) {
        guard let place = try place(id) else { return (0, 0) }
        let start = place + Int(try Self.load(bytes, place, UInt32.self))
        let count = Int(try Self.load(bytes, start, UInt32.self))
        guard count <= (bytes.count - start - 4) / elementBytes else { throw Self.outside }
        return (start + 4, count)
    }

    func tables(_ id: Int) throws(TableError) -> [FlatTable] {
        let (start, count) = try vector(id, 4)
        var tables: [FlatTable] = []
        for index in 0..<count {
            let place = start + 4 * index
            tables.append(try FlatTable(bytes, at: place + Int(try Self.load(bytes, place, UInt32.self))))
        }
        return tables
    }

    /// A vector of structures that consist of `words` numbers of 8 bytes each.
    func rows(_ id: Int, words: Int) throws(TableError) -> [[Int]] {
        let (start, count) = try vector(id, 8 * words)
        var rows: [[Int]] = []
        for row in 0..<count {
            var numbers: [Int] = []
            for word in 0..<words { numbers.append(Int(try Self.load(bytes, start + 8 * (row * words + word), Int64.self))) }
            rows.append(numbers)
        }
        return rows
    }

    func string(_ id: Int) throws(TableError) -> String {
        let (start, count) = try vector(id, 1)
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]), as: UTF8.self)
    }
}
