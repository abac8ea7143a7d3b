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
            let text = String(decoding: try FileSystem.readAll(folder + "/" + (try #require(entry["file"]?.string))), as: UTF8.self)
            for line in text.split(separator: "\n").dropFirst() {
                let numbers = line.split(separator: "\t").compactMap { Int($0) }
                #expect(
                    [
                        new.difficulty(atStep: numbers[0]), old.difficulty(atStep: numbers[0]), new.statelessDifficulty(atStep: numbers[0]),
                        old.statelessDifficulty(atStep: numbers[0]),
                    ] == Array(numbers[1...]), "\(entry["name"]?.string ?? "") step \(numbers[0])")
            }
        }
    }
}
