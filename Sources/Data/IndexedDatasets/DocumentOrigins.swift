public import JSON

/// Which stretch of which input each document of a data set came from, as far as that was noted while it was made.
///
/// Stretches in which every line became a document are joined whatever their size, and each of their documents has its exact line; the others are
/// joined up to some megabytes, and say between which lines a document was. So it stays small, whatever the size of the inputs.
public struct DocumentOrigins: Sendable, Equatable {
    /// Neighbouring documents and the part of an input that they were made from.
    public struct Stretch: Sendable, Equatable {
        /// Index of the input in the order in which inputs were read.
        public var input: Int
        /// How many documents of the data set came from here.
        public var documentCount: Int
        /// Place in the decompressed content of the input.
        public var bytes: Range<Int>
        /// Lines (in archives and text files: documents) of the input, counted from 0.
        public var lines: Range<Int>

        public init(input: Int, documentCount: Int, bytes: Range<Int>, lines: Range<Int>) {
            self.input = input
            self.documentCount = documentCount
            self.bytes = bytes
            self.lines = lines
        }

        /// Whether every line became a document: then the order says which.
        var isExact: Bool { documentCount == lines.count }
    }

    /// Where a document came from.
    public struct Origin: Sendable, Equatable {
        public var input: Int
        /// Its line, counted from 0; nil when only the stretch is known.
        public var line: Int?
        /// What its line is among, and where these lines are.
        public var lines: Range<Int>
        public var bytes: Range<Int>
        /// The byte at which line 0 begins: not the input's first for a shard that begins within it.
        public var firstByte: Int
    }

    /// More stretches than this are joined to fewer, larger ones.
    static let stretchLimit = 4096

    public private(set) var stretches: [Stretch] = []
    /// Stretches of which not every line became a document are joined up to so many bytes.
    private(set) var spacing = 16 << 20

    public init() {}

    /// Adds the stretch that follows.
    public mutating func append(_ next: Stretch) {
        join(next)
        // Inputs are never joined with each other: of more than so many there are as many stretches.
        while stretches.count > Self.stretchLimit && spacing < 1 << 50 {
            spacing *= 2
            let all = stretches
            stretches = []
            for stretch in all { join(stretch, force: true) }
        }
    }

    /// Forgets what came from input `input` and those behind it.
    public mutating func remove(fromInput input: Int) { stretches.removeAll { $0.input >= input } }

    private mutating func join(_ next: Stretch, force: Bool = false) {
        guard let last = stretches.last, last.input == next.input, last.bytes.upperBound == next.bytes.lowerBound,
            last.lines.upperBound == next.lines.lowerBound,
            last.isExact && next.isExact
                || (force || !last.isExact && !next.isExact) && next.bytes.upperBound - last.bytes.lowerBound <= spacing
        else { return stretches.append(next) }
        stretches[stretches.count - 1] = Stretch(
            input: last.input, documentCount: last.documentCount + next.documentCount,
            bytes: last.bytes.lowerBound..<next.bytes.upperBound, lines: last.lines.lowerBound..<next.lines.upperBound)
    }

    /// Where a document came from; nil when it is behind the last that is known.
    ///
    /// Complexity: O(stretches).
    public func origin(ofDocument document: Int) -> Origin? {
        var first = 0
        var firstByte = 0
        var previous: Stretch?
        for stretch in stretches {
            if previous?.input != stretch.input || previous?.bytes.upperBound != stretch.bytes.lowerBound {
                firstByte = stretch.lines.lowerBound == 0 ? stretch.bytes.lowerBound : 0
            }
            if document < first + stretch.documentCount {
                return Origin(
                    input: stretch.input, line: stretch.isExact ? stretch.lines.lowerBound + document - first : nil, lines: stretch.lines,
                    bytes: stretch.bytes, firstByte: firstByte)
            }
            first += stretch.documentCount
            previous = stretch
        }
        return nil
    }

    /// For `P.meta`: of each stretch input, documents, first byte, end, first line, end.
    public var json: JSONValue {
        [
            "spacing": JSONValue(spacing),
            "stretches": .array(
                stretches.map {
                    .array(
                        [$0.input, $0.documentCount, $0.bytes.lowerBound, $0.bytes.upperBound, $0.lines.lowerBound, $0.lines.upperBound]
                            .map { JSONValue($0) })
                }),
        ]
    }

    /// Nil when it is not what ``json`` writes.
    public init?(_ json: JSONValue) {
        guard let spacing = json["spacing"]?.int, spacing > 0, let list = json["stretches"]?.array else { return nil }
        self.spacing = spacing
        for entry in list {
            let numbers = (entry.array ?? []).compactMap(\.int)
            guard numbers.count == 6, numbers.allSatisfy({ $0 >= 0 }), numbers[2] <= numbers[3], numbers[4] <= numbers[5],
                numbers[1] <= numbers[5] - numbers[4]
            else { return nil }
            stretches.append(
                Stretch(input: numbers[0], documentCount: numbers[1], bytes: numbers[2]..<numbers[3], lines: numbers[4]..<numbers[5]))
        }
    }
}
