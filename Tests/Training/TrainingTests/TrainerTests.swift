import Batches
import Files
import Foundation
import JSON
import Metrics
import Quantities
import Sampling
import TestSupport
import Testing

@testable import Training
@testable import Transformer

/// A model small enough to check by hand: logits of the next token are one row of a table, updated by plain Adam.
final class BigramLearner: Learner {
    let vocabulary: Int
    var weights: [Float], momentum: [Float], variance: [Float], gradients: [Float]
    var updates = 0
    /// A step whose loss is not a number.
    var brokenStep: Int?

    init(vocabulary: Int) {
        self.vocabulary = vocabulary
        weights = (0..<vocabulary * vocabulary).map { Float($0 * 7919 % 101) / 1010 }
        momentum = [Float](repeating: 0, count: weights.count)
        variance = momentum
        gradients = momentum
    }

    var tensors: [NamedTensor] {
        let half = vocabulary / 2
        return [
            NamedTensor(name: "low", shape: [half, vocabulary], offset: 0, decays: true),
            NamedTensor(name: "high", shape: [vocabulary - half, vocabulary], offset: half * vocabulary, decays: true),
        ]
    }

    func withState<R>(
        _ body: (UnsafeMutableBufferPointer<Float>, UnsafeMutableBufferPointer<Float>, UnsafeMutableBufferPointer<Float>) -> R
    ) -> R {
        weights.withUnsafeMutableBufferPointer { w in
            momentum.withUnsafeMutableBufferPointer { m in variance.withUnsafeMutableBufferPointer { v in body(w, m, v) } }
        }
    }

    func stateWasReplaced() {}

    private func visit(_ rows: TokenRows, _ gradient: ((Int, Float) -> Void)?) -> Double {
        var sum = 0.0
        for index in 0..<rows.rows * rows.length where rows.targets[index] >= 0 {
            let row = Int(rows.inputs[index]) * vocabulary
            let highest = (0..<vocabulary).map { weights[row + $0] }.max()!
            let exponentials = (0..<vocabulary).map { exp(weights[row + $0] - highest) }
            let total = exponentials.reduce(0, +)
            let target = Int(rows.targets[index])
            sum += Double(log(total) + highest - weights[row + target])
            if let gradient { for word in 0..<vocabulary { gradient(row + word, exponentials[word] / total - (word == target ? 1 : 0)) } }
        }
        return sum
    }

    func accumulate(_ rows: TokenRows, scale: Float, pass: PassIdentity) -> Double {
        if updates + 1 == brokenStep { return .nan }
        return visit(rows) { self.gradients[$0] += $1 * scale }
    }
    func loss(_ rows: TokenRows) -> Double { visit(rows, nil) }
    func gradientNorm() -> Double { gradients.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }

    func update(learningRate: Double, gradientScale: Double, measuring: Bool) -> AdamW.Statistics? {
        updates += 1
        for index in weights.indices {
            let gradient = gradients[index] * Float(gradientScale)
            momentum[index] = 0.9 * momentum[index] + 0.1 * gradient
            variance[index] = 0.95 * variance[index] + 0.05 * gradient * gradient
            let (m, v) = (momentum[index] / (1 - pow(0.9, Float(updates))), variance[index] / (1 - pow(0.95, Float(updates))))
            weights[index] -= Float(learningRate) * m / (v.squareRoot() + 1e-8)
            gradients[index] = 0
        }
        guard measuring else { return nil }
        return AdamW.Statistics(
            varianceNorm: variance.reduce(0) { $0 + Double($1.squareRoot()) }, varianceMax: Double(variance.max()!.squareRoot()),
            momentumNorm: momentum.reduce(0) { $0 + Double(abs($1)) }, weightNorm: 1)
    }

    func operationsPerTarget(length: Int) -> Double { 6 * Double(vocabulary) }
    func measureMachine() -> Double? { 1e9 }
}

