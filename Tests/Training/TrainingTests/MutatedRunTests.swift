import Files
import JSON
import LengthWarmup
import TestSupport
import Testing
import Transformer

@testable import Training

/// Files of a run, and of others' runs, that were damaged.
@Suite("Damaged runs") struct MutatedRunTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    private var learner: BigramLearner { BigramLearner(vocabulary: 8) }

    /// Writes a checkpoint and returns where.
    private func checkpoint(_ name: String) throws -> String {
        var state = TrainerState()
        state.progress = TrainingProgress(steps: 12, samples: 96, tokens: 700)
        state.best = .init(step: 10, loss: 3.5)
        return try Checkpoint(state: state, source: Array("source".utf8), digest: 77, updates: 12).write(
            learner, to: CheckpointFolder(directory.file(name)))
    }

    private func replace(_ path: String, with bytes: [UInt8]) throws {
        // A new file each time: the old one may be mapped.
        try FileSystem.rename(directory.write(bytes, to: "new"), to: path)
    }

    @Test("a damaged manifest is never taken for a whole checkpoint's")
    func manifest() throws {
        let path = try checkpoint("a")
        let good = try FileSystem.readAll(path + "/manifest.json")
        let whole = try JSONValue.parse(good)["files"]
        try mutate("manifest", [good], cases: TestRun.cases(400), expecting: TrainingError.self) { bytes in
            try replace(path + "/manifest.json", with: bytes)
            try CheckpointFolder.verify(path)
            // What it still says about files is true.
            for (name, entry) in try #require(JSONValue.parse(bytes)["files"]?.object) {
                #expect(entry["xxh64"] == whole?[name]?["xxh64"], "\(name)")
            }
        }
    }

    @Test(
        "a damaged state or tensor behind a right checksum is read or refused",
        arguments: ["state.json", "model.safetensors", "optimizer.safetensors"])
    func checkpointFile(_ name: String) throws {
        let path = try checkpoint("a")
        let good = try FileSystem.readAll(path + "/" + name)
        let learner = learner
        let tally = try mutate("checkpoint-\(name)", [good], cases: TestRun.cases(250), expecting: TrainingError.self) { bytes in
            try replace(path + "/" + name, with: bytes)
            let read = try Checkpoint(reading: path, into: learner)
            _ = (read.state.json, read.source.count)
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }

    @Test("a damaged header of tensors never leads outside of the file")
    func tensors() throws {
        var writer = try SafeTensorsWriter(
            directory.file("a"), tensors: [("x", [3, 2]), ("empty", [0, 4]), ("y", [2])], metadata: ["a": "b"])
        try writer.append([Float](repeating: 1, count: 8))
        _ = try writer.finish()
        let good = try FileSystem.readAll(directory.file("a"))
        let tally = try mutate("safetensors", [good], cases: TestRun.cases(500), expecting: TrainingError.self) { bytes in
            // The length of the header is put right, so that damage inside of it is seen.
            var bytes = bytes
            if bytes.count > 8, let end = bytes.lastIndex(of: 0x7D), end >= 8 {
                let length = max(end - 7, (end - 7 + 7) / 8 * 8)
                for byte in 0..<8 { bytes[byte] = UInt8(truncatingIfNeeded: length >> (8 * byte)) }
            }
            try replace(directory.file("m"), with: bytes)
            let file = try SafeTensors(path: directory.file("m"))
            for tensor in file.tensors {
                #expect(tensor.byteRange.upperBound <= bytes.count)
                _ = try? file.floats(tensor)
            }
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }

    @Test("a damaged config.json of a Hugging Face model is refused or asks for what the weights are")
    func huggingFace() throws {
        let shape = HuggingFaceModel.Shape(layers: 1, width: 4, heads: 2, contextLength: 6, vocabularySize: 9)
        try HuggingFaceModel.write(shape, to: directory.file("hf"), endOfText: 8) { name in
            let sizes = HuggingFaceModel.tensors(of: shape).first { $0.name == name }!.shape
            return [Float](repeating: 0.5, count: sizes.reduce(1, *))
        }
        let path = directory.file("hf/config.json")
        let good = try FileSystem.readAll(path)
        let tally = try mutate("hf-config", [good], cases: TestRun.cases(400), expecting: TrainingError.self) { bytes in
            try replace(path, with: bytes)
            let read = try HuggingFaceModel(directory: directory.file("hf"))
            #expect(read.shape.width == 4 && read.shape.vocabularySize == 9)
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }

    @Test("a damaged configuration of a run is read or refused")
    func configuration() throws {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: "a", weight: 0.5), .init(prefix: "b", weight: 2)]
        configuration.trainTokens = 100_000
        configuration = try configuration.resolved(
            for: .init(trainingTokens: 100_000, validationTokens: 900, vocabularySize: 16, processors: 1))
        let good = configuration.json.serializedBytes(pretty: true)
        let tally = try mutate("config", [good], cases: TestRun.cases(400), expecting: TrainingError.self) { bytes in
            guard let json = try? JSONValue.parse(bytes) else { throw TrainingError.configuration("no JSON") }
            let read = try TrainingConfiguration(json: json, path: "config.json")
            _ = read.differences(from: configuration)
            let resolved = try read.resolved(
                for: .init(trainingTokens: 100_000, validationTokens: 900, vocabularySize: 16, processors: 1))
            _ = resolved.modelConfiguration.parameterCount
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }

    @Test("a damaged metrics.jsonl becomes a report all the same, or is refused")
    func metrics() throws {
        let run = MetricsTests.history("a", steps: 12)
        var lines = [#"{"schema":"slw-train.metrics","version":1}"#]
        lines += run.steps.map { $0.json.serialized() }
        lines += [#"{"kind":"resume","step":9}"#]
        lines += run.validations.map { $0.json.serialized() }
        let good = Array((lines.joined(separator: "\n") + "\n").utf8)
        let tally = try mutate("metrics", [good], cases: TestRun.cases(200), expecting: TrainingError.self) { bytes in
            try replace(directory.file("metrics.jsonl"), with: bytes)
            let read = try RunHistory.read(directory.file("metrics.jsonl"))
            _ = read.csv
            #expect(Report([read]).html.hasSuffix("</html>\n"))
        }
        #expect(tally.accepted > 0 && tally.refused > 0)
    }

    @Test("a damaged console log of Megatron becomes a report all the same, or is refused")
    func consoleLog() throws {
        let good = Array(MegatronLogTests.log.utf8)
        let tally = try mutate("megatron-log", [good], cases: TestRun.cases(200), expecting: TrainingError.self) { bytes in
            try replace(directory.file("a.log"), with: bytes)
            let read = try RunHistory.read(directory.file("a.log"))
            _ = read.csv
            #expect(Report([read]).html.hasSuffix("</html>\n"))
        }
        #expect(tally.accepted > 0)
    }
}
