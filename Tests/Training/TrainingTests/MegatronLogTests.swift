import TestSupport
import Testing

@testable import Training

@Suite("MegatronLog") struct MegatronLogTests {
    static let log = """
        building GPT2 model ...
         iteration      100/  500000 | consumed samples:        51200 | consumed tokens:       409600 | elapsed time per iteration (ms): 250.0 | learning rate: 1.500E-05 | global batch size:   512 | lm loss: 9.500000E+00 | loss scale: 1.0 | grad norm: 1.250 | num zeros: 0.0 | params norm: 120.500 | curriculum seqlen:     8 | actual seqlen:     8 | number of skipped iterations:   0 | number of nan iterations:   0 | samples per second: 2048.000 | tokens per gpu per second (tgs): 512.0 | TFLOPs: 1.00 |\r
        [2026-01-01 10:00:00] iteration      200/  500000 | consumed samples:       102400 | consumed tokens:      1228800 | elapsed time per iteration (ms): 500.0 | learning rate: 3.000E-05 | global batch size:   512 | lm loss: 1.200000E+01 | grad norm: 2.500 | actual seqlen:    16 | number of skipped iterations:   0 |
        --------
         validation loss at iteration 200 | lm loss value: 8.100000E+00 | lm loss PPL: 3.294468E+03 |
        """

    @Test("training and validation lines become a history")
    func read() {
        let run = MegatronLog.parse(Array(Self.log.utf8), name: "old")
        #expect(run.steps.map(\.step) == [100, 200] && run.steps.map(\.tokens) == [409_600, 1_228_800])
        #expect(run.steps[0].length == 8 && run.steps[0].weightNorm == 120.5 && run.steps[0].rows == 512)
        #expect(run.steps.map(\.elapsed) == [25, 75] && run.steps[1].tokensPerSecond == 819_200 / 50)
        #expect(run.steps[1].lossRatio == 12 / 9.5 && run.steps[1].weightNorm.isNaN)
        #expect(run.validations.count == 1 && run.validations[0].loss == 8.1 && run.validations[0].progress.steps == 200)
        let html = Report([run]).html
        #expect(html.contains("Loss ratio") && !html.contains("Adam variance norm"))
    }

    @Test("a file without such lines is refused")
    func foreign() throws {
        let path = try TemporaryDirectory().write("hello\n", to: "a.log")
        #expect(throws: TrainingError.self) { try MegatronLog.read(path) }
    }
}
