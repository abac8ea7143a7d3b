import Hashing
import Quantities

/// What a curriculum that packs documents makes of a pass over documents, in its original's way: rows, and the tokens that get no place in any.
public struct DocumentAccount: Sendable, Equatable {
    /// Documents that were placed, cropped or dropped.
    public var documents = 0
    /// Their tokens.
    public var tokens = 0
    public var rows = 0
    /// Tokens in rows.
    public var placed = 0
    /// Tokens in no row: rests of cropped documents, pieces below the shortest, batches that are not full.
    public var dropped = 0
    /// Places of rows without a token.
    public var padding = 0
    /// Targets of the rows.
    public var targets = 0
    /// How often the documents were gone through: more than once where a buffer of them would else hold a good part at the end.
    public var passes = 1

    /// Counts over documents of `lengths` tokens each.
    ///
    /// - Parameters:
    ///   - choice: of a dialect that packs documents.
    ///   - rowLength: targets of a full row.
    ///   - rows: of a step at full length.
    public init(_ choice: CurriculumChoice, documentLengths lengths: [Int], rowLength: Int, rows batch: Int) throws(CurriculumError) {
        let lengths = lengths.filter { $0 > 0 }
        guard !lengths.isEmpty else { throw .badValue("there is no document with a token") }
        (documents, tokens) = (lengths.count, lengths.reduce(0, +))
        switch choice.dialect.name {
        case "nanochat": try countNanochat(choice, lengths, rowLength)
        case "best-fit", "wrapped":
            let packed =
                choice.dialect.name == "wrapped"
                ? try BestFitDecreasing.wrappedRows(documentLengths: lengths, rowLength: rowLength)
                : try BestFitDecreasing.trlRows(
                    documentLengths: lengths, rowLength: rowLength,
                    longDocuments: choice.word("long").flatMap(BestFitDecreasing.LongDocuments.init(rawValue:)) ?? .truncate,
                    documentsAtOnce: choice.count("at-once") ?? min(lengths.count, 1 << 24))
            for row in packed { add(row, room: rowLength) }
            dropped = tokens - placed
        case "vsl":
            let longest = choice.count("max") ?? 1 << (Int.bitWidth - 1 - rowLength.leadingZeroBitCount)
            let plan = try VariableSequenceLength(
                minimum: choice.count("min") ?? max(1, min(256, longest / 8)), maximum: longest,
                curriculum: try BucketCurriculum(name: choice.word("curriculum") ?? "vsl-grow-p2-8-cycle"), batchTokens: batch * longest,
                seed: UInt64(choice.count("seed") ?? 0))
            let pieces = plan.pieces(ofDocuments: lengths)
            for batch in try plan.epoch(1, buckets: plan.buckets(pieces)).batches {
                for piece in batch { add([pieces[piece]], room: pieces[piece].length) }
            }
            dropped = tokens - placed
        case "dd":
            let longest = choice.count("max") ?? Int.bitWidth - 1 - rowLength.leadingZeroBitCount
            let decomposition = try DatasetDecomposition(minimumLog: choice.count("min") ?? min(8, longest), maximumLog: longest)
            var random = choice.word("randomize") == "false" ? nil : RandomState(seed: UInt32(choice.count("seed") ?? 1234))
            for piece in decomposition.pieces(ofDocuments: lengths, random: &random) { add([piece], room: piece.length) }
            dropped = tokens - placed
        case "modded-nanogpt":
            var batches = try ModdedBatches(documentLengths: lengths, world: 1)
            let (size, cap) = (choice.count("tokens") ?? batch * rowLength, choice.count("cap") ?? 2048)
            while let ranks = batches.next(tokens: size, cap: cap) {
                for pieces in ranks { add(pieces, room: size + 1) }
            }
            dropped = tokens - placed
        default: throw .badValue("the curriculum \(choice.dialect.name) does not pack documents: slwdata plan shows its steps")
        }
    }

    /// Takes a row in: all but its first token are targets.
    private mutating func add(_ row: [Piece], room: Int) {
        let count = row.tokenCount
        rows += 1
        placed += count
        padding += room - count
        targets += max(0, count - 1)
    }

    /// The documents that are in the buffer at the end are not counted. They are the longest ones, so passes go on until they are few among all.
    private mutating func countNanochat(_ choice: CurriculumChoice, _ lengths: [Int], _ rowLength: Int) throws(CurriculumError) {
        let buffer = min(choice.count("buffer") ?? 1000, lengths.count)
        var loader = try NanochatLoader(
            documentLengths: lengths, files: [[Array(lengths.indices)]], rows: 1, rowLength: rowLength,
            bufferSize: buffer, refill: choice.count("refill") ?? 128)
        passes = (100 * buffer + lengths.count - 1) / lengths.count
        documents = 0
        repeat {
            for row in loader.next() {
                add(row, room: rowLength + 1)
                documents += row.count
            }
        } while loader.state.epoch <= passes
        dropped = loader.cropped.tokenCount
        tokens = placed + dropped
    }
}
