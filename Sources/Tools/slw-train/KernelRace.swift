import CommandKit
import Files
import JSON
import Quantities
import Training
import Transformer

/// Finds the fastest of OpenBLAS's kernels for a model: one process for each set of kernels goes forward and backward through a slice of the model, in
/// turns, for about a second in all. Processor time is compared, so that other work on the machine does not decide; and OpenBLAS's own choice stays
/// unless another set is clearly faster.
struct KernelRace {
    /// What is multiplied: one block of the model with its share of the vocabulary, so that products of the blocks and of the output have
    /// their weight, and tokens enough for products of usual size.
    struct Shape: Equatable {
        var width: Int
        var heads: Int
        var vocabulary: Int
        var rows: Int
        var length: Int
        var threads: Int?

        init(_ model: ModelConfiguration, rows: Int, length: Int, threads: Int?) {
            width = model.width
            heads = model.headCount
            vocabulary = max(64, model.vocabularySize / max(1, model.layerCount))
            // Some 20 ms on two cores; the smallest steps of a run matter least.
            let operations = 6 * Double(12 * model.width * model.width + vocabulary * model.width)
            let tokens = max(96, min(rows * length, 512, Int(4e9 / operations)))
            self.length = min(length, tokens)
            self.rows = (tokens + self.length - 1) / self.length
            self.threads = threads
        }

        /// Of a run whose choices are made.
        init(_ configuration: TrainingConfiguration) {
            self.init(
                configuration.modelConfiguration, rows: configuration.microBatchSize ?? configuration.globalBatchSize,
                length: configuration.sequenceLength ?? 256, threads: configuration.lanes)
        }

        var words: [String] {
            [
                "--num-layers", "1", "--hidden-size", "\(width)", "--num-attention-heads", "\(heads)", "--vocab-size", "\(vocabulary)",
                "--micro-batch-size", "\(rows)", "--seq-length", "\(length)",
            ] + (threads.map { ["--threads", "\($0)"] } ?? [])
        }
    }

    let shape: Shape
    /// OpenBLAS's own choice, then its rivals.
    let kernels: [String]

    /// After so many seconds no further round begins, unless a rival looks faster without being clearly so: a busy machine needs three times as long.
    static let patience = 1.2
    static let fewestRounds = 7
    static let mostRounds = 50

    func run() throws -> KernelComparison {
        guard kernels.count > 1 else { return KernelComparison(own: ProductKernels.loaded, rivals: []) }
        var runners: [Runner] = []
        for name in kernels { runners.append(try Runner(name, shape)) }
        // The first step touches its memory for the first time. Who cannot take it, does not run.
        let own = runners[0]
        runners.removeAll { $0.step() == nil }
        let start = ContinuousClock.now
        var comparison = KernelComparison(own: own.name, rivals: [])
        repeat {
            // Another one begins each time: what the one before leaves behind (clock, caches) meets all of them.
            let first = own.seconds.count
            for place in runners.indices {
                let runner = runners[(place + first) % runners.count]
                runner.seconds.append(runner.step() ?? .infinity)
            }
            if StopSignal.isRequested { throw CommandEnd.interrupted("interrupted while kernels were measured") }
            // Without it nothing can be compared.
            guard own.seconds.last?.isFinite == true else { return KernelComparison(own: own.name, rivals: []) }
            comparison = KernelComparison(
                own: own.name,
                rivals: runners.filter { $0 !== own }.map { rival in
                    KernelComparison.Rival(kernels: rival.name, ratios: zip(rival.seconds, own.seconds).map { $0 / $1 })
                })
        } while Self.needsAnotherRound(comparison, seconds: (ContinuousClock.now - start) / .seconds(1))
        return comparison
    }

    private static func needsAnotherRound(_ comparison: KernelComparison, seconds: Double) -> Bool {
        if comparison.rounds < fewestRounds { return true }
        return comparison.rounds < mostRounds && seconds < (comparison.isUndecided ? 3 * patience : patience)
    }

    /// One set of kernels at work: `slw-train bench` with them, which takes a step for each line that it is given.
    private final class Runner {
        let name: String
        var seconds: [Double] = []
        private let process: ChildProcess
        private var unread: [UInt8] = []

        init(_ name: String, _ shape: Shape) throws(FileError) {
            self.name = name
            process = try ChildProcess(
                ProgramImage.path,
                ["bench", "--blas-core", name, "--passes-only", "--on-request", "--quiet", "--steps", "1K"] + shape.words, input: nil)
        }

        /// Processor time of one more step, in seconds; nil when the process has ended.
        func step() -> Double? {
            guard let input = process.input, unsafe [UInt8(ascii: "\n")].withUnsafeBytes({ unsafe input.write($0) }) else { return nil }
            while true {
                if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { unread.removeSubrange(...end) }
                    return (try? JSONValue.parse(Array(unread[..<end])))?["processor_seconds"]?.double
                }
                var block = [UInt8](repeating: 0, count: 4096)
                let count = unsafe block.withUnsafeMutableBytes { (try? unsafe process.output.read(into: $0)) ?? 0 }
                guard count > 0 else { return nil }
                unread += block[..<count]
            }
        }
    }
}

extension KernelComparison {
    /// One line for the person who asked.
    var sentence: String {
        guard !rivals.isEmpty else { return "OpenBLAS has no other kernels that can be measured here: \(own) stays" }
        let texts = rivals.map { rival in
            rival.median.isFinite ? "\(rival.kernels) \(QuantityText.fixed(100 * rival.median, 1)) %" : "\(rival.kernels) failed"
        }
        let verdict = winner == own ? "\(own) stays" : "taking \(winner)"
        return
            "processor time of a step against OpenBLAS's own choice, \(own): \(texts.joined(separator: ", ")) (medians of \(rounds) rounds): \(verdict)"
    }
}