/// Batches of a text that repeats, longer with each step.
final class CountingSource: BatchSource {
    var slices: JSONValue { .null }
    let vocabulary: Int, rows: Int, length: Int
    private var step = 0
    private(set) var counts = TailCounts()
    private(set) var digest: UInt64 = 0

    init(vocabulary: Int, rows: Int, length: Int) { (self.vocabulary, self.rows, self.length) = (vocabulary, rows, length) }

    func next() throws(TrainingError) -> Batch? {
        step += 1
        let now = min(length, 2 + step / 2)
        func token(_ index: Int) -> Int32 { Int32((index * index / 3 + step) % vocabulary) }
        let all = rows * now
        let targets = (0..<all).map { $0 % 7 == 6 ? -1 : token($0 + 1) }
        counts.used += all
        for target in targets { digest &+= UInt64(UInt32(bitPattern: target)) &* 0x9E37_79B9 }
        return Batch(inputs: (0..<all).map(token), targets: targets, length: now)
    }

    func observe(loss: Double) {}
    func state() -> [UInt8] { Array("\(step) \(counts.used) \(digest)".utf8) }
    func restore(_ state: [UInt8]) throws(TrainingError) {
        let parts = String(decoding: state, as: UTF8.self).split(separator: " ")
        step = Int(parts[0])!
        counts.used = Int(parts[1])!
        digest = UInt64(parts[2])!
    }
}

@Suite("Trainer", .serialized) struct TrainerTests {
    let directory: TemporaryDirectory
    init() throws { directory = try TemporaryDirectory() }

