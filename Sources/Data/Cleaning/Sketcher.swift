public import Corpus

/// Makes sketches: the few words that stand for a document when it is compared with others. Each worker has its own.
public final class Sketcher {
    private let minHash: MinHash?

    public init(_ rule: DuplicateRule) { minHash = rule == .near ? MinHash() : nil }

    /// Replaces the content of `sketches` by those of the documents of `batch`, ``DuplicateRule/sketchWords`` each.
    public func sketch(_ batch: DocumentBatch, into sketches: inout [UInt64]) {
        sketches.removeAll(keepingCapacity: true)
        for index in 0..<batch.documentCount {
            if let minHash {
                minHash.appendSignature(of: batch.document(index), to: &sketches)
            } else {
                let hash = ContentHash(batch.document(index))
                sketches.append(hash.low)
                sketches.append(hash.high)
            }
        }
    }
}
