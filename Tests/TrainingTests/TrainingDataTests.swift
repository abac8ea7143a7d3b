import Files
import Foundation
import IndexedDataset
import JSON
import LengthWarmup
import TestSupport
import Testing

@testable import Training

@Suite("TrainingData") struct TrainingDataTests {
    let directory: TemporaryDirectory
    let prefix: String

    init() throws {
        directory = try TemporaryDirectory()
        prefix = directory.file("corpus")
        try Self.write(prefix, tokens: 4000, seed: TestRun.seed)
    }

    static func write(_ prefix: String, tokens: Int, seed: UInt64, metadata: DatasetMetadata = DatasetMetadata()) throws {
        var random = SeededGenerator(seed)
        var writer = try IndexedDatasetWriter(prefix: prefix, tokenType: .uint16, overwrite: true)
        var left = tokens
        while left > 0 {
            let count = min(left, Int.random(in: 1...60, using: &random))
            try writer.append(tokens: (0..<count).map { _ in Int.random(in: 0..<16, using: &random) })
            try writer.endDocument()
            left -= count
        }
        _ = try writer.finish(metadata: metadata)
    }

    func configuration(_ change: (inout TrainingConfiguration) -> Void = { _ in }) throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: prefix)]
        configuration.split = "90,10,0"
        configuration.sequenceLength = 16
        configuration.globalBatchSize = 4
        configuration.warmupStart = 2
        configuration.warmupSteps = 20
        change(&configuration)
        return try configuration.resolved(for: TrainingData(configuration).surroundings(processors: 1))
    }

    func trainer(_ name: String, _ configuration: TrainingConfiguration) throws -> Trainer {
        let folder = RunFolder(directory.file(name))
        let isNew = !folder.holdsRun
        let data = try TrainingData(configuration)
        let trainer = try Trainer(
            folder: folder, configuration: configuration, learner: BigramLearner(vocabulary: 16), source: data.source(configuration),
            validation: data.validationSet(configuration))
        if isNew {
            try FileSystem.writeAtomically(Array(configuration.json.serialized().utf8), to: folder.configurationFile)
        } else {
            try trainer.restore()
        }
        return trainer
    }

    @Test("what a configuration needs to know is read from the data")
    func surroundings() throws {
        let data = try TrainingData(configuration())
        let found = data.surroundings(processors: 3)
        #expect(found.vocabularySize == 16 && found.processors == 3)
        #expect(found.trainingTokens + found.validationTokens == 4000 && found.validationTokens > 200)
    }

    @Test("a whole epoch under reuse trains each target once; stopping anywhere changes neither digest nor losses")
    func epoch() throws {
        let samples = (try TrainingData(configuration()).surroundings(processors: 1).trainingTokens - 1) / 16
        let configuration = try configuration { $0.trainTokens = samples * 16 }
        let whole = try trainer("whole", configuration)
        let expected = try whole.run()
        #expect(
            expected.used == samples * 16 && expected.outstanding == 0 && expected.dropped == 0 && expected.trainedTokens == samples * 16)
        let losses = try whole.folder.history().steps.map(\.loss)
        for stop in [1, 7, 19, expected.steps - 1] {
            _ = try trainer("cut\(stop)", configuration).run(stepLimit: stop)
            let second = try trainer("cut\(stop)", configuration)
            #expect(try second.run().digest == expected.digest)
            #expect(try second.folder.history().steps.map(\.loss) == losses)
        }
        // Another policy trains the same targets in another order: the digest does not know the order.
        let eager = try trainer("eager", self.configuration { ($0.trainTokens, $0.tails) = (samples * 16, .eager) })
        #expect(try eager.run().digest == expected.digest)
    }

    @Test("validation reads the same rows whatever the run's seed, and none when the split is too small")
    func validation() throws {
        func losses(_ seed: Int) throws -> Double {
            let configuration = try configuration { $0.seed = seed }
            return try #require(TrainingData(configuration).validationSet(configuration)).loss(of: BigramLearner(vocabulary: 16), rows: 3)
        }
        #expect(try losses(1) == losses(2))
        let small = try configuration { $0.split = "100,0,0" }
        #expect(try TrainingData(small).validationSet(small) == nil)
    }

    @Test("resuming with data that changed is refused with the difference")
    func changed() throws {
        let configuration = try configuration()
        _ = try trainer("a", configuration).run(stepLimit: 5)
        try Self.write(prefix, tokens: 4000, seed: 99)
        let error = #expect(throws: TrainingError.self) { try self.trainer("a", configuration) }
        #expect(error!.description.contains("cannot resume"))
    }

    @Test("sets of different tokenizers are not mixed")
    func tokenizers() throws {
        func metadata(_ name: String, _ digest: UInt64) -> DatasetMetadata {
            DatasetMetadata(tokenizer: .init(name: name, digest: digest, vocabularySize: 300, endOfText: 0))
        }
        try Self.write(directory.file("x"), tokens: 500, seed: 1, metadata: metadata("gpt2", 1))
        try Self.write(directory.file("y"), tokens: 500, seed: 1, metadata: metadata("other", 2))
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: directory.file("x")), .init(prefix: directory.file("y"))]
        let error = #expect(throws: TrainingError.self) { try TrainingData(configuration) }
        #expect(error!.description.contains("one tokenizer"))
        configuration.data.removeLast()
        #expect(try TrainingData(configuration).surroundings(processors: 1).vocabularySize == 300)
    }

    @Test("every pacing of the command line becomes a plan", arguments: TrainingConfiguration.Pacing.allCases)
    func pacing(pacing: TrainingConfiguration.Pacing) throws {
        let configuration = try configuration {
            $0.pacing = pacing
            $0.pacingTable = pacing == .mixed ? "4:9,16:1" : "4:0.5K,8:20,16"
        }
        let plan = try configuration.planConfiguration()
        try plan.check()
        if pacing == .table { #expect(plan.pacing == .table(lengths: [4, 8, 16], bounds: [500, 520])) }
        if pacing == .root { #expect(plan.pacing == .root(start: 2, steps: 20, exponent: 0.5)) }
    }

    @Test("stages that are none are refused", arguments: ["", "4", "4:9,16:1,3:2", "x:1,2:3", "4:9,16"])
    func stages(text: String) throws {
        #expect(throws: TrainingError.self) {
            try self.configuration { ($0.pacing, $0.pacingTable) = (.mixed, text) }.planConfiguration()
        }
    }
}
