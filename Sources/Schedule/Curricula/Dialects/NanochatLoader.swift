import Quantities

/// nanochat's pretraining loader: every row begins with a document's beginning and is filled by best fit; when nothing fits, the shortest document is cropped.
///
/// Source: karpathy/nanochat `92d63d4`, `nanochat/dataloader.py` 25–161. The buffer is filled before every placement. All targets of a row count, over the ends of documents too.
public struct NanochatLoader: Sendable {
    /// Where the last documents of the buffer came from.
    public struct State: Sendable, Equatable {
        public var file: Int
        public var rowGroup: Int
        public var epoch: Int

        public init(file: Int, rowGroup: Int, epoch: Int) {
            self.file = file
            self.rowGroup = rowGroup
            self.epoch = epoch
        }
    }

    private let lengths: [Int]
    private let files: [[[Int]]]
    private let rows: Int
    private let rowLength: Int
    private let bufferSize: Int
    private let refill: Int
    private let rank: Int
    private let world: Int

    private var buffer: [(number: Int, length: Int)] = []
    private var place: State
    /// Documents of the row group that were appended.
    private var taken = 0
    /// The state after the last batch.
    public private(set) var state = State(file: 0, rowGroup: 0, epoch: 1)
    /// The rests of cropped documents, in the order in which they were dropped.
    public private(set) var cropped: [Piece] = []

    /// - Parameters:
    ///   - lengths: tokens of each document with its beginning token, at least one.
    ///   - files: the documents of each row group of each training file.
    ///   - rows: of a batch, with `rowLength` inputs each.
    ///   - bufferSize: documents that the buffer holds at least.
    ///   - refill: documents that are appended at once; fewer at the end of a row group.
    ///   - resume: the state after an earlier batch. The buffer of that time, and the rest of its row group, are lost.
    public init(
        documentLengths lengths: [Int], files: [[[Int]]], rows: Int, rowLength: Int, bufferSize: Int = 1000, refill: Int = 128,
        rank: Int = 0,
        world: Int = 1, resume: State? = nil
    ) throws(CurriculumError) {
        for (name, value) in [("rows", rows), ("the row's length", rowLength), ("the buffer", bufferSize), ("a refill", refill)] {
            try CurriculumError.check(name, value, in: CurriculumError.lengths)
        }
        guard world > 0, 0..<world ~= rank else {
            throw .badValue("rank \(rank) of \(world): the rank must be at least 0 and below the world size")
        }
        guard lengths.allSatisfy({ $0 > 0 }) else { throw .badValue("a document has no token, not even its first") }
        // Else the original would look for one for ever.
        guard files.contains(where: { file in file.indices.contains { $0 % world == rank && !file[$0].isEmpty } }) else {
            throw .badValue("no row group with a document is left for rank \(rank) of \(world): the original would wait for ever")
        }
        (self.lengths, self.files, self.rows, self.rowLength) = (lengths, files, rows, rowLength)
        (self.bufferSize, self.refill, self.rank, self.world) = (bufferSize, refill, rank, world)
        if let resume {
            place = State(file: resume.file, rowGroup: (resume.rowGroup / world + 1) * world + rank, epoch: resume.epoch)
        } else {
            place = State(file: 0, rowGroup: rank, epoch: 1)
        }
    }

    /// Appends the next documents of a row group.
    private mutating func append() {
        while true {
            if place.file >= files.count {
                place = State(file: 0, rowGroup: rank, epoch: place.epoch + 1)
            } else if place.rowGroup >= files[place.file].count {
                place = State(file: place.file + 1, rowGroup: rank, epoch: place.epoch)
            } else if taken >= files[place.file][place.rowGroup].count {
                taken = 0
                place.rowGroup += world
            } else {
                let group = files[place.file][place.rowGroup]
                let documents = group[taken..<min(taken + refill, group.count)]
                buffer += documents.map { ($0, lengths[$0]) }
                taken = documents.endIndex
                state = place
                return
            }
        }
    }

    /// The rows of the next batch: `rowLength` tokens and one more each.
    public mutating func next() -> [[Piece]] {
        (0..<rows).map { _ in
            var (row, room): ([Piece], Int) = ([], rowLength + 1)
            while room > 0 {
                while buffer.count < bufferSize { append() }
                let best = Self.longest(in: buffer, fitting: room)
                let document = buffer.remove(at: best ?? Self.shortest(in: buffer))
                let length = min(document.length, room)
                let piece = Piece(source: document.number, start: 0, length: length)
                row.append(piece)
                cropped += [piece].rests(of: lengths)
                room -= length
            }
            return row
        }
    }

    /// The place of the longest document that fits, the first among equals.
    static func longest(in buffer: [(number: Int, length: Int)], fitting room: Int) -> Int? {
        var best: Int?
        for place in buffer.indices where buffer[place].length <= room && buffer[place].length > (best.map { buffer[$0].length } ?? 0) {
            best = place
        }
        return best
    }

    private static func shortest(in buffer: [(number: Int, length: Int)]) -> Int {
        var best = 0
        for place in buffer.indices where buffer[place].length < buffer[best].length { best = place }
        return best
    }
}
