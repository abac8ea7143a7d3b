import Quantities

/// nanochat's loader of conversations for fine-tuning: best fit as ``NanochatLoader``'s, but a row that nothing fits is padded.
///
/// Source: karpathy/nanochat `92d63d4`, `scripts/chat_sft.py` 180–298. A conversation longer than a row is never placed and keeps its place in the buffer.
public struct NanochatConversations: Sendable {
    /// A row: conversations, then padding, whose targets do not count.
    public struct Row: Sendable, Equatable {
        public var pieces: [Piece]
        public var padding: Int
        /// Targets that count where every token of a conversation is one to train.
        public var targetCount: Int
    }

    private let lengths: [Int]
    private let rows: Int
    private let rowLength: Int
    private let bufferSize: Int
    private let world: Int
    private var buffer: [(number: Int, length: Int)] = []
    private var cursor: Int
    private var consumed: Int
    /// Passes over the conversations that were begun, 1 at first.
    public private(set) var epoch = 1
    /// Whether as many conversations were placed as there are: the original ends then.
    public private(set) var isLastStep = false

    public init(conversationLengths lengths: [Int], rows: Int, rowLength: Int, bufferSize: Int = 100, rank: Int = 0, world: Int = 1)
        throws(CurriculumError)
    {
        for (name, value) in [("rows", rows), ("the row's length", rowLength), ("the buffer", bufferSize)] {
            try CurriculumError.check(name, value, in: CurriculumError.lengths)
        }
        guard world > 0, 0..<world ~= rank else {
            throw .badValue("rank \(rank) of \(world): the rank must be at least 0 and below the world size")
        }
        guard rank < lengths.count else {
            throw .original(
                "IndexError", at: "first batch", "rank \(rank) begins at a conversation that is not there: there are \(lengths.count)")
        }
        guard lengths.allSatisfy({ $0 > 0 }) else { throw .badValue("a conversation has no token") }
        (self.lengths, self.rows, self.rowLength, self.bufferSize, self.world) = (lengths, rows, rowLength, bufferSize, world)
        (cursor, consumed) = (rank, rank)
    }

    private mutating func fill() {
        while buffer.count < bufferSize {
            buffer.append((cursor, lengths[cursor]))
            cursor += world
            if cursor >= lengths.count {
                cursor %= lengths.count
                epoch += 1
            }
        }
    }

    /// The rows of the next batch: `rowLength` tokens and one more each.
    public mutating func next() -> [Row] {
        let batch = (0..<rows).map { _ in
            var (pieces, room): ([Piece], Int) = ([], rowLength + 1)
            while room > 0 {
                fill()
                guard let place = NanochatLoader.longest(in: buffer, fitting: room) else { break }
                let conversation = buffer.remove(at: place)
                pieces.append(Piece(source: conversation.number, start: 0, length: conversation.length))
                room -= conversation.length
                consumed += world
            }
            return Row(pieces: pieces, padding: room, targetCount: max(0, pieces.tokenCount - 1))
        }
        if consumed >= lengths.count { isLastStep = true }
        return batch
    }
}

/// nanochat's windows of attention, a layer each: `S` a quarter of the row, up to a multiple of 128, `L` the row; the last layer sees all.
public enum NanochatWindows {
    /// Keys to the left that a query of each layer may see.
    public static func leftWindows(pattern: String, rowLength: Int, layers: Int) throws(CurriculumError) -> [Int] {
        try CurriculumError.check("the number of layers", layers, in: 1...1 << 20)
        try CurriculumError.check("the row's length", rowLength, in: CurriculumError.lengths)
        let letters = Array(pattern.uppercased())
        guard !letters.isEmpty, letters.allSatisfy({ "SL".contains($0) }) else {
            throw .original("AssertionError", at: "construction", "the pattern of windows is \(pattern): it must be made of S and L")
        }
        let short = (rowLength + 511) / 512 * 128
        return (0..<layers).map { layer in layer == layers - 1 || letters[layer % letters.count] == "L" ? rowLength : short }
    }
}
