import Files

/// The `.idx` of fairseq's `MMapIndexedDataset`, mapped: Megatron's magic and version, but no documents. Each sequence is one.
///
/// Little-endian: `MMIDIDX\0\0` · uint64 version 1 · uint8 type · uint64 S · int32[S] lengths · int64[S] places in the data, in bytes. Types are numbered
/// as Megatron's, with 9 for uint32 and 10 for uint64.
struct FairseqIndex: Sendable {
    private static let headerByteCount = 26

    let map: MappedFile
    let tokenType: TokenType
    let sequenceCount: Int
    let tokenCount: Int

    /// Whether the arrays that the header of an index with Megatron's magic promises fill the file when there are no documents.
    static func fits(_ map: MappedFile) -> Bool {
        guard map.count >= headerByteCount else { return false }
        let (bytes, overflow) = map.load(at: 18, as: UInt64.self).multipliedReportingOverflow(by: 12)
        return !overflow && bytes == UInt64(map.count - headerByteCount)
    }

    /// Maps and checks the file at `path`, every entry of it.
    init(path: String) throws(IndexError) {
        let map: MappedFile
        do throws(FileError) { map = try MappedFile(path: path) } catch { throw .file(error) }
        let start = unsafe map.withBytes { unsafe Array($0.prefix(Self.headerByteCount)) }
        guard start.count == Self.headerByteCount, start.starts(with: IndexFile.magic) else { throw .notAnIndex(path: path) }
        let version = map.load(at: 9, as: UInt64.self)
        guard version == 1 else { throw .unsupportedVersion(path: path, version: version) }
        guard let type = start[17] == 9 ? .uint32 : start[17] == 10 ? .uint64 : TokenType(megatronCode: start[17]) else {
            throw .unknownTokenType(path: path, code: start[17])
        }
        guard type.isInteger else { throw .notTokens(path: path, type: type) }
        guard Self.fits(map) else { throw .indexSizeMismatch(path: path, expected: nil, found: map.count) }
        self.map = map
        tokenType = type
        sequenceCount = (map.count - Self.headerByteCount) / 12
        var end = 0
        for sequence in 0..<sequenceCount {
            let length = Int(map.load(at: Self.headerByteCount + 4 * sequence, as: Int32.self))
            let place = Self.headerByteCount + 4 * sequenceCount + 8 * sequence
            let pointer = map.load(at: place, as: Int.self)
            guard length >= 0 else {
                throw .negativeLength(path: path, sequence: sequence, byteOffset: Self.headerByteCount + 4 * sequence, found: length)
            }
            guard pointer == end else {
                throw .pointerMismatch(path: path, sequence: sequence, byteOffset: place, expected: end, found: pointer)
            }
            // Fewer than 2^31 sequences of 2^31 tokens fit a file; more would not have been mapped.
            end += length * type.itemSize
        }
        tokenCount = end / type.itemSize
    }

    func length(ofSequence sequence: Int) -> Int { Int(map.load(at: Self.headerByteCount + 4 * sequence, as: Int32.self)) }
}
