#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif
import Batches
import Hashing

/// Times whole training steps (forward, backward, norm, clipped AdamW with statistics) of a fresh model on one synthetic batch. Weights and batch are
/// functions of the seed that `scripts/bench/train` repeats in Python, so that a peer's losses can be compared before its time.
public struct StepBenchmark: Sendable {
    public var configuration: ModelConfiguration
    public var rows: Int
    public var length: Int
    public var steps: Int
    public var seed: UInt64
    public var learningRate = 1e-4
    /// Forward and backward pass alone: gradients are overwritten, weights stay.
    public var isPassesOnly = false

    public init(_ configuration: ModelConfiguration, rows: Int, length: Int, steps: Int, seed: UInt64 = 1) {
        self.configuration = configuration
        self.rows = rows
        self.length = length
        self.steps = steps
        self.seed = seed
    }

    public struct Result: Sendable {
        /// Mean loss of each step, before its update.
        public var losses: [Double]
        /// Duration of each step; the first one also touches its memory for the first time.
        public var seconds: [Double]
        /// Processor time of each step, all lanes together: what others do on the machine is not in it.
        public var processorSeconds: [Double]
        /// Largest resident memory of this process so far.
        public var peakBytes: Int
        /// Operations of forward and backward pass in one step, without recomputation.
        public var operations: Double
        /// What the machine's matrix products reach, operations a second.
        public var productRate: Double

        /// Median of all steps but the first.
        public var medianSeconds: Double {
            let sorted = (seconds.count > 1 ? Array(seconds.dropFirst()) : seconds).sorted()
            return sorted.isEmpty ? .nan : (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
        }
    }

    /// - Parameters:
    ///   - beforeStep: called before each step's clock starts; false ends the benchmark.
    ///   - afterStep: called with each step's mean loss, duration and processor time.
    public func run(
        pool: LanePool = LanePool(), beforeStep: () -> Bool = { true },
        afterStep: (_ loss: Double, _ seconds: Double, _ processorSeconds: Double) -> Void = { _, _, _ in }
    ) throws(ModelError) -> Result {
        let model = try GPT(configuration, pool: pool)
        model.initialise(seed: seed)
        let adam = AdamW(model)
        let count = rows * length
        var result = Result(
            losses: [], seconds: [], processorSeconds: [], peakBytes: 0,
            operations: Double(count) * configuration.operationsPerTarget(length: length),
            productRate: 0)
        let tokens = (0...count).map { Int32(SplitMix64.mix(seed &+ UInt64($0)) % UInt64(configuration.vocabularySize)) }
        let segments = [Int32](repeating: 0, count: count)
        let positions = (0..<count).map { Int32($0 % length) }
        for step in 0..<steps {
            guard beforeStep() else { break }
            let (start, processorStart) = (ContinuousClock.now, Self.processorSeconds)
            let sum = try tokens.withUnsafeBufferPointer { tokens throws(ModelError) in
                try segments.withUnsafeBufferPointer { segments throws(ModelError) in
                    try positions.withUnsafeBufferPointer { positions throws(ModelError) in
                        let batch = TokenRows(
                            rows: rows, length: length, inputs: tokens.baseAddress!, targets: tokens.baseAddress! + 1,
                            segments: segments.baseAddress!, positions: positions.baseAddress!)
                        return try model.lossAndGradients(batch, scale: 1 / Float(count), pass: PassIdentity(seed: seed, step: step))
                    }
                }
            }
            if isPassesOnly {
                model.clearGradients()
            } else {
                let norm = adam.gradientNorm()
                adam.step(learningRate: learningRate, gradientScale: min(1, 1 / norm), measuring: true)
            }
            result.seconds.append((ContinuousClock.now - start) / .seconds(1))
            result.processorSeconds.append(Self.processorSeconds - processorStart)
            result.losses.append(sum / Double(count))
            afterStep(result.losses[step], result.seconds[step], result.processorSeconds[step])
        }
        result.peakBytes = Self.peakBytes
        result.productRate = pool.measureProductRate()
        return result
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    private static var peakBytes: Int {
        var usage = rusage()
        #if canImport(Darwin)
            getrusage(RUSAGE_SELF, &usage)
            return Int(usage.ru_maxrss)
        #else
            getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
            return Int(usage.ru_maxrss) * 1024
        #endif
    }
}
