import Curricula
import Files
import JSON
import Quantities
import TestSupport
import Testing

/// One case of `golden/curricula/index.json`: what an original gave, and with which parameters.
struct GoldenCase: Sendable, CustomTestStringConvertible {
    let entry: JSONValue
    let folder: String

    /// Every case, in the order of the index.
    static let all: [GoldenCase] = {
        guard let folder = Place.golden("curricula"), let bytes = try? FileSystem.readAll(folder + "/index.json"),
            let cases = try? JSONValue.parse(bytes)["cases"]?.array
        else { return [] }
        return cases.map { GoldenCase(entry: $0, folder: folder) }
    }()

    var testDescription: String { name }
    var name: String { entry["name"]?.string ?? "" }
    var dialect: String { entry["dialect"]?.string ?? "" }
    var kind: String { entry["kind"]?.string ?? "" }
    /// What the original raised, and where.
    var error: String? { entry["error"]?.string }
    var when: String? { entry["when"]?.string }

    // MARK: parameters

    subscript(key: String) -> JSONValue? { entry["params"]?[key].flatMap { $0.isNull ? nil : $0 } }
    func number(_ key: String) throws -> Int { try #require(self[key]?.int, "\(name): no whole number \(key) among its parameters") }
    func real(_ key: String) throws -> Double { try #require(self[key]?.double, "\(name): no number \(key) among its parameters") }
    func word(_ key: String) throws -> String { try #require(self[key]?.string, "\(name): no word \(key) among its parameters") }
    func flag(_ key: String) throws -> Bool { try #require(self[key]?.bool as Bool?, "\(name): no truth \(key) among its parameters") }

    // MARK: results

    private func path() throws -> String { folder + "/" + (try #require(entry["file"]?.string, "\(name) has no file")) }

    func json() throws -> JSONValue { try JSONValue.parse(FileSystem.readAll(try path())) }
    func table() throws -> [TabbedRow] {
        let rows = TabbedRow.rows(try path())
        try #require(!rows.isEmpty, "\(name): its table is empty")
        return rows
    }

    /// Compares a schedule with a table that has a row where a value changes, and whose values hold in between.
    func expectSchedule(_ clock: String, _ columns: [String], _ values: (Int) throws -> [Int]) throws {
        let rows = try table()
        let last = try entry["last"]?.int ?? #require(rows.last).number(clock)
        #expect(try rows.last?.number(clock) == last)
        for (index, row) in rows.enumerated() {
            let expected = try columns.map { try row.number($0) }
            let first = try row.number(clock)
            let end = index + 1 < rows.count ? try rows[index + 1].number(clock) : first + 1
            for place in first..<end {
                let found = try values(place)
                if found != expected {
                    Issue.record("\(name): \(clock) \(place) gives \(found), the original \(expected)")
                    return
                }
            }
        }
    }

    /// Expects `body` to be refused as the original ends: for the same reason and at the same place.
    func expectFailure(error: String? = nil, when: String? = nil, _ body: () throws -> Void) throws {
        do {
            try body()
            Issue.record("\(name): the original ends with \(error ?? self.error ?? "an error"), and nothing was refused")
        } catch CurriculumError.originalFails(let failure) {
            #expect(failure.error == error ?? self.error, "\(name): \(failure.reason)")
            if let when = when ?? self.when { #expect(failure.when == when, "\(name): \(failure.reason)") }
            #expect(!failure.reason.text(.bare).isEmpty)
        }
    }
}

extension JSONValue {
    /// `[[1,2],[3]]` and such, as far down as whole numbers.
    var integers: [Int]? {
        guard let array else { return nil }
        let numbers = array.compactMap(\.int)
        return numbers.count == array.count ? numbers : nil
    }
    var integerLists: [[Int]]? {
        guard let array else { return nil }
        let lists = array.compactMap(\.integers)
        return lists.count == array.count ? lists : nil
    }
    func list(_ key: String) throws -> [Int] { try #require(self[key]?.integers, "no list \(key)") }
    func number(_ key: String) throws -> Int { try #require(self[key]?.int, "no number \(key)") }
    func array(_ key: String) throws -> [JSONValue] { try #require(self[key]?.array, "no list \(key)") }
}

/// A piece as goldens write it.
func triple(_ piece: Piece) -> [Int] { [piece.source, piece.start, piece.length] }
