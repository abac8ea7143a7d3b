import Batches
import DatasetFixtures
import Evaluation
import Exchange
import Files
import Foundation
import IndexedDatasets
import JSON
import Metrics
import Quantities
import Sampling
import TestSupport
import Testing
import Tokenization
import Transformer

@testable import Training

/// The whole road with a real model: data set, plan, GPT, checkpoints, report.
@Suite("End to end", .serialized) struct EndToEndTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        // A language with something to learn: each token mostly follows from the one before.
        var random = SeededGenerator(TestRun.seed)
        let documents = (0..<300).map { _ in
            var token = Int.random(in: 0..<50, using: &random)
            return (0..<Int.random(in: 5...60, using: &random)).map { _ -> Int in
                token = Int.random(in: 0..<10, using: &random) < 8 ? (token * 7 + 3) % 50 : Int.random(in: 0..<50, using: &random)
                return token
            }
        }
        try directory.dataset("corpus", documents)
    }

    func configuration() -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: directory.file("corpus"))]
        configuration.split = "90,10,0"
        configuration.sequenceLength = 32
        configuration.globalBatchSize = 4
        configuration.microBatchSize = 3
        configuration.warmupStart = 8
        (configuration.layers, configuration.width, configuration.heads) = (2, 32, 2)
        configuration.learningRate = 1e-2
        configuration.trainTokens = 4000
        configuration.lanes = 2
        return configuration
    }

    func losses(_ folder: RunFolder) throws -> [Double] {
        let history = try folder.history()
        return history.steps.flatMap { [$0.loss, $0.gradientNorm, $0.varianceNorm, $0.momentumNorm, $0.weightNorm, $0.learningRate] }
            + history.validations.map(\.loss)
    }

    @Test("a model learns, stops, resumes with the same bits, and its report is complete")
    func train() throws {
        let whole = RunFolder(directory.file("whole"))
        let summary = try Trainer.start(configuration(), in: whole).run()
        let history = try whole.history()
        #expect(summary.ending == .finished && (4000..<4032).contains(summary.trainedTokens))
        #expect(summary.validationLoss! < history.validations[0].loss - 0.3 && summary.validationLoss! < 3.5)
        #expect(history.steps.allSatisfy { $0.varianceMax > 0 && $0.utilisation > 0 && $0.gradientNorm > 0 })
        #expect(history.steps[0].length == 8 && history.steps.last!.length == 32)
        #expect(try String(decoding: FileSystem.readAll(whole.reportFile), as: UTF8.self).contains("Adam variance norm"))

        let cut = RunFolder(directory.file("cut"))
        for stop in [3, 11, 12, summary.steps - 1] {
            let trainer = FileSystem.exists(cut.path) ? try Trainer.resume(cut) : try Trainer.start(configuration(), in: cut)
            #expect(try trainer.run(stepLimit: stop).steps == stop)
        }
        // Another number of lanes: the same bits.
        let last = try Trainer.resume(cut) { $0.lanes = 1 }.run()
        #expect(last.digest == summary.digest)
        #expect(try losses(cut) == losses(whole))
        let name = "/checkpoints/step-" + String(String(100_000_000 + summary.steps).dropFirst()) + "/"
        for file in ["model.safetensors", "optimizer.safetensors"] {
            #expect(try FileSystem.readAll(cut.path + name + file) == FileSystem.readAll(whole.path + name + file))
        }
    }

    @Test("dropout is the same after a resume and with another number of lanes, and another with another seed")
    func dropout() throws {
        var configuration = configuration()
        (configuration.hiddenDropout, configuration.attentionDropout) = (0.1, 0.2)
        let whole = RunFolder(directory.file("whole"))
        _ = try Trainer.start(configuration, in: whole).run(stepLimit: 12)
        let cut = RunFolder(directory.file("cut"))
        _ = try Trainer.start(configuration, in: cut).run(stepLimit: 7)
        _ = try Trainer.resume(cut) { $0.lanes = 3 }.run(stepLimit: 12)
        #expect(try losses(cut) == losses(whole))

        // Evaluation has no dropout; steps have, so the first losses of equal weights differ.
        let without = RunFolder(directory.file("without"))
        (configuration.hiddenDropout, configuration.attentionDropout) = (0, 0)
        _ = try Trainer.start(configuration, in: without).run(stepLimit: 1)
        #expect(try losses(without)[0] != losses(whole)[0])
        let error = #expect(throws: TrainingError.self) { try Trainer.resume(whole) { $0.attentionDropout = 0.3 } }
        #expect("\(error!)".contains("model.attention_dropout: 0.2 there, 0.3 here"))
        configuration.hiddenDropout = 1
        #expect(throws: TrainingError.self) { try Trainer.start(configuration, in: RunFolder(directory.file("all"))) }

        let export = directory.file("hf")
        try TrainedModel(whole.path, choosing: .newest, lanes: 1).export(to: export, tokenizer: nil)
        let shape = try JSONFile.read(export + "/config.json", expected: "")
        #expect(shape["resid_pdrop"] == 0.1 && shape["embd_pdrop"] == 0.1 && shape["attn_pdrop"] == 0.2)
    }

    @Test(
        "a run in bf16 is the same after a resume and with another number of lanes, and stays in bf16",
        .needs(.machine(ProductPrecision.bfloat16.isSupported, "no AVX-512 BF16")))
    func bfloat16() throws {
        var configuration = configuration()
        configuration.precision = .bfloat16
        let whole = RunFolder(directory.file("whole"))
        let summary = try Trainer.start(configuration, in: whole).run()
        let history = try whole.history()
        #expect(summary.validationLoss! < history.validations[0].loss - 0.3 && history.steps.allSatisfy { $0.utilisation > 0 })
        let cut = RunFolder(directory.file("cut"))
        _ = try Trainer.start(configuration, in: cut).run(stepLimit: 7)
        #expect(try cut.configuration().precision == .bfloat16)
        _ = try Trainer.resume(cut) { $0.lanes = 3 }.run()
        #expect(try losses(cut) == losses(whole))

        let error = #expect(throws: TrainingError.self) { try Trainer.resume(cut) { $0.precision = .float32 } }
        #expect("\(error!)".contains("model.precision: \"bf16\" there, \"fp32\" here"))
        // The same run in single precision is close by, and another one.
        let single = RunFolder(directory.file("single"))
        let other = try Trainer.start(self.configuration(), in: single).run()
        #expect(try losses(single)[0] != losses(whole)[0] && abs(losses(single)[0] - losses(whole)[0]) < 1e-2)
        #expect(other.digest == summary.digest && abs(other.validationLoss! - summary.validationLoss!) < 0.1)
    }

    @Test("a run is begun once, and resumed only as what it was")
    func refused() throws {
        let folder = RunFolder(directory.file("run"))
        _ = try Trainer.start(configuration(), in: folder).run(stepLimit: 2)
        #expect(throws: TrainingError.self) { try Trainer.start(self.configuration(), in: folder) }
        let error = #expect(throws: TrainingError.self) { try Trainer.resume(folder) { $0.clipNorm = 2 } }
        #expect("\(error!)".contains("optimizer.clip_norm: 1.0 there, 2.0 here"))
        #expect(try Trainer.resume(folder) { $0.logInterval = 7 }.configuration.logInterval == 7)
        #expect(try folder.configuration().logInterval == 7)
        #expect(throws: TrainingError.self) { try Trainer.resume(RunFolder(directory.file("nothing"))) }
    }

    @Test("an exported model comes back with the same losses, and a run can begin with it")
    func exported() throws {
        let folder = RunFolder(directory.file("run"))
        _ = try Trainer.start(configuration(), in: folder).run(stepLimit: 20)
        let model = try TrainedModel(folder.path, choosing: .newest, lanes: 1)
        try model.export(to: directory.file("hf"), tokenizer: nil)
        let back = try TrainedModel(directory.file("hf"), lanes: 1)
        let batch = Batch(inputs: (0..<32).map { $0 % 50 }, targets: (0..<32).map { ($0 * 3 + 1) % 50 }, length: 16)
        let expected = try batch.withRows(0..<2) { try model.scores($0, withRanks: true) }
        #expect(try batch.withRows(0..<2) { try back.scores($0, withRanks: true) } == expected)
        #expect(expected.contains { $0.negativeLogLikelihood > 0 })

        var configuration = configuration()
        configuration.initialWeights = directory.file("hf")
        let second = RunFolder(directory.file("second"))
        _ = try Trainer.start(configuration, in: second).run(stepLimit: 1)
        #expect(try losses(second)[0] < losses(folder)[0] - 0.3)
        configuration.layers = 3
        #expect(throws: TrainingError.self) { try Trainer.start(configuration, in: RunFolder(directory.file("third"))) }
    }

    @Test("text is continued the same way for the same seed, beyond the context too")
    func generate() throws {
        let folder = RunFolder(directory.file("run"))
        _ = try Trainer.start(configuration(), in: folder).run(stepLimit: 30)
        let model = try TrainedModel(folder.path)
        func text(_ seed: UInt64) throws -> [TokenID] {
            var tokens: [TokenID] = []
            try model.generate(after: [3], count: 50, sampler: TokenSampler(topK: 5, seed: seed)) { token in
                tokens.append(token)
                return true
            }
            return tokens
        }
        let first = try text(1)
        #expect(first.count == 50 && first.allSatisfy { $0 < 50 })
        #expect(try text(1) == first && text(2) != first)
    }
}

