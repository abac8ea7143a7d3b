#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif
import Files
import LengthWarmup
public import Sampling
import Quantities
public import Transformer

extension TrainingConfiguration {
    /// What choosing depends on: the sizes of the data and of the machine.
    public struct Surroundings: Sendable {
        /// Tokens of the training split, all data sets together.
        public var trainingTokens: Int
        /// Tokens of the validation split.
        public var validationTokens: Int
        /// Highest token id + 1.
        public var vocabularySize: Int
        /// Samples of an epoch when they have a length; nil for those of one data set in one piece.
        public var samples: (@Sendable (_ length: Int) throws(SamplingError) -> Int)?
        /// Processors that may be used.
        public var processors: Int
        /// Memory of the machine in bytes; nil when it is not known.
        public var memory: Int?
        /// Whether the processors multiply in bfloat16.
        public var hasBfloat16: Bool
        /// The kernels that OpenBLAS multiplies with in this process.
        public var blasCore: String

        public init(
            trainingTokens: Int, validationTokens: Int, vocabularySize: Int, processors: Int, memory: Int? = nil,
            hasBfloat16: Bool = ProductPrecision.bfloat16.isSupported, blasCore: String = ProductKernels.loaded
        ) {
            self.trainingTokens = trainingTokens
            self.validationTokens = validationTokens
            self.vocabularySize = vocabularySize
            self.processors = processors
            self.memory = memory
            self.hasBfloat16 = hasBfloat16
            self.blasCore = blasCore
        }
    }

    /// The configuration with every open choice made, and checked. The same surroundings give the same choices.
    public func resolved(for surroundings: Surroundings) throws(TrainingError) -> TrainingConfiguration {
        var result = self
        let vocabulary = vocabularySize ?? surroundings.vocabularySize
        guard vocabulary >= surroundings.vocabularySize else {
            throw .configuration(
                "the vocabulary of \(vocabulary) is too small for the data, which needs \(surroundings.vocabularySize): leave it out or raise it"
            )
        }
        result.vocabularySize = vocabulary

        try checkMagnitudes()
        if data.isEmpty { throw .schedule(ScheduleError("no data set was given: give \(ScheduleOption.data.text)")) }
        let tokens = surroundings.trainingTokens
        let facts = ScheduleFacts(
            tokens: tokens, standardBudget: ScheduleFacts.standardBudget(layers: layers, width: width, vocabulary: vocabulary))
        let chosen: ResolvedSchedule
        do throws(ScheduleError) {
            chosen = try ScheduleResolver.resolve(schedule, facts) { length throws(SamplingError) in
                try surroundings.samples?(length) ?? max(0, tokens - 1) / length
            }
        } catch { throw .schedule(error) }
        result.schedule = chosen.words
        let (length, budget) = (chosen.plan.sequenceLength, chosen.plan.trainTokens)
        try result.check()
        do { try result.modelConfiguration.check() } catch { throw .configuration("\(error)") }
        try Self.checkMemory(parameters: result.modelConfiguration.parameterCount, memory: surroundings.memory)

        let fullSteps = max(1, (budget + globalBatchSize * length - 1) / (globalBatchSize * length))
        // The warmup's steps are about half as long as the others.
        let steps = fullSteps + (chosen.plan.pacing.fullLengthStep(full: length) ?? 0) / 2

        result.minimumLearningRate = minimumLearningRate ?? learningRate / 10
        result.learningRateWarmup = learningRateWarmup ?? .tokens(budget / 10)
        result.learningRateDecay = learningRateDecay ?? .tokens(budget)
        result.validationInterval = validationInterval ?? max(1, steps / 20)
        result.checkpointInterval = checkpointInterval ?? max(1, steps / 10)
        result.validationTokens = validationTokens ?? max(8 * length, min(budget / 100, 1 << 20))
        result.microBatchSize = microBatchSize ?? min(globalBatchSize, max(1, (1 << 30) / (80 * layers * width) / length))
        result.lanes = lanes ?? max(1, surroundings.processors)
        if !surroundings.hasBfloat16 { result.precision = .float32 }
        result.blasCore = result.precision == .float32 ? surroundings.blasCore : nil
        return result
    }

