import Foundation
import JSON
import TestSupport
import Testing

/// `--bf16` as a person meets it, on a processor that has the products and on one that has not.
@Suite("--bf16", .serialized) struct PrecisionCommandTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    static let notice = "this processor has no bf16 products"

    @Test("what is done is what is said: bf16, or fp32 and a line about it; a resumed run says nothing new")
    func said() throws {
        let model = ["--num-layers", "1", "--hidden-size", "16", "--num-attention-heads", "2", "--vocab-size", "300"]
        let bench = try Tool.slwTrain.start(
            ["bench", "--bf16", "--json", "--steps", "2", "--seq-length", "8", "--threads", "1"] + model, in: directory
        ).finish()
        try #require(bench.status == 0, "\(bench.errors)")
        let precision = try #require(try bench.json["precision"]?.string)
        #expect(["bf16", "fp32"].contains(precision))
        #expect(bench.errors.contains(Self.notice) == (precision == "fp32"))

        try directory.preprocessSome()
        let run = try Tool.slwTrain.start(
            [
                "--data", "data", "--preset", "tiny", "--bf16", "--run-dir", "run", "--seq-length", "32", "--train-tokens", "2K",
                "--stop-after", "2", "--threads", "1",
            ], in: directory
        ).finish()
        try #require(run.status == 0, "\(run.errors)")
        #expect(run.errors.contains(Self.notice) == (precision == "fp32"))
        #expect(run.errors.contains("precision \(precision)"))
        let resumed = try Tool.slwTrain.start(["resume", "run", "--stop-after", "3", "--json"], in: directory).finish()
        try #require(resumed.status == 0, "\(resumed.errors)")
        #expect(!resumed.errors.contains(Self.notice))
        let configuration = try JSONValue.parse(Array(Data(contentsOf: URL(filePath: directory.file("run/config.json")))))
        #expect(configuration["model"]?["precision"]?.string == precision)
    }
}
