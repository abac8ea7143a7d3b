import Files
import RunFixtures
import TestSupport
import Testing

@testable import Metrics

@Suite("MegatronLog") struct MegatronLogTests {
    @Test("training and validation lines become a history")
    func read() {
        let run = MegatronLog.parse(Array(InventedRun.megatronLog.utf8), name: "old")
        #expect(run.steps.map(\.step) == [100, 200] && run.steps.map(\.tokens) == [409_600, 1_228_800])
        #expect(run.steps[0].length == 8 && run.steps[0].weightNorm == 120.5 && run.steps[0].rows == 512)
        #expect(run.steps.map(\.elapsed) == [25, 75] && run.steps[1].tokensPerSecond == 819_200 / 50)
        #expect(run.steps[1].lossRatio == 12 / 9.5 && run.steps[1].weightNorm.isNaN)
        #expect(run.validations.count == 1 && run.validations[0].loss == 8.1 && run.validations[0].progress.steps == 200)
    }

    @Test("a file without such lines is refused")
    func foreign() throws {
        let path = try TemporaryDirectory().write("hello\n", to: "a.log")
        #expect(throws: FormatError.self) { try MegatronLog.read(path) }
    }
}
