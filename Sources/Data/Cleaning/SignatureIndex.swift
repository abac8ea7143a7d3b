import CByteScan
import Hashing

/// The documents that were kept, by their MinHash signatures, and for each band a table in which those lie together that agree in it.
///
/// A document is the same as an earlier one when the two agree in all rows of a band, and in at least three quarters of all places. 224 bytes are the signature and 140 to 175
/// the entries in the tables.
final class SignatureIndex: KnownDocuments {
    /// At least so many of 112 places: an estimated similarity of 0.75.
    static let threshold = 84
    /// So many documents that agree in a band are compared and remembered there. Pages of one template, alike but not the same, would otherwise each
    /// be compared with all others.
    static let bandLimit = 16
    private static let chunkDocuments = 4096

    private(set) var count = 0
    private var byteCount = 0
    private var chunks: [UnsafeMutablePointer<UInt64>] = []
    private var tables: [BandTable]

    init() {
        tables = (0..<MinHash.bands).map { _ in BandTable() }
        byteCount = tables.reduce(0) { $0 + $1.byteCount }
    }

    deinit { for chunk in chunks { chunk.deallocate() } }

    func insert(_ sketch: UnsafePointer<UInt64>, memoryLimit: Int) -> Bool? {
        guard makeRoom(memoryLimit) else { return nil }
        for band in 0..<MinHash.bands { tables[band].prefetch(Self.tag(sketch, band)) }
        var isOpen: UInt32 = 0
        for band in 0..<MinHash.bands {
            var (place, agreeing) = (tables[band].home(of: Self.tag(sketch, band)), 0)
            while let document = tables[band].next(Self.tag(sketch, band), &place) {
                let other = signature(document)
                guard sketch[2 * band] == other[2 * band] && sketch[2 * band + 1] == other[2 * band + 1] else { continue }
                if MinHash.agreement(sketch, other) >= Self.threshold { return false }
                agreeing += 1
            }
            if agreeing < Self.bandLimit { isOpen |= 1 << UInt32(band) }
        }
        signature(count).update(from: sketch, count: MinHash.sketchWords)
        for band in 0..<MinHash.bands where isOpen >> UInt32(band) & 1 == 1 { tables[band].insert(Self.tag(sketch, band), count) }
        count += 1
        return true
    }

    /// A signature begins with the eight places of the first band, and so on: two words a band.
    private static func tag(_ sketch: UnsafePointer<UInt64>, _ band: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: SplitMix64.finalize(sketch[2 * band] ^ SplitMix64.finalize(sketch[2 * band + 1])) >> 32)
    }

    private func signature(_ document: Int) -> UnsafeMutablePointer<UInt64> {
        chunks[document / Self.chunkDocuments] + document % Self.chunkDocuments * MinHash.sketchWords
    }

    /// Makes sure that one more document can be remembered.
    private func makeRoom(_ memoryLimit: Int) -> Bool {
        if count % Self.chunkDocuments == 0 && count / Self.chunkDocuments == chunks.count {
            let bytes = 8 * MinHash.sketchWords * Self.chunkDocuments
            guard byteCount + bytes <= memoryLimit, count < BandTable.documentLimit else { return false }
            byteCount += bytes
            chunks.append(.allocate(capacity: Self.chunkDocuments * MinHash.sketchWords))
        }
        for band in 0..<MinHash.bands where tables[band].isFull {
            guard byteCount + tables[band].grownByteCount <= memoryLimit else { return false }
            byteCount -= tables[band].byteCount
            tables[band].grow()
            byteCount += tables[band].byteCount
        }
        return true
    }
}

/// Numbers of documents by 32 bits of what they have in one band: open addressing, in the order of the tags, so that growing by a quarter is one
/// pass. At most four fifths of the places are taken: 10 to 12.5 bytes an entry.
private struct BandTable {
    /// Documents that an entry can tell apart.
    static let documentLimit = Int(UInt32.max)

    /// Tag in the upper half, number of the document plus one in the lower; 0: free.
    private var entries: Entries
    private var capacity = 1024
    private var count = 0

    /// Freed with the last reference.
    private final class Entries {
        let words: UnsafeMutablePointer<UInt64>

        init(_ capacity: Int) {
            words = .allocate(capacity: capacity)
            words.initialize(repeating: 0, count: capacity)
        }

        deinit { words.deallocate() }
    }

    init() { entries = Entries(capacity) }

    var byteCount: Int { 8 * capacity }
    var grownByteCount: Int { 8 * (capacity + capacity / 4) }
    var isFull: Bool { count >= capacity / 5 * 4 }

    /// Where the search for a tag begins.
    func home(of tag: UInt32) -> Int { Int(UInt64(tag).multipliedFullWidth(by: UInt64(capacity)).low >> 32) }

    func prefetch(_ tag: UInt32) { slw_prefetch(entries.words + home(of: tag)) }

    /// The next document of that tag at or behind `place`, which moves behind it; nil when there is no other.
    func next(_ tag: UInt32, _ place: inout Int) -> Int? {
        while true {
            let entry = entries.words[place]
            if entry == 0 { return nil }
            place = place + 1 == capacity ? 0 : place + 1
            if entry >> 32 == UInt64(tag) { return Int(entry & 0xFFFF_FFFF) - 1 }
        }
    }

    mutating func insert(_ tag: UInt32, _ document: Int) {
        put(UInt64(tag) << 32 | UInt64(document + 1))
        count += 1
    }

    mutating func grow() {
        let (old, oldCapacity) = (entries, capacity)
        capacity += capacity / 4
        entries = Entries(capacity)
        for place in 0..<oldCapacity where old.words[place] != 0 { put(old.words[place]) }
    }

    private func put(_ entry: UInt64) {
        var place = home(of: UInt32(entry >> 32))
        while entries.words[place] != 0 { place = place + 1 == capacity ? 0 : place + 1 }
        entries.words[place] = entry
    }
}
