/// Columns of text, as wide as their widest cell.
public struct TextTable: Sendable {
    /// Which side a column's cells stick to.
    public enum Alignment: Sendable {
        case left, right
    }

    private let heading: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []

    /// A table with these columns; an empty heading leaves the line of headings out.
    public init(_ columns: [(heading: String, alignment: Alignment)]) {
        heading = columns.map(\.heading)
        alignments = columns.map(\.alignment)
    }

    /// Names on the left, values beside them.
    public static func pairs(_ pairs: [(String, String)]) -> TextTable {
        var table = TextTable([("", .left), ("", .left)])
        for (name, value) in pairs { table.add([name, value]) }
        return table
    }

    /// Adds a row; cells that are missing are empty.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count <= heading.count, "more cells than columns")
        rows.append(cells + Array(repeating: "", count: heading.count - cells.count))
    }

    /// The lines, without blanks at their ends.
    public var lines: [String] {
        let all = heading.allSatisfy(\.isEmpty) ? rows : [heading] + rows
        let widths = heading.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            var line = row.indices.map { column in
                let blanks = String(repeating: " ", count: widths[column] - row[column].count)
                return alignments[column] == .left ? row[column] + blanks : blanks + row[column]
            }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }

    /// The lines as one text without a line end behind the last.
    public var text: String { lines.joined(separator: "\n") }
}