@Suite("Hugging Face's reference", .needs(.shared("gpt2/tiny-random"))) struct ReferenceModelTests {
    @Test("logits and losses of transformers' GPT-2", arguments: ["model.safetensors", "model-gpt2-names.safetensors"])
    func reference(weights: String) throws {
        let directory = try TemporaryDirectory()
        let source = Place.shared("gpt2/tiny-random")!
        for (from, to) in [("config.json", "config.json"), (weights, "model.safetensors")] {
            try FileManager.default.copyItem(atPath: source + "/" + from, toPath: directory.file(to))
        }
        let reference =
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: source + "/reference.json"))) as! [String: Any]
        let ids = (reference["ids"] as! [Int]).map { Int32($0) }
        let model = try TrainedModel(directory.path, lanes: 2)
        let batch = Batch(inputs: ids, targets: Array(ids.dropFirst()) + [-1], length: ids.count)
        let scores = try batch.withRows(0..<1) { try model.scores($0, withRanks: false) }
        for (score, expected) in zip(scores, reference["nll"] as! [Double]) { #expect(abs(score.negativeLogLikelihood - expected) < 1e-4) }

        var logits = [Float](repeating: 0, count: ids.count * model.vocabularySize)
        try logits.withUnsafeMutableBufferPointer { buffer in
            try batch.withRows(0..<1) { try model.model.logits($0, at: Array(ids.indices), into: buffer) }
        }
        for position in ids.indices {
            let row = logits[position * model.vocabularySize..<(position + 1) * model.vocabularySize]
            for (logit, expected) in zip(row, (reference["logits_first8"] as! [[Double]])[position]) {
                #expect(abs(Double(logit) - expected) < 1e-4)
            }
            #expect(row.firstIndex(of: row.max()!)! - row.startIndex == (reference["argmax"] as! [Int])[position])
            let norm = row.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(norm / (reference["logits_l2"] as! [Double])[position] - 1) < 1e-4)
        }
    }
}