    /// Refuses a model that cannot fit: the system would end the process, or another one, when the memory is touched.
    ///
    /// - Parameter memory: of the machine in bytes; nil when it is not known.
    public static func checkMemory(parameters: Int, memory: Int? = machineMemory) throws(TrainingError) {
        // Weights, gradients and AdamW's two moments, in single precision; activations come on top.
        let needed = 16 * parameters
        guard let memory, needed > memory else { return }
        throw .configuration(
            "training \(parameters) parameters takes \(needed >> 30) GiB and more, and this machine has \(memory >> 30) GiB: choose a smaller \(option: "preset"), \(option: "hidden-size") or \(option: "num-layers")"
        )
    }

    /// Refuses to go on in fp32 with a run that was begun in bf16: its curve would be neither's. Who wants that begins a run with its weights.
    func checkPrecision(ofRun folder: String, _ surroundings: Surroundings) throws(TrainingError) {
        guard precision == .bfloat16 && !surroundings.hasBfloat16 else { return }
        throw .configuration(
            "\(PathName.printable(folder)) trains with bf16 products, which this processor does not have: resume it on one with AVX-512 BF16, or begin a run with its weights (\(option: "init-from"))"
        )
    }

    /// Refuses to go on with other kernels of OpenBLAS than a run has so far, unless somebody asked for that (and ``blasCore`` is nil).
    func checkKernels(ofRun folder: String, _ surroundings: Surroundings) throws(TrainingError) {
        guard let blasCore, blasCore != surroundings.blasCore else { return }
        throw .configuration(
            "\(PathName.printable(folder)) was trained with OpenBLAS's \(blasCore) kernels, and these are \(surroundings.blasCore): set \(ProductKernels.variable)=\(blasCore), or go on with other last bits with \(option: "blas-core") auto"
        )
    }

    /// Bytes of memory that the machine has.
    public static var machineMemory: Int? {
        let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        return pages > 0 && size > 0 ? pages * size : nil
    }

    /// Refuses numbers whose products and sums no run could reach, so that nothing behind here overflows.
    private func checkMagnitudes() throws(TrainingError) {
        let lengths = [("micro-batch size", microBatchSize)]
        let amounts = [
            ("validation tokens", validationTokens), ("validation interval", validationInterval),
            ("checkpoint interval", checkpointInterval),
        ]
        for (names, largest) in [(lengths, 1 << 28), (amounts, 1 << 56)] {
            for (name, value) in names where value.map({ $0 < 0 || $0 > largest }) ?? false {
                throw .configuration("the \(name) of \(value ?? 0) is not in 0 ... \(largest)")
            }
        }
    }

    /// Whether the values make sense together.
    private func check() throws(TrainingError) {
        let rules: [(Bool, OptionText)] = [
            ((microBatchSize ?? 1) > 0, "a micro-batch must have at least one row"),
            (layers > 0 && width > 0 && heads > 0, "layers, width and heads must be at least 1"),
            (width % max(1, heads) == 0, "the width (\(width)) must be a multiple of the number of heads (\(heads))"),
            (
                (0..<1).contains(hiddenDropout) && (0..<1).contains(attentionDropout),
                "dropout must be at least 0 and below 1"
            ),
            (learningRate > 0 && learningRate.isFinite, "the learning rate must be above 0"),
            (
                (minimumLearningRate ?? 0) >= 0 && (minimumLearningRate ?? 0) <= learningRate,
                "\(option: "min-lr") must lie between 0 and \(option: "lr"), which is \(learningRate)"
            ),
            ((0..<1).contains(beta1) && (0..<1).contains(beta2), "Adam's betas must be at least 0 and below 1"),
            (epsilon > 0, "Adam's epsilon must be above 0"),
            (weightDecay >= 0 && clipNorm >= 0, "weight decay and clipping norm must not be negative"),
            (keepCheckpoints > 0, "at least one checkpoint must be kept"),
        ]
        if let broken = rules.first(where: { !$0.0 }) { throw .configuration(broken.1) }
    }
}
