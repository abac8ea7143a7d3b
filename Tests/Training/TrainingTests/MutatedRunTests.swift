import Files
import JSON
import Metrics
import LengthWarmup
import Sampling
import TestSupport
import Testing
import Transformer
import Quantities

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

    @Test("a damaged manifest is never taken for a whole checkpoint's")
    func manifest() throws {
        let path = try checkpoint("a")
        let good = try FileSystem.readAll(path + "/manifest.json")
        let whole = try JSONValue.parse(good)["files"]
        try mutate("manifest", [good], cases: TestRun.cases(400), expecting: FormatError.self) { bytes in
            try directory.replace(path + "/manifest.json", with: bytes)
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
            try directory.replace(path + "/" + name, with: bytes)
            let read = try Checkpoint(reading: path, into: learner)
            _ = (read.state.json, read.source.count)
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
}
