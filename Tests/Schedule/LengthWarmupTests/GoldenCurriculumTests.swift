import Files
import JSON
import TestSupport
import Testing

@testable import LengthWarmup

/// Difficulties that DeepSpeed's own scheduler gave (`golden/curriculum`).
@Suite("Golden: DeepSpeed's curricula")
struct GoldenCurriculumTests {
    @Test("every golden line of DeepSpeed's scheduler, both releases", .needs(.golden("curriculum/index.json")))
    func deepSpeedGoldens() throws {
        let folder = try #require(Place.golden("curriculum"))
        let index = try JSONValue.parse(FileSystem.readAll(folder + "/index.json"))
        for entry in try #require(index["cases"]?.array) {
            let config = try #require(entry["config"])
            let new = try #require(try DeepSpeedCurriculum.read(config))
            // Length 0 is refused at the door; the formula behind it is compared all the same.
            let old = DeepSpeedCurriculum(minimum: new.minimum, maximum: new.maximum, schedule: new.schedule, dialect: .v0_19_6)
            let rows = TabbedRow.rows(folder + "/" + (try #require(entry["file"]?.string)))
            #expect(!rows.isEmpty)
            for row in rows {
                let step = try row.number("step")
                let expected = try ["update_0.19.8", "update_0.19.6", "get_0.19.8", "get_0.19.6"].map { try row.number($0) }
                #expect(
                    [
                        new.difficulty(atStep: step), old.difficulty(atStep: step), new.statelessDifficulty(atStep: step),
                        old.statelessDifficulty(atStep: step),
                    ] == expected, "\(entry["name"]?.string ?? "") step \(step)")
            }
        }
    }
}
