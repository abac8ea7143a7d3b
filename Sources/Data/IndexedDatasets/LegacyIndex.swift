import Files
import TypedErrors
import Quantities

/// The `.idx` of Megatron's old "lazy" and "cached" data sets (fairseq's TNTIDX), mapped.
///
/// Little-endian: `TNTIDX\0\0` · uint64 version 1 · uint64 type · uint64 bytes of a token · uint64 L items · uint64 N sizes · uint64 D document
/// entries · int64[L+1] places in the sizes · int64[L+1] places in the data, in tokens · int64[N] sizes · int64[D] documents.
struct LegacyIndex: Sendable {
    private static let headerByteCount = 56

    let map: MappedFile
    let tokenType: TokenType
    let sequenceCount: Int
    private let documentEntryCount: Int
    private let sizesOffset: Int
    let tokenCount: Int

    var documentCount: Int { documentEntryCount - 1 }

    /// Maps and checks the file at `path`, every entry of it.
    init(path: String) throws(IndexError) {
        let map = try mapping(IndexError.file, MappedFile(path: path))
        let start = unsafe map.withBytes { unsafe Array($0.prefix(8)) }
        guard map.count >= Self.headerByteCount, start == IndexFile.legacyMagic else { throw .notAnIndex(path: path) }
        let fields = (0..<6).map { map.load(at: 8 + 8 * $0, as: UInt64.self) }
        guard fields[0] == 1 else { throw .unsupportedVersion(path: path, version: fields[0]) }
        // 6 and 7 are both float64 and float32 of varying width there; tokens are never floats.
        guard let code = UInt8(exactly: fields[1]), let type = TokenType(megatronCode: code) else {
            throw .unknownTokenType(path: path, code: UInt8(truncatingIfNeeded: fields[1]))
        }
        guard type.isInteger else { throw .notTokens(path: path, type: type) }
        guard fields[2] == UInt64(type.itemSize) else {
            throw .invalidTokenFile(path: path, byteOffset: 24, reason: "\(fields[2]) bytes a token do not fit \(type.rawValue)")
        }
        let limit = UInt64(map.count)
        guard fields[3] < limit, fields[4] < limit, fields[5] < limit, fields[5] > 0, fields[4] == fields[3] else {
            throw .invalidTokenFile(path: path, byteOffset: 32, reason: "its counts do not fit a text data set of this size")
        }
        let (items, documents) = (Int(fields[3]), Int(fields[5]))
        let expected = Self.headerByteCount + 16 * (items + 1) + 8 * items + 8 * documents
        guard expected == map.count else { throw .indexSizeMismatch(path: path, expected: expected, found: map.count) }
        self.map = map
        tokenType = type
        sequenceCount = items
        documentEntryCount = documents
        sizesOffset = Self.headerByteCount + 16 * (items + 1)
        tokenCount = try Self.check(map, items, documents)
    }

    func length(ofSequence sequence: Int) -> Int { map.load(at: sizesOffset + 8 * sequence, as: Int.self) }

    func sequences(ofDocument document: Int) -> Range<Int> {
        let start = sizesOffset + 8 * (sequenceCount + document)
        return map.load(at: start, as: Int.self)..<map.load(at: start + 8, as: Int.self)
    }

    /// One dimension an item, data without gaps, documents in order. Returns the number of tokens.
    private static func check(_ map: MappedFile, _ items: Int, _ documents: Int) throws(IndexError) -> Int {
        func word(_ place: Int) -> (byteOffset: Int, value: Int) {
            (headerByteCount + 8 * place, map.load(at: headerByteCount + 8 * place, as: Int.self))
        }
        var tokens = 0
        for item in 0...items {
            let (dimension, data) = (word(item), word(items + 1 + item))
            guard dimension.value == item else {
                throw .invalidTokenFile(
                    path: map.path, byteOffset: dimension.byteOffset, reason: "item \(item) has not one dimension; this is no text")
            }
            guard data.value == tokens else {
                throw .pointerMismatch(path: map.path, sequence: item, byteOffset: data.byteOffset, expected: tokens, found: data.value)
            }
            guard item < items else { break }
            let size = word(2 * (items + 1) + item)
            guard size.value >= 0, size.value <= Int(Int32.max) else {
                throw .negativeLength(path: map.path, sequence: item, byteOffset: size.byteOffset, found: size.value)
            }
            tokens += size.value
        }
        var previous = 0
        for entry in 0..<documents {
            let found = word(2 * (items + 1) + items + entry)
            let isEnd = entry == 0 ? found.value == 0 : entry < documents - 1 || found.value == items
            guard found.value >= previous, found.value <= items, isEnd else {
                throw .documentOutOfOrder(path: map.path, entry: entry, byteOffset: found.byteOffset, found: found.value)
            }
            previous = found.value
        }
        return tokens
    }
}
