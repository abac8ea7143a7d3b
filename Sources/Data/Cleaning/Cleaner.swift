public import Corpus
internal import Normalization

/// Applies the ``CleaningRules`` that look at one document alone to one batch after the other. Each worker has its own.
public final class Cleaner {
    private let rules: CleaningRules
    private let composition: CanonicalComposition?
    private let decontaminator: Decontaminator?

    /// Of the passages of tasks those are cut out that the rules have, common phrases or not.
    public init(_ rules: CleaningRules) {
        self.rules = rules
        decontaminator = rules.taskPassages.map { Decontaminator($0) }
        composition = rules.normalForm == .nfc ? CanonicalComposition() : nil
    }

    /// Gives the documents of `batch` the form that the rules want and takes out what they leave out; says how many for which reason, and appends to `found` the
    /// documents in which passages of tasks were.
    public func clean(_ batch: DocumentBatch, found: inout [ContaminatedDocument]) -> CleaningCounts {
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
        if let decontaminator { cut(batch, decontaminator, &counts, &found) }
        return counts
    }

    private func cut(
        _ batch: DocumentBatch, _ decontaminator: Decontaminator, _ counts: inout CleaningCounts, _ found: inout [ContaminatedDocument]
    ) {
        batch.splitDocuments { index, text in
            let outcome = decontaminator.clean(text)
            guard let verdict = outcome.verdict, let pieces = outcome.pieces else { return nil }
            switch verdict {
            case .trimmed: counts.trimmed += 1
            case .split: counts.split += 1
            case .removed: counts.removed += 1
            case .tooManyPieces: counts.overSplit += 1
            }
            found.append(
                ContaminatedDocument(
                    line: batch.documentLines[index], verdict: verdict,
                    passages: outcome.matches.map { ($0.passage, $0.character) }, pieces: pieces))
            return verdict == .tooManyPieces ? [] : pieces
        }
    }

    /// The number of Unicode scalars of UTF-8 text: of its bytes that begin one. In text that is not UTF-8 each byte that could begin one counts.
    static func characterCount(_ text: UnsafeRawBufferPointer) -> Int {
        var continuing = 0
        for byte in text where Int8(truncatingIfNeeded: byte) < -64 { continuing &+= 1 }
        return text.count - continuing
    }
}
