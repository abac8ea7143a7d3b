public import Corpus

/// Applies the ``CleaningRules`` that look at one document alone to one batch after the other. Each worker has its own.
public struct Cleaner: Sendable {
    private let rules: CleaningRules

    public init(_ rules: CleaningRules) { self.rules = rules }

    /// Takes out of `batch` what the rules leave out; says how many documents went for which reason.
    public func clean(_ batch: DocumentBatch) -> CleaningCounts {
        var counts = CleaningCounts()
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
