public import Files
import TypedErrors

/// The `.idx` half of a pair (MMIDIDX, version 1), mapped: a header and three arrays, nothing copied.
///
/// Opening checks what is needed to load every entry safely: magic, version, type, and that the arrays of the header fill the
/// file exactly. What the entries say is checked by `checkEntries(itemSize:dataPath:dataByteCount:)`. All numbers are little-endian:
///
/// | byte | what |
/// |---|---|
/// | 0 | `MMIDIDX\0\0` |
/// | 9 | uint64 version, 1 |
/// | 17 | uint8 type |
/// | 18 | uint64 S, sequences |
/// | 26 | uint64 D, document entries |
/// | 34 | int32[S] lengths in tokens |
/// | 34 + 4S | int64[S] pointers, byte offsets in the `.bin` |
/// | 34 + 12S | int64[D] documents: first sequence of each, then S |
/// | 34 + 12S + 8D | int8[S] modes, in multimodal sets only; nothing but the file's size tells |
public struct IndexFile: Sendable {
    static let magic: [UInt8] = Array("MMIDIDX\0\0".utf8)
    static let legacyMagic: [UInt8] = Array("TNTIDX\0\0".utf8)
    static let headerByteCount = 34

    public let map: MappedFile
    /// The type's number as it stands in the header.
    public let typeCode: UInt8
    public let sequenceCount: Int
    /// Entries of the document array: documents + 1.
    public let documentEntryCount: Int
    /// Whether there is a mode for each sequence.
    public let hasModes: Bool

    /// Maps and checks the header of the file at `path`.
    public init(path: String) throws(IndexError) {
        let map = try mapping(IndexError.file, MappedFile(path: path))
        let start = unsafe map.withBytes { unsafe Array($0.prefix(Self.headerByteCount)) }
        if start.starts(with: Self.legacyMagic) { throw .legacyIndex(path: path) }
        guard start.count == Self.headerByteCount && start.starts(with: Self.magic) else { throw .notAnIndex(path: path) }
        let version = map.load(at: 9, as: UInt64.self)
        guard version == 1 else { throw .unsupportedVersion(path: path, version: version) }
        if FairseqIndex.fits(map) { throw .fairseqIndex(path: path) }
        let code = start[17]
        guard TokenType(megatronCode: code) != nil else { throw .unknownTokenType(path: path, code: code) }

        let sequences = map.load(at: 18, as: UInt64.self)
        let documents = map.load(at: 26, as: UInt64.self)
        guard let bare = Self.byteCount(sequences: sequences, documents: documents, modes: false) else {
            throw .indexSizeMismatch(path: path, expected: nil, found: map.count)
        }
        guard bare == map.count || Self.byteCount(sequences: sequences, documents: documents, modes: true) == map.count else {
            throw .indexSizeMismatch(path: path, expected: bare, found: map.count)
        }
        self.map = map
        typeCode = code
        sequenceCount = Int(sequences)
        documentEntryCount = Int(documents)
        hasModes = bare != map.count
    }

    /// The size of an index; nil when no file can be that large.
    static func byteCount(sequences: UInt64, documents: UInt64, modes: Bool) -> Int? {
        let (a, overflowA) = sequences.multipliedReportingOverflow(by: modes ? 13 : 12)
        let (b, overflowB) = documents.multipliedReportingOverflow(by: 8)
        let (sum, overflowSum) = a.addingReportingOverflow(b)
        let (total, overflowTotal) = sum.addingReportingOverflow(UInt64(headerByteCount))
        return overflowA || overflowB || overflowSum || overflowTotal ? nil : Int(exactly: total)
    }

    // MARK: where each entry is

    func lengthByteOffset(_ sequence: Int) -> Int { Self.headerByteCount + 4 * sequence }
    func pointerByteOffset(_ sequence: Int) -> Int { Self.headerByteCount + 4 * sequenceCount + 8 * sequence }
    func documentByteOffset(_ entry: Int) -> Int { Self.headerByteCount + 12 * sequenceCount + 8 * entry }
    func modeByteOffset(_ sequence: Int) -> Int { documentByteOffset(documentEntryCount) + sequence }

    // MARK: what each entry says. O(1); an index outside traps.

    /// Tokens of a sequence.
    public func length(ofSequence sequence: Int) -> Int {
        precondition(sequence >= 0 && sequence < sequenceCount, "no such sequence")
        return Int(map.load(at: lengthByteOffset(sequence), as: Int32.self))
    }

    /// First byte of a sequence in the `.bin`.
    public func pointer(ofSequence sequence: Int) -> Int {
        precondition(sequence >= 0 && sequence < sequenceCount, "no such sequence")
        return map.load(at: pointerByteOffset(sequence), as: Int.self)
    }

    /// First sequence of document `entry`; of the last entry: the number of sequences.
    public func documentEntry(_ entry: Int) -> Int {
        precondition(entry >= 0 && entry < documentEntryCount, "no such document")
        return map.load(at: documentByteOffset(entry), as: Int.self)
    }

    /// What a sequence of a multimodal set holds; nil in text sets.
    public func mode(ofSequence sequence: Int) -> Int8? {
        precondition(sequence >= 0 && sequence < sequenceCount, "no such sequence")
        return hasModes ? map.load(at: modeByteOffset(sequence), as: Int8.self) : nil
    }
}
