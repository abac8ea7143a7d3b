/// How texts of evaluation tasks are taken out of documents: the parameters of Megatron's `filter_ngrams.py`, after GPT-3 (2020, appendix C), with its defaults.
public struct DecontaminationRules: Sendable, Equatable {
    /// Words of a passage of a longer task text.
    public var longestPassage = 13
    /// Task texts of fewer words are not looked for; those of fewer than ``longestPassage`` are looked for as a whole.
    public var shortestPassage = 8
    /// Characters that go on each side of a passage, and from there on to the end of a sentence.
    public var removedEachSide = 200
    /// What is left between two cuts is kept when it has more characters than this.
    public var leastPiece = 200
    /// A passage in so many documents is a common phrase and stays.
    public var commonDocuments = 10
    /// A document of more pieces is left out.
    public var mostPieces = 10

    public init() {}
}

/// What became of a document in which a passage of a task was found.
public enum DecontaminationVerdict: String, Sendable, CaseIterable {
    /// One piece is left.
    case trimmed
    /// Several pieces are left, each a document of its own.
    case split
    /// Nothing is left.
    case removed
    /// Of more than ``DecontaminationRules/mostPieces`` pieces none is kept.
    case tooManyPieces = "too_many_pieces"
}
