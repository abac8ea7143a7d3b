import Hashing

/// What a ``DuplicateFilter`` remembers.
protocol KnownDocuments: AnyObject {
    /// How many documents are remembered.
    var count: Int { get }

    /// Remembers a document unless it is the same as an earlier one; says whether it is new, or nil when `memoryLimit` bytes leave no room to
    /// remember it.
    func insert(_ sketch: UnsafePointer<UInt64>, memoryLimit: Int) -> Bool?
}

/// The texts that were seen, by their hashes.
extension HashSet128: KnownDocuments {
    func insert(_ sketch: UnsafePointer<UInt64>, memoryLimit: Int) -> Bool? { insert(sketch[0], sketch[1], memoryLimit: memoryLimit) }
}