    func configuration() throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.data = [.init(prefix: "a")]
        configuration.sequenceLength = 8
        configuration.globalBatchSize = 6
        configuration.microBatchSize = 2
        configuration.trainTokens = 1200
        configuration.learningRate = 0.05
        configuration.clipNorm = 0.2
        configuration.validationInterval = 5
        configuration.checkpointInterval = 7
        return try configuration.resolved(for: .init(trainingTokens: 100_000, validationTokens: 900, vocabularySize: 16, processors: 1))
    }

    func trainer(_ name: String, _ configuration: TrainingConfiguration, broken: Int? = nil) throws -> Trainer {
        let folder = RunFolder(directory.file(name))
        let learner = BigramLearner(vocabulary: 16)
        learner.brokenStep = broken
        let samples = (0..<5).map { sample in (0...8).map { Int32((sample * 5 + $0 * $0) % 16) } }
        let isNew = !folder.holdsRun
        let trainer = try Trainer(
            folder: folder, configuration: configuration, learner: learner, source: CountingSource(vocabulary: 16, rows: 6, length: 8),
            validation: ValidationSet(samples: samples, length: 8))
        if isNew {
            try FileSystem.writeAtomically(Array(configuration.json.serialized().utf8), to: folder.configurationFile)
        } else {
            try trainer.restore()
        }
        return trainer
    }

    /// Everything of a history that must not depend on interruptions.
    func essence(_ history: RunHistory) -> [String] {
        history.steps.map { record in
            var record = record
            (record.seconds, record.elapsed, record.tokensPerSecond, record.utilisation) = (.nan, .nan, .nan, .nan)
            return record.json.serialized()
        } + history.validations.map { "\($0.progress) \($0.loss)" }
    }

    @Test("a run ends at its budget with falling losses, checkpoints, tables and a report")
    func whole() throws {
        var events: [String] = []
        let trainer = try trainer("a", configuration())
        let summary = try trainer.run { event in
            switch event {
            case .step: events.append("s")
            case .validation: events.append("v")
            case .checkpoint: events.append("c")
            case .notice: events.append("n")
            }
        }
        let history = try trainer.folder.history()
        #expect(summary.ending == .finished && summary.trainedTokens >= 1200 && summary.trainedTokens < 1200 + 48)
        #expect(history.steps.count == summary.steps && history.steps.first!.loss > history.steps.last!.loss)
        #expect(
            history.steps[0].learningRate == 0 && history.steps.contains { $0.clipped == 1 } && history.steps.contains { $0.clipped == 0 })
        #expect(history.steps.dropFirst().allSatisfy { $0.lossRatio > 0 && $0.varianceNorm > 0 && $0.utilisation > 0 })
        #expect(summary.validationLoss == history.validations.last!.loss)
        #expect(trainer.checkpoints.steps().count <= 4 && trainer.checkpoints.newestIntact().step == summary.steps)
        #expect(events.joined().hasSuffix("svc"))
        for file in [trainer.folder.reportFile, trainer.folder.csvFile] { #expect(FileSystem.exists(file)) }
        #expect(try FileSystem.list(trainer.folder.tensorBoardFolder).count == 1)
        // For looking at what a run leaves: SLW_KEEP_RUN=FOLDER swift test --filter TrainerTests
        if let kept = ProcessInfo.processInfo.environment["SLW_KEEP_RUN"] {
            try FileManager.default.copyItem(atPath: trainer.folder.path, toPath: kept)
        }
    }

    @Test("stopped after any step and resumed, the run is the same run bit for bit")
    func resume() throws {
        let whole = try trainer("whole", configuration())
        let expected = try whole.run()
        let essence = essence(try whole.folder.history())
        for stop in 0..<expected.steps {
            let name = "cut\(stop)"
            let first = try trainer(name, configuration()).run(stepLimit: stop)
            #expect(first.ending == .stopped && first.steps == stop)
            let second = try trainer(name, configuration())
            let summary = try second.run()
            #expect(
                summary.digest == expected.digest && summary.steps == expected.steps && summary.validationLoss == expected.validationLoss)
            #expect(self.essence(try second.folder.history()) == essence, "stopped after step \(stop)")
        }
    }

    @Test("after a crash between checkpoints, and with the newest checkpoint damaged, the curve is still the same")
    func crash() throws {
        let whole = try trainer("whole", configuration())
        _ = try whole.run()
        let essence = essence(try whole.folder.history())
        // The crash: everything after the checkpoint at step 14 exists in the metrics only.
        let folder = try trainer("crash", configuration()).run(stepLimit: 17).folder
        try FileSystem.removeTree(folder + "/checkpoints/step-00000017")
        try FileSystem.createDirectories(folder + "/checkpoints/step-00000021.partial")
        let damaged = folder + "/checkpoints/step-00000014/optimizer.safetensors"
        var bytes = try FileSystem.readAll(damaged)
        bytes[bytes.count - 1] ^= 0x40
        try Data(bytes).write(to: URL(filePath: damaged))
        let resumed = try trainer("crash", configuration())
        #expect(resumed.progress.steps == 7)
        #expect(resumed.notices.contains { $0.contains("step-00000014") && $0.contains("checksum") })
        _ = try resumed.run()
        #expect(self.essence(try resumed.folder.history()) == essence)
        #expect(!FileSystem.exists(folder + "/checkpoints/step-00000021.partial"))
    }

    @Test("a loss that is not a number ends the run before the update, and names the last good checkpoint")
    func diverged() throws {
        let trainer = try trainer("a", configuration(), broken: 10)
        let error = #expect(throws: TrainingError.self) { try trainer.run() }
        #expect("\(error!)".contains("step 10: the loss is not a finite number") && "\(error!)".contains("step-00000007"))
        #expect(trainer.checkpoints.newestIntact().step == 7)
    }

    @Test("two processes cannot train in one folder")
    func locked() throws {
        let first = try trainer("a", configuration())
        #expect(throws: TrainingError.self) { try self.trainer("a", configuration()) }
        #expect(first.progress.steps == 0)
    }

    @Test("the console shows fixed columns, a heading, and what is left")
    func console() throws {
        var view = ConsoleView(usesUnicode: true)
        var lines: [String] = []
        _ = try trainer("a", configuration()).run { event in lines += view.lines(for: event, every: 3) }
        #expect(lines.first!.contains("tokens/s") && lines.contains { $0.contains("★") } && lines.contains { $0.contains("▁") })
        #expect(lines.allSatisfy { !$0.hasSuffix(" ") && !$0.contains("\n") })
    }
}
