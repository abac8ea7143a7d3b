internal import CByteScan

/// The byte strings of tokens by id, in one flat buffer. Immutable; any number of threads may read it.
final class TokenStrings: @unchecked Sendable {  // pointers to memory that never changes after init
    let bytes: UnsafeMutableRawPointer
    /// `count + 1` offsets into `bytes`: token `id` is `offsets[id] ..< offsets[id + 1]`.
    let offsets: UnsafeMutablePointer<UInt32>
    let count: Int
    let byteCount: Int

    /// From strings that were read in any order: entry `i` spells `ids[i]` and ends at `ends[i]` of `bytes`.
    ///
    /// Ids that no entry names get an empty string. `ids` must be distinct.
    init(_ read: borrowing ReadStrings, count: Int) {
        self.count = count
        byteCount = read.bytes.count
        bytes = .allocate(byteCount: byteCount + 16, alignment: 16)
        offsets = .allocate(capacity: count + 1)
        offsets.initialize(repeating: 0, count: count + 1)
        let total = read.ids.count
        for index in 0..<total { offsets[Int(read.ids[index]) + 1] = UInt32(read.end(index) - read.start(index)) }
        for id in 0..<count { offsets[id + 1] += offsets[id] }
        read.bytes.withUnsafeBytes { source in
            for index in 0..<total {
                let start = read.start(index)
                let length = read.end(index) - start
                if length > 0 {
                    (bytes + Int(offsets[Int(read.ids[index])])).copyMemory(from: source.baseAddress! + start, byteCount: length)
                }
            }
        }
    }

    /// A copy of a vocabulary's strings.
    init(_ vocabulary: Vocabulary) {
        count = vocabulary.count
        (byteCount, bytes, offsets) = vocabulary.withStrings { source, ends in
            let bytes = UnsafeMutableRawPointer.allocate(byteCount: source.count + 16, alignment: 16)
            if let base = source.baseAddress { bytes.copyMemory(from: base, byteCount: source.count) }
            let offsets = UnsafeMutablePointer<UInt32>.allocate(capacity: ends.count)
            for index in 0..<ends.count { (offsets + index).initialize(to: UInt32(ends[index])) }
            return (source.count, bytes, offsets)
        }
    }

    deinit {
        bytes.deallocate()
        offsets.deallocate()
    }

    subscript(id: TokenID) -> UnsafeRawBufferPointer {
        let start = Int(offsets[Int(id)])
        return UnsafeRawBufferPointer(start: bytes + start, count: Int(offsets[Int(id) + 1]) - start)
    }

    func length(_ id: TokenID) -> Int { Int(offsets[Int(id) + 1] - offsets[Int(id)]) }

    /// Says that a token's string will be asked for soon.
    @inline(__always)
    func prefetch(_ id: TokenID?) {
        if let id { slw_prefetch_read(bytes + Int(offsets[Int(id)])) }
    }

    @inline(__always)
    func equals(_ id: TokenID, _ other: UnsafeRawBufferPointer) -> Bool {
        let string = self[id]
        guard string.count == other.count, let base = other.baseAddress else { return string.isEmpty && other.isEmpty }
        return slw_same_bytes(bytes + Int(offsets[Int(id)]), base, other.count)
    }
}

/// Byte strings and their ids as a vocabulary file lists them.
struct ReadStrings: ~Copyable {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    var ids: [TokenID] = []

    func start(_ index: Int) -> Int { index == 0 ? 0 : ends[index - 1] }
    func end(_ index: Int) -> Int { ends[index] }

    /// The bytes appended since the last call spell `id`.
    mutating func close(_ id: TokenID) {
        ends.append(bytes.count)
        ids.append(id)
    }
}
