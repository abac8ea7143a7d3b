internal import Tables

/// Finds the column of texts in the flattened tree of a schema.
struct ParquetSchema {
    /// A column: one leaf of the tree.
    struct Leaf {
        let path: [[UInt8]]
        let element: ParquetFooter.SchemaElement
        /// The definition level of a value that is there: how many elements on its path may be missing.
        var maximumDefinition = 0
        /// How many elements on its path are repeated: 0, or 1 in a list of texts.
        var maximumRepetition = 0
        /// The definition level of a list that has at least one element, where there is one list.
        var listDefinition = 0

        var name: String { ParquetSchema.name(path) }
    }

    private(set) var leaves: [Leaf] = []
    /// The groups' names, to say that something is there and no column.
    private var groups: [[[UInt8]]] = []
    /// Deeper levels would not fit in a byte; nobody nests a tenth of that.
    private static let maximumDepth = 100

    init(_ elements: [ParquetFooter.SchemaElement]) throws(TableError) {
        var index = 1
        // The groups that are open, with how many children they still have.
        var open: [(leaf: Leaf, left: Int)] = []
        let root = elements[0].childCount ?? 0
        try Self.check(root, elements.count - index)
        open.append((Leaf(path: [], element: elements[0]), root))
        while let (group, left) = open.last {
            guard left > 0 else {
                open.removeLast()
                continue
            }
            open[open.count - 1].left -= 1
            guard index < elements.count else { throw .damaged("the schema ends early") }
            let element = elements[index]
            index += 1
            let repetition = element.repetition ?? 0
            guard (0...2).contains(repetition) else { throw .damaged("the schema has the repetition \(repetition)") }
            var leaf = Leaf(path: group.path + [element.name], element: element)
            leaf.maximumDefinition = group.maximumDefinition + (repetition > 0 ? 1 : 0)
            leaf.maximumRepetition = group.maximumRepetition + (repetition == 2 ? 1 : 0)
            leaf.listDefinition = repetition == 2 ? leaf.maximumDefinition : group.listDefinition
            let children = element.childCount ?? 0
            if children == 0, element.type != nil {
                leaves.append(leaf)
            } else {
                guard element.type == nil else { throw .damaged("the schema has a column with children") }
                try Self.check(children, elements.count - index)
                guard open.count < Self.maximumDepth else { throw .damaged("the schema is nested too deep") }
                groups.append(leaf.path)
                open.append((leaf, children))
            }
        }
        guard index == elements.count else { throw .damaged("\(elements.count - index) elements of the schema are left over") }
    }

    private static func check(_ children: Int, _ left: Int) throws(TableError) {
        guard (0...left).contains(children) else {
            throw .damaged("the schema has an element with \(children) children, \(left) follow")
        }
    }

    fileprivate static func name(_ path: [[UInt8]]) -> String { path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".") }

    /// The leaf of texts called `name`: names along the path joined by dots. A list of texts is also found by the list's own name.
    func column(_ name: String) throws(TableError) -> Int {
        var found = leaves.indices.filter { leaves[$0].name == name }
        if found.isEmpty { found = leaves.indices.filter { isList(leaves[$0], called: name) } }
        guard found.count <= 1 else { throw .refused("column \(name) is there \(found.count) times") }
        guard let index = found.first else { throw missing(name) }
        let leaf = leaves[index]
        guard leaf.element.type == 6, Self.isText(leaf.element) else {
            throw .refused("column \(name) is \(Self.typeName(leaf.element)), not text; \(others(than: index))")
        }
        guard leaf.maximumRepetition <= 1 else { throw .refused("column \(name) is a list of lists, not a text or a list of texts") }
        return index
    }

    /// Whether this is the only column in a list of that name: `text` for `text.list.element`.
    private func isList(_ leaf: Leaf, called name: String) -> Bool {
        guard leaf.maximumRepetition == 1, let group = groups.first(where: { Self.name($0) == name }), leaf.path.starts(with: group) else {
            return false
        }
        return leaves.count { $0.path.starts(with: group) } == 1
    }

    private func missing(_ name: String) -> TableError {
        if leaves.isEmpty { return .refused("there is no column \(name); the file has no columns") }
        if let group = groups.first(where: { Self.name($0) == name }) {
            let inside = leaves.filter { $0.path.starts(with: group) }
            let kind = inside.contains { $0.maximumRepetition > 0 } ? "a list or map" : "a group of columns"
            return .refused("column \(name) is \(kind), not text; inside it there are \(Self.listed(inside.map(\.name)))")
        }
        return .refused("there is no column \(name); there are \(Self.listed(leaves.map(\.name)))")
    }

    private func others(than index: Int) -> String {
        let texts = leaves.indices.filter { $0 != index && leaves[$0].element.type == 6 && Self.isText(leaves[$0].element) }
        return texts.isEmpty ? "no column is" : "texts are in \(Self.listed(texts.map { leaves[$0].name }))"
    }

    private static func listed(_ names: [String]) -> String {
        names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
    }

    private static func isText(_ element: ParquetFooter.SchemaElement) -> Bool {
        if let logical = element.logical { return [1, 4, 12].contains(logical) }
        if let converted = element.converted { return [0, 4, 19].contains(converted) }
        return true
    }

    private static func typeName(_ element: ParquetFooter.SchemaElement) -> String {
        let annotations = [
            2: "a map", 3: "a list", 5: "a decimal", 6: "a date", 7: "a time", 8: "a timestamp", 11: "of type null", 13: "BSON",
        ]
        if let logical = element.logical, let name = annotations[logical] { return name }
        let types = ["BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"]
        let type = element.type ?? -1
        return types.indices.contains(type) ? types[type] + (type == 6 ? " with another annotation" : "") : "of the unknown type \(type)"
    }
}
