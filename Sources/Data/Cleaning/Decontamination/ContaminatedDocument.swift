/// A document in which passages of tasks were found.
public struct ContaminatedDocument: Sendable {
    /// Counted from 0 within the chunk.
    public let line: Int
    public let verdict: DecontaminationVerdict
    /// Numbers in the ``TaskPassages`` that were looked for, each with its first character in the lower-cased text; in the order found.
    public let passages: [(number: Int, character: Int)]
    /// What the cuts leave, in bytes of the document; nothing of it is kept when there are too many.
    public let pieces: [Range<Int>]
}

/// Counts in how many documents each passage is: those in many are common phrases. One thread at a time uses one.
public final class PassageCounter {
    private let decontaminator: Decontaminator
    /// For each passage, by its number.
    public private(set) var counts: [Int]

    public init(_ passages: TaskPassages) {
        decontaminator = Decontaminator(passages)
        counts = Array(repeating: 0, count: passages.count)
    }

    public func count(_ document: UnsafeRawBufferPointer) { decontaminator.passages(in: document) { counts[$0] += 1 } }
}
