/// A stretch of tokens of one source: of a document, of a row that is cut, of a stream.
public struct Piece: Sendable, Hashable {
    /// Number of the document or row.
    public var source: Int
    /// First token within the source.
    public var start: Int
    /// Tokens.
    public var length: Int

    public init(source: Int, start: Int, length: Int) {
        self.source = source
        self.start = start
        self.length = length
    }

    /// The token after the last.
    public var end: Int { start + length }
}

extension [Piece] {
    /// Tokens of all pieces.
    public var tokenCount: Int { reduce(0) { $0 + $1.length } }

    /// Appends a piece; one that goes on where the last one ends makes it longer.
    mutating func extend(_ piece: Piece) {
        guard piece.length > 0 else { return }
        if let last, last.source == piece.source, last.end == piece.start {
            self[count - 1].length += piece.length
        } else {
            append(piece)
        }
    }
}

/// The tokens of sources one after the other, to be cut in order: where a cut falls within a source, the piece ends there.
struct PieceStream {
    private let lengths: [Int]
    private var source = 0
    private var start = 0

    init(lengths: [Int]) { self.lengths = lengths }

    /// The next `count` tokens, fewer at the end.
    mutating func take(_ count: Int) -> [Piece] {
        var (pieces, room): ([Piece], Int) = ([], count)
        while room > 0, source < lengths.count {
            let length = Swift.min(room, lengths[source] - start)
            pieces.extend(Piece(source: source, start: start, length: length))
            room -= length
            start += length
            if start == lengths[source] { (source, start) = (source + 1, 0) }
        }
        return pieces
    }
}
