internal import Tables

/// A column of texts: where its parts are among the nodes and buffers of each record batch.
struct ArrowColumn {
    enum Layout { case offsets32, offsets64, views }

    struct Place {
        /// Index of the field's node, and of its first buffer when no view before it had data buffers.
        var node = 0
        var buffer = 0
        /// Fields before it that have data buffers by the batch's own count.
        var views = 0
    }

    struct Dictionary {
        let id: Int
        let indexBytes: Int
        let isSigned: Bool
    }

    let layout: Layout
    var place = Place()
    /// The structures that it lies in: where one of them is null, there is no text.
    var parents: [Place] = []
    var dictionary: Dictionary?
}

/// The columns of an Arrow file, as its first message describes them.
struct ArrowSchema {
    private(set) var nodeCount = 0
    private(set) var bufferCount = 0
    private(set) var viewCount = 0
    /// Every field that could be asked for: its name, and what it is.
    private var found: [(name: String, column: ArrowColumn?, type: String)] = []
    private let isVersion4: Bool
    private var fieldCount = 0
    private static let maximumDepth = 64
    private static let maximumFields = 100_000

    init(_ table: FlatTable, version: Int) throws(TableError) {
        isVersion4 = version == 3
        guard try table.integer(0, Int16.self) == 0 else {
            throw .refused("it is big-endian, which is not read; write it on another machine")
        }
        for field in try table.tables(1) { try add(field, name: "", parents: [], isInList: false, depth: 0) }
    }

    private mutating func add(_ field: FlatTable, name above: String, parents: [ArrowColumn.Place], isInList: Bool, depth: Int)
        throws(TableError)
    {
        fieldCount += 1
        guard depth < Self.maximumDepth, fieldCount < Self.maximumFields else { throw .damaged("the schema has too many fields or levels") }
        let name = (above.isEmpty ? "" : above + ".") + (try field.string(0))
        let code = try field.integer(2, UInt8.self)
        let type = try field.table(3)
        let place = ArrowColumn.Place(node: nodeCount, buffer: bufferCount, views: viewCount)
        let title = isInList ? "in a list" : Self.title(code)
        nodeCount += 1
        if let dictionary = try field.table(4) {
            // Its values come in batches of their own; here are indices.
            bufferCount += 2
            let index = try dictionary.table(1)
            let (bits, isSigned) = (try index?.integer(0, Int32.self) ?? 32, try index?.integer(1, UInt8.self) ?? 1)
            guard [8, 16, 32, 64].contains(bits) else { throw .damaged("dictionary indices of \(bits) bits") }
            var column = Self.layout(code).map { ArrowColumn(layout: $0, place: place, parents: parents) }
            column?.dictionary = ArrowColumn.Dictionary(
                id: try dictionary.integer(0, Int64.self), indexBytes: bits / 8, isSigned: isSigned != 0)
            found.append((name, isInList ? nil : column, title))
            return
        }
        if let layout = Self.layout(code) {
            bufferCount += layout == .views ? 2 : 3
            if layout == .views { viewCount += 1 }
            found.append((name, isInList ? nil : ArrowColumn(layout: layout, place: place, parents: parents), title))
            return
        }
        found.append((name, nil, title))
        bufferCount += try bufferCount(of: code, type)
        let below = code == 13 ? parents + [place] : parents
        for child in try field.tables(5) {
            try add(child, name: name, parents: below, isInList: isInList || code != 13, depth: depth + 1)
        }
    }

    private static func layout(_ code: Int) -> ArrowColumn.Layout? {
        switch code {
        case 4, 5: .offsets32
        case 19, 20: .offsets64
        case 23, 24: .views
        default: nil
        }
    }

    /// The buffers of a field that is no text, without those of its children.
    private func bufferCount(of code: Int, _ type: FlatTable?) throws(TableError) -> Int {
        switch code {
        case 1: return 0
        case 2, 3, 6, 7, 8, 9, 10, 11, 12, 15, 17, 18, 21: return 2
        case 13, 16: return 1
        case 14:
            let isDense = try type?.integer(0, Int16.self) == 1
            return (isDense ? 2 : 1) + (isVersion4 ? 1 : 0)
        case 22: return 0
        case 25, 26: return 3
        default: throw .refused("the type \(code) of a column is unknown")
        }
    }

    private static func title(_ code: Int) -> String {
        let names = [
            1: "of type null", 2: "a column of integers", 3: "a column of floats", 6: "a column of truth values", 7: "a decimal",
            8: "a date",
            9: "a time", 10: "a timestamp", 12: "a list", 13: "a group of columns", 14: "a union", 15: "of fixed width", 16: "a list",
            17: "a map",
            21: "a list", 22: "run-end encoded", 25: "a list", 26: "a list",
        ]
        return names[code] ?? "of type \(code)"
    }

    /// The column of texts called `name`: names along the path joined by dots.
    func column(_ name: String) throws(TableError) -> ArrowColumn {
        let matches = found.filter { $0.name == name }
        guard matches.count <= 1 else { throw .refused("column \(name) is there \(matches.count) times") }
        let texts = found.filter { $0.column != nil }.map(\.name)
        let listed = texts.prefix(20).joined(separator: ", ") + (texts.count > 20 ? " and \(texts.count - 20) more" : "")
        let there = texts.isEmpty ? "no column is text" : "texts are in \(listed)"
        guard let match = matches.first else {
            let names = found.prefix(20).map(\.name).joined(separator: ", ")
            throw .refused("there is no column \(name); " + (texts.isEmpty && !found.isEmpty ? "there are \(names)" : there))
        }
        guard let column = match.column else { throw .refused("column \(name) is \(match.type), not text; \(there)") }
        return column
    }
}
