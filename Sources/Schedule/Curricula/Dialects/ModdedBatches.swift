import Quantities

/// modded-nanogpt's batches over one file of documents: rank after rank takes documents in order, each from its beginning and up to a cap.
///
/// Source: KellerJordan/modded-nanogpt `f411b3d`, `train_gpt.py` 1712–1760. What a capped document has left is dropped, as is the rest of each rank's last one; the target behind a capped
/// piece is the next document's first token, although the text goes on.
public struct ModdedBatches: Sendable {
    private let lengths: [Int]
    private let world: Int
    /// The first document that no batch has taken.
    public private(set) var nextDocument = 0

    /// - Parameter lengths: tokens of each document with its beginning token, at least one.
    public init(documentLengths lengths: [Int], world: Int) throws(CurriculumError) {
        try CurriculumError.check("the number of ranks", world, in: 1...1 << 20)
        (self.lengths, self.world) = (lengths, world)
    }

    /// The pieces of each rank: `tokens` and one more. Nil when there are too few documents left: then the original goes on with the next file.
    public mutating func next(tokens: Int, cap: Int) -> [[Piece]]? {
        var (document, ranks): (Int, [[Piece]]) = (nextDocument, [])
        for _ in 0..<world {
            var (pieces, room): ([Piece], Int) = ([], tokens + 1)
            while room > 0 {
                guard document < lengths.count else { return nil }
                let length = min(lengths[document], cap, room)
                pieces.append(Piece(source: document, start: 0, length: length))
                room -= length
                document += 1
            }
            ranks.append(pieces)
        }
        nextDocument = document
        return ranks
    }
}

extension [Piece] {
    /// What the sources have left behind these pieces, of `lengths` tokens each: tokens that a dialect drops.
    public func rests(of lengths: [Int]) -> [Piece] {
        compactMap { piece in
            let left = lengths[piece.source] - piece.end
            return left > 0 ? Piece(source: piece.source, start: piece.end, length: left) : nil
        }
    }
}
