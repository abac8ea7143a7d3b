public import Corpus

/// Makes sketches: the few words that stand for a document when it is compared with others. Each worker has its own.
public struct Sketcher: Sendable {
    private let rule: DuplicateRule

    public init(_ rule: DuplicateRule) { self.rule = rule }

    /// Replaces the content of `sketches` by those of the documents of `batch`, ``DuplicateRule/sketchWords`` each.
    public func sketch(_ batch: DocumentBatch, into sketches: inout [UInt64]) {
        sketches.removeAll(keepingCapacity: true)
        for index in 0..<batch.documentCount {
            let hash = ContentHash(batch.document(index))
            sketches.append(hash.low)
            sketches.append(hash.high)
        }
    }
}
