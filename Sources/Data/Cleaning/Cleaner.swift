public import Corpus
internal import Normalization

/// Applies the ``CleaningRules`` that look at one document alone to one batch after the other. Each worker has its own.
public final class Cleaner {
    private let rules: CleaningRules
    private let composition: CanonicalComposition?

    public init(_ rules: CleaningRules) {
        self.rules = rules
        composition = rules.normalForm == .nfc ? CanonicalComposition() : nil
    }

    /// Gives the documents of `batch` the form that the rules want and takes out what they leave out; says how many for which reason.
    public func clean(_ batch: DocumentBatch) -> CleaningCounts {
        var counts = CleaningCounts()
        if let composition { counts.normalized = batch.rewriteDocuments { composition.normalize($0, into: &$1) } }
        if rules.minimumCharacters > 0 || rules.maximumCharacters < Int.max {
            batch.keepDocuments { _, text in
                let characters = Self.characterCount(text)
                if characters < rules.minimumCharacters {
                    counts.tooShort += 1
                } else if characters > rules.maximumCharacters {
                    counts.tooLong += 1
                } else {
                    return true
                }
                return false
            }
        }
        return counts
    }

    /// The number of Unicode scalars of UTF-8 text: of its bytes that begin one. In text that is not UTF-8 each byte that could begin one counts.
    static func characterCount(_ text: UnsafeRawBufferPointer) -> Int {
        var continuing = 0
        for byte in text where Int8(truncatingIfNeeded: byte) < -64 { continuing &+= 1 }
        return text.count - continuing
    }
}
