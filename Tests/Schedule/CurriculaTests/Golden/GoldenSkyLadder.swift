import Curricula
import JSON
import Testing

enum GoldenSkyLadder {
    private static func made(_ golden: GoldenCase, name: String? = nil) throws -> SkyLadder {
        try SkyLadder(
            name: try name ?? golden.word("schedule"), rowLength: try golden.number("row_length"),
            rowsPerStep: try golden.number("rows_per_step_and_rank"), totalSteps: golden["total_steps"]?.int ?? 100_000)
    }

    @Sendable static func schedule(_ golden: GoldenCase) throws {
        let curriculum = try made(golden)
        try golden.expectSchedule("row", ["window"]) { [curriculum.window(afterRows: $0)] }
    }

    @Sendable static func names(_ golden: GoldenCase) throws {
        for row in try #require(golden.json().array) {
            let name = try #require(row["name"]?.string)
            guard row["accepted"]?.bool == true else {
                #expect(throws: CurriculumError.self, "\(name)") { try made(golden, name: name) }
                continue
            }
            let curriculum = try made(golden, name: name)
            #expect(name == "sc4" ? row["kind"]?.string == "no" : curriculum.fragments.rawValue == row["kind"]?.string, "\(name)")
            #expect(curriculum.rowsPerIncrease ?? -1 == row["rows_per_increase"]?.int, "\(name)")
            #expect(curriculum.firstWindow == row["first_window"]?.int, "\(name)")
            #expect(curriculum.lastWindow == row["last_window"]?.int, "\(name)")
            #expect(curriculum.changeRows == row["change_rows"]?.int, "\(name)")
            #expect(curriculum.multiple ?? -1 == row["round_to"]?.int, "\(name)")
            #expect(curriculum.serves == row["serves"]?.bool, "\(name)")
            if let longest = row["first_row_longest_fragment"]?.int {
                #expect(curriculum.fragments(afterRows: 0, documentEnds: []).max() == longest, "\(name)")
            }
        }
    }

    @Sendable static func fragments(_ golden: GoldenCase) throws {
        let served = golden["schedule"] == nil ? nil : try made(golden)
        for (index, row) in try #require(golden.json().array).enumerated() {
            let ends = try row.list("eos_at")
            let found: [Int]
            if let served {
                found = served.fragments(afterRows: try row.number("row"), documentEnds: ends)
            } else {
                let kinds: [String: SkyLadder.Fragments] = [
                    "window": .windows, "window_in_documents": .windowsInDocuments, "documents": .documents,
                ]
                let kind = try #require(kinds[row["kind"]?.string ?? ""], "row \(index): nobody knows its kind of fragments")
                let length = try row.number("row_length")
                found = SkyLadder.fragments(kind, length: length, window: row["window"]?.int ?? length, documentEnds: ends)
            }
            #expect(try found == row.list("fragments"), "row \(index)")
        }
    }
}
