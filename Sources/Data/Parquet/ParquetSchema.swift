/// A column of texts that is to be read.
struct TextColumn {
    /// As it was asked for.
    let name: String
    /// Which leaf of the schema it is, and so which chunk of each row group.
    let leaf: Int
    let path: [[UInt8]]
    /// Levels of the definition of a text that is there: how many elements on its path may be missing.
    let maximumDefinition: Int
}

/// Finds columns in the flattened tree of a schema.
struct ParquetSchema {
    struct Leaf {
        let path: [[UInt8]]
        let element: FileMetadata.SchemaElement
        var maximumDefinition = 0
        var isRepeated = false

        var name: String { path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".") }
    }

    private(set) var leaves: [Leaf] = []
    /// The groups' names: to say that something is there and no column.
    private var groups: [[[UInt8]]] = []
    private static let maximumDepth = 100

    init(_ elements: [FileMetadata.SchemaElement]) throws(ParquetError) {
        guard let root = elements.first else { throw .damaged("the schema is empty") }
        var index = 1
        // The groups that are open, with how many children they still have.
        var open: [(path: [[UInt8]], definition: Int, isRepeated: Bool, left: Int)] = []
        try Self.check(root.childCount ?? 0, elements.count - index)
        open.append(([], 0, false, root.childCount ?? 0))
        while let group = open.last {
            guard group.left > 0 else {
                open.removeLast()
                continue
            }
            open[open.count - 1].left -= 1
            guard index < elements.count else { throw .damaged("the schema ends early") }
            let element = elements[index]
            index += 1
            guard (0...2).contains(element.repetition ?? 0) else { throw .damaged("the schema has the repetition \(element.repetition!)") }
            let path = group.path + [element.name]
            let definition = group.definition + ((element.repetition ?? 0) > 0 ? 1 : 0)
            let isRepeated = group.isRepeated || element.repetition == 2
            let children = element.childCount ?? 0
            if children == 0, element.type != nil {
                leaves.append(Leaf(path: path, element: element, maximumDefinition: definition, isRepeated: isRepeated))
            } else {
                guard element.type == nil || children == 0 else { throw .damaged("the schema has a column with children") }
                try Self.check(children, elements.count - index)
                guard open.count < Self.maximumDepth else { throw .damaged("the schema is nested too deep") }
                groups.append(path)
                open.append((path, definition, isRepeated, children))
            }
        }
        guard index == elements.count else { throw .damaged("\(elements.count - index) elements of the schema are left over") }
    }

    private static func check(_ children: Int, _ left: Int) throws(ParquetError) {
        guard (0...left).contains(children) else { throw .damaged("the schema has an element with \(children) children, \(left) follow") }
    }

    /// The column called `name`: names along the path joined by dots.
    func column(_ name: String) throws(ParquetError) -> TextColumn {
        let found = leaves.indices.filter { leaves[$0].name == name }
        guard found.count <= 1 else { throw .refused("column \(name) is there \(found.count) times") }
        guard let index = found.first else {
            if let group = groups.first(where: { $0.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".") == name }) {
                let inside = leaves.filter { $0.path.starts(with: group) }.map(\.name)
                let isRepeated = leaves.contains { $0.path.starts(with: group) && $0.isRepeated }
                throw .refused(
                    "column \(name) is a \(isRepeated ? "list or map" : "group"), not text; inside it there are \(inside.joined(separator: ", "))")
            }
            throw .refused(
                leaves.isEmpty
                    ? "no column \(name); it has no columns" : "no column \(name); there are \(leaves.prefix(30).map(\.name).joined(separator: ", "))")
        }
        let leaf = leaves[index]
        guard !leaf.isRepeated else { throw .refused("column \(name) is repeated (several texts a row)") }
        guard leaf.element.type == 6, Self.isText(leaf.element) else {
            throw .refused("column \(name) is \(Self.typeName(leaf.element)), not text")
        }
        return TextColumn(name: name, leaf: index, path: leaf.path, maximumDefinition: leaf.maximumDefinition)
    }

    private static func isText(_ element: FileMetadata.SchemaElement) -> Bool {
        if let logical = element.logical { return [1, 4, 12].contains(logical) }
        if let converted = element.converted { return [0, 4, 19].contains(converted) }
        return true
    }

    private static func typeName(_ element: FileMetadata.SchemaElement) -> String {
        if element.logical == 11 { return "of type null" }
        let types = ["BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"]
        let type = element.type ?? -1
        return types.indices.contains(type) ? types[type] + (type == 6 ? " with another annotation" : "") : "of unknown type \(type)"
    }
}
