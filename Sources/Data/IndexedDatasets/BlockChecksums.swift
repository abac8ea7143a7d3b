import Files
import Hashing
import TypedErrors

/// Cuts a stream of bytes into blocks and hashes each (XXH64).
struct BlockHasher {
    /// 1 MiB: small enough to name the place of damage, large enough to cost 8 bytes in a million.
    static let standardBlockSize = 1 << 20

    let blockSize: Int
    private var hash = XXHash64()
    private var filled = 0

    init(blockSize: Int = Self.standardBlockSize) { self.blockSize = blockSize }

    /// Takes bytes; calls `emit` with the hash of each block that they complete.
    mutating func update<E: Error>(_ bytes: UnsafeRawBufferPointer, emit: (UInt64) throws(E) -> Void) throws(E) {
        var rest = unsafe bytes[...]
        while unsafe !rest.isEmpty {
            let count = unsafe min(rest.count, blockSize - filled)
            unsafe hash.update(UnsafeRawBufferPointer(rebasing: rest.prefix(count)))
            unsafe rest = rest.dropFirst(count)
            filled += count
            if filled == blockSize { try emit(take()!) }
        }
    }

    /// The hash of a last block that is not full; nil when there is none.
    mutating func take() -> UInt64? {
        guard filled > 0 else { return nil }
        defer {
            hash = XXHash64()
            filled = 0
        }
        return hash.finish()
    }

    /// Blocks of that many bytes.
    static func blockCount(_ byteCount: Int, blockSize: Int) -> Int {
        byteCount / blockSize + (byteCount % blockSize == 0 ? 0 : 1)
    }
}

/// The `.sums` side file: a hash of every block of a pair, made while the pair was written.
///
/// Little-endian: `SLWSUMS\0` · uint64 version 1 · uint64 block size · uint64 bytes of the `.bin` · uint64 bytes of the `.idx` ·
/// uint64 hash of each block of the `.bin` · of the `.idx` · uint64 hash of everything before. All hashes are XXH64, seed 0.
struct BlockChecksums: Sendable {
    static let magic: [UInt8] = Array("SLWSUMS\0".utf8)
    static let headerByteCount = 40

    static func path(_ prefix: String) -> String { prefix + ".sums" }

    let map: MappedFile
    let blockSize: Int
    let binBytes: Int
    let idxBytes: Int

    /// Maps and checks the side file of `prefix`; nil when there is none.
    init?(prefix: String) throws(IndexError) {
        let path = Self.path(prefix)
        guard FileSystem.exists(path) else { return nil }
        let map = try mapping(IndexError.file, MappedFile(path: path))
        let start = unsafe map.withBytes { unsafe Array($0.prefix(8)) }
        guard start == Self.magic, map.count >= Self.headerByteCount + 8 else {
            throw .invalidSidecar(path: path, reason: "not a list of checksums")
        }
        guard map.load(at: 8, as: UInt64.self) == 1 else { throw .invalidSidecar(path: path, reason: "its version is unknown") }
        let fields = (0..<3).map { Int(exactly: map.load(at: 16 + 8 * $0, as: UInt64.self)) ?? -1 }
        let (blockSize, binBytes, idxBytes) = (fields[0], fields[1], fields[2])
        guard blockSize >= 4096, binBytes >= 0, idxBytes >= 0,
            BlockHasher.blockCount(binBytes, blockSize: blockSize) + BlockHasher.blockCount(idxBytes, blockSize: blockSize)
                == (map.count - Self.headerByteCount) / 8 - 1, map.count % 8 == 0
        else { throw .invalidSidecar(path: path, reason: "its size does not fit what it describes") }
        let hash = unsafe map.withBytes { unsafe XXHash64.hash(UnsafeRawBufferPointer(rebasing: $0.dropLast(8))) }
        guard hash == map.load(at: map.count - 8, as: UInt64.self) else {
            throw .invalidSidecar(path: path, reason: "the list of checksums is damaged itself")
        }
        self.map = map
        self.blockSize = blockSize
        self.binBytes = binBytes
        self.idxBytes = idxBytes
    }

    /// The hash that block `block` of the `.bin` had.
    func dataHash(_ block: Int) -> UInt64 { map.load(at: Self.headerByteCount + 8 * block, as: UInt64.self) }

    /// The hash that block `block` of the `.idx` had.
    func indexHash(_ block: Int) -> UInt64 { dataHash(BlockHasher.blockCount(binBytes, blockSize: blockSize) + block) }

    /// The header of a list.
    static func header(blockSize: Int, binBytes: Int, idxBytes: Int) -> [UInt8] {
        var bytes = magic
        for field in [1, blockSize, binBytes, idxBytes] { bytes.append(littleEndian: UInt64(field)) }
        return bytes
    }
}

extension Array where Element == UInt8 {
    /// Appends the bytes of an integer, lowest first.
    mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
        for byte in 0..<MemoryLayout<Integer>.size { append(UInt8(truncatingIfNeeded: value >> Integer(8 * byte))) }
    }
}
