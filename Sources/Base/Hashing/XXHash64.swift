/// xxHash64 (Collet, specification version 0.1.1): fast, well mixed, not cryptographic. For digests, fingerprints, checksums.
public struct XXHash64: Sendable {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    private let seed: UInt64
    private var lanes: SIMD4<UInt64>
    /// Bytes that do not yet fill a stripe of 32.
    private var pending = SIMD32<UInt8>()
    private var pendingCount = 0
    private var byteCount: UInt64 = 0

    public init(seed: UInt64 = 0) {
        self.seed = seed
        lanes = SIMD4(seed &+ Self.prime1 &+ Self.prime2, seed &+ Self.prime2, seed, seed &- Self.prime1)
    }

    /// The hash of `bytes` alone.
    public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        var hash = XXHash64(seed: seed)
        unsafe hash.update(bytes)
        return hash.finish()
    }

    /// The hash of `bytes` alone.
    public static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 { unsafe bytes.withUnsafeBytes { unsafe hash($0, seed: seed) } }

    /// Appends bytes. The result depends on their sequence only, not on how calls divide them.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount &+= UInt64(bytes.count)
        var index = 0
        if pendingCount > 0 {
            while pendingCount < 32 && index < bytes.count {
                pending[pendingCount] = unsafe bytes[index]
                pendingCount += 1
                index += 1
            }
            guard pendingCount == 32 else { return }
            consume(unsafe unsafeBitCast(pending, to: SIMD4<UInt64>.self))
            pendingCount = 0
        }
        // Four scalars: 64-bit products have no vector instruction on most machines, and as a vector this takes twice as long.
        var (a, b, c, d) = (lanes[0], lanes[1], lanes[2], lanes[3])
        while bytes.count - index >= 32 {
            a = Self.round(a, UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
            b = Self.round(b, UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index &+ 8, as: UInt64.self)))
            c = Self.round(c, UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index &+ 16, as: UInt64.self)))
            d = Self.round(d, UInt64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: index &+ 24, as: UInt64.self)))
            index += 32
        }
        lanes = SIMD4(a, b, c, d)
        while index < bytes.count {
            pending[pendingCount] = unsafe bytes[index]
            pendingCount += 1
            index += 1
        }
    }

    /// Appends bytes.
    public mutating func update(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe update($0) } }

    /// Appends the eight little-endian bytes of the value, whatever the integer's own width.
    public mutating func update(_ value: some FixedWidthInteger) {
        var word = UInt64(truncatingIfNeeded: value).littleEndian
        unsafe withUnsafeBytes(of: &word) { unsafe update($0) }
    }

    /// Appends the UTF-8 of the text and its length, so that neighbouring texts cannot be confused.
    public mutating func update(_ text: String) {
        let utf8 = Array(text.utf8)
        update(utf8)
        update(utf8.count)
    }

    /// The hash of everything appended so far; more may follow.
    public func finish() -> UInt64 {
        var hash: UInt64
        if byteCount >= 32 {
            hash =
                Self.rotate(lanes[0], 1) &+ Self.rotate(lanes[1], 7) &+ Self.rotate(lanes[2], 12) &+ Self.rotate(lanes[3], 18)
            for lane in 0..<4 {
                hash = (hash ^ Self.round(0, lanes[lane])) &* Self.prime1 &+ Self.prime4
            }
        } else {
            hash = seed &+ Self.prime5
        }
        hash &+= byteCount
        var index = 0
        while pendingCount - index >= 8 {
            var word: UInt64 = 0
            for byte in 0..<8 { word |= UInt64(pending[index + byte]) << UInt64(8 * byte) }
            hash = Self.rotate(hash ^ Self.round(0, word), 27) &* Self.prime1 &+ Self.prime4
            index += 8
        }
        if pendingCount - index >= 4 {
            var word: UInt64 = 0
            for byte in 0..<4 { word |= UInt64(pending[index + byte]) << UInt64(8 * byte) }
            hash = Self.rotate(hash ^ (word &* Self.prime1), 23) &* Self.prime2 &+ Self.prime3
            index += 4
        }
        while index < pendingCount {
            hash = Self.rotate(hash ^ (UInt64(pending[index]) &* Self.prime5), 11) &* Self.prime1
            index += 1
        }
        hash = (hash ^ (hash >> 33)) &* Self.prime2
        hash = (hash ^ (hash >> 29)) &* Self.prime3
        return hash ^ (hash >> 32)
    }

    private mutating func consume(_ stripe: SIMD4<UInt64>) {
        for lane in 0..<4 { lanes[lane] = Self.round(lanes[lane], UInt64(littleEndian: stripe[lane])) }
    }

    private static func round(_ accumulator: UInt64, _ input: UInt64) -> UInt64 {
        rotate(accumulator &+ input &* prime2, 31) &* prime1
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { (value << count) | (value >> (64 - count)) }
}
