import Foundation
public import Testing

/// A row of a table of tab-separated cells, whose first line names the columns: how numbers of peers are kept.
public struct TabbedRow: Sendable, CustomTestStringConvertible {
    private let columns: [String]
    private let cells: [String]
    public let testDescription: String

    /// A cell; empty where the row ends before it.
    public subscript(column: String) -> String {
        guard let index = columns.firstIndex(of: column) else { preconditionFailure("no column \(column) among \(columns)") }
        return index < cells.count ? cells[index] : ""
    }

    /// A cell that is a whole number.
    public func number(_ column: String) throws -> Int { try #require(Int(self[column]), "\(column) of \(testDescription)") }

    /// The rows of a file, described by their first cell; none without the file.
    public static func rows(_ path: String?) -> [TabbedRow] {
        guard let path, let text = try? String(contentsOfFile: path, encoding: .utf8) else { return [] }
        let lines = text.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
        guard let columns = lines.first else { return [] }
        return lines.dropFirst().map { TabbedRow(columns: columns, cells: $0, testDescription: $0[0]) }
    }
}
