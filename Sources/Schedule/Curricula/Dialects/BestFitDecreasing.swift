import Quantities

/// Best-fit-decreasing packing (Ding et al. 2024): pieces by length, longest first, each into the row with the least space that suffices.
///
/// Sources: allenai/OLMo-core `fa6c501`, `src/olmo_core/data/utils.py` 253–285, 738–941; huggingface/trl `f2cd577`, `trl/data_utils.py` 694–846. Among rows of one space, the one that got
/// it first. Pieces of one length keep their order, as TRL's do; OLMo-core's sort leaves it to the processor, so there only the lengths of rows are its own.
public enum BestFitDecreasing {
    /// What becomes of a document that is longer than a row.
    public enum LongDocuments: String, Sendable {
        /// Its rest is dropped.
        case truncate
        /// It is cut into rows, the last of which may be shorter.
        case fragment
    }

    /// The rows that documents are packed into, in the order in which they were begun. The rest of a row is padding. Documents without tokens are left out.
    public static func rows(documentLengths lengths: [Int], rowLength: Int, longDocuments: LongDocuments) throws(CurriculumError)
        -> [[Piece]]
    {
        try CurriculumError.check("the row's length", rowLength, in: CurriculumError.lengths)
        var pieces: [Piece] = []
        for (document, length) in lengths.enumerated() {
            switch longDocuments {
            case .truncate where length > 0: pieces.append(Piece(source: document, start: 0, length: min(length, rowLength)))
            case .truncate: break
            case .fragment:
                for start in stride(from: 0, to: length, by: rowLength) {
                    pieces.append(Piece(source: document, start: start, length: min(rowLength, length - start)))
                }
            }
        }
        return pack(pieces, rowLength: rowLength)
    }

    /// As OLMo-core's packer: rows must have a power of two of tokens.
    public static func olmoRows(documentLengths lengths: [Int], rowLength: Int, longDocuments: LongDocuments) throws(CurriculumError)
        -> [[Piece]]
    {
        guard rowLength > 0, rowLength & (rowLength - 1) == 0 else {
            throw .original("AssertionError", at: "the packing", "the row's length is \(rowLength): it must be a power of two")
        }
        return try rows(documentLengths: lengths, rowLength: rowLength, longDocuments: longDocuments)
    }

    /// As TRL's `pack_dataset`, which packs so many documents at a time for itself.
    public static func trlRows(
        documentLengths lengths: [Int], rowLength: Int, longDocuments: LongDocuments, documentsAtOnce: Int = 1000
    ) throws(CurriculumError) -> [[Piece]] {
        try CurriculumError.check("the number of documents that are packed at once", documentsAtOnce, in: CurriculumError.lengths)
        var all: [[Piece]] = []
        for first in stride(from: 0, to: lengths.count, by: documentsAtOnce) {
            let part = lengths[first..<min(first + documentsAtOnce, lengths.count)]
            let rows = try rows(documentLengths: Array(part), rowLength: rowLength, longDocuments: longDocuments)
            all += rows.map { $0.map { Piece(source: $0.source + first, start: $0.start, length: $0.length) } }
        }
        return all
    }

    /// Packs pieces, none longer than a row.
    public static func pack(_ pieces: [Piece], rowLength: Int) -> [[Piece]] {
        var rows: [[Piece]] = []
        var spaces = RowSpaces(rowLength: rowLength)
        // Sorting by place where lengths are equal makes it stable.
        for place in pieces.indices.sorted(by: { (pieces[$1].length, $0) < (pieces[$0].length, $1) }) {
            let piece = pieces[place]
            if let (row, space) = spaces.takeRow(fitting: piece.length) {
                rows[row].append(piece)
                spaces.record(row, space: space - piece.length)
            } else {
                rows.append([piece])
                spaces.record(rows.count - 1, space: rowLength - piece.length)
            }
        }
        return rows
    }

    /// TRL's `wrapped`: the stream of all documents cut into rows, whatever the documents.
    public static func wrappedRows(documentLengths lengths: [Int], rowLength: Int) throws(CurriculumError) -> [[Piece]] {
        try CurriculumError.check("the row's length", rowLength, in: CurriculumError.lengths)
        var stream = PieceStream(lengths: lengths)
        var rows: [[Piece]] = []
        while true {
            let row = stream.take(rowLength)
            if row.isEmpty { return rows }
            rows.append(row)
        }
    }
}

/// Rows by the space that they have left: a queue a space, and a bit for each queue that is not empty, so that the least sufficient space is found in a few words.
struct RowSpaces {
    private var queues: [(rows: [Int], first: Int)]
    private var bits: [UInt64]

    init(rowLength: Int) {
        queues = Array(repeating: ([], 0), count: rowLength + 1)
        bits = Array(repeating: 0, count: rowLength / 64 + 1)
    }

    /// Records a row's space; a full row is never asked for again.
    mutating func record(_ row: Int, space: Int) {
        guard space > 0 else { return }
        queues[space].rows.append(row)
        bits[space / 64] |= 1 << UInt64(space % 64)
    }

    /// Takes out the row that was first recorded with the least space of at least `length`.
    mutating func takeRow(fitting length: Int) -> (row: Int, space: Int)? {
        var word = length / 64
        var rest = bits[word] & (UInt64.max << UInt64(length % 64))
        while rest == 0 {
            word += 1
            guard word < bits.count else { return nil }
            rest = bits[word]
        }
        let space = word * 64 + rest.trailingZeroBitCount
        let row = queues[space].rows[queues[space].first]
        queues[space].first += 1
        if queues[space].first == queues[space].rows.count {
            queues[space] = ([], 0)
            bits[word] &= ~(1 << UInt64(space % 64))
        }
        return (row, space)
    }
}
