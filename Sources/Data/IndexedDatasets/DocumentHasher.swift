import Hashing

/// Makes the hash of a document whose tokens come in pieces.
struct DocumentHasher {
    private var low = XXHash64(seed: 0)
    private var high = XXHash64(seed: 0x736C_7764_6174_6121)

    mutating func update(_ tokens: UnsafeBufferPointer<Int32>) {
        let bytes = UnsafeRawBufferPointer(tokens)
        unsafe low.update(bytes)
        unsafe high.update(bytes)
    }

    func finish() -> (low: UInt64, high: UInt64) { (low.finish(), high.finish()) }
}
