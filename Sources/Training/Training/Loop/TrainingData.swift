import Batches
import IndexedDatasets
import JSON
import LengthWarmup
import Quantities
import Sampling
import Synchronization
import TypedErrors

/// The data sets of a configuration, opened and checked: what choices depend on, what batches and validations are made from.
package struct TrainingData {
    private let schedule: ScheduleWords
    let split: DocumentSplit
    private let sets: DataSets
    private let opened: OpenedSource
    /// Tokenizer that made the tokens, as the data sets' side files name it; nil when none does.
    let tokenizer: DatasetMetadata.TokenizerIdentity?

    /// Opens every data set of `configuration`. Sets that different tokenizers made cannot be mixed.
    package init(_ configuration: TrainingConfiguration) throws(TrainingError) {
        guard !configuration.data.isEmpty else { throw .schedule(ScheduleError("no data set was given: give \(ScheduleOption.data.text)")) }
        schedule = configuration.schedule
        try mapping(TrainingError.schedule, schedule.check())
        split = try mapping(TrainingError.schedule, ScheduleResolver.split(schedule))
        sets = try mapping(TrainingError.data, ScheduleResolver.dataSets(configuration.schedule))
        opened = OpenedSource(sets, split)
        var tokenizer: (identity: DatasetMetadata.TokenizerIdentity, prefix: String)?
        for dataset in sets.datasets {
            guard let found = dataset.metadata?.tokenizer else { continue }
            if let first = tokenizer, first.identity.digest != found.digest {
                throw .configuration(
                    "\(first.prefix) was made with tokenizer \(first.identity.name), \(dataset.prefix) with \(found.name): train on sets of one tokenizer"
                )
            }
            tokenizer = (found, dataset.prefix)
        }
        self.tokenizer = tokenizer?.identity
    }

    /// Sizes that choices depend on. Reads all tokens when no side file tells the vocabulary (about a second for 10⁹).
    package func surroundings(processors: Int) -> TrainingConfiguration.Surroundings {
        var surroundings = TrainingConfiguration.Surroundings(
            trainingTokens: sets.tokenCount(.train, of: split), validationTokens: sets.tokenCount(.valid, of: split),
            vocabularySize: VocabularySize.of(sets.datasets),
            processors: processors, memory: TrainingConfiguration.machineMemory)
        let data = self
        surroundings.samples = { length throws(SamplingError) in
            try data.opened.source(
                length: length, seed: ScheduleResolver.seed(data.schedule), order: ScheduleResolver.order(data.schedule)
            ).sampleCount
        }
        return surroundings
    }

    /// What tells each data set's training split from another's.
    package func fingerprints(_ configuration: TrainingConfiguration) throws(TrainingError) -> [UInt64] {
        let source = try mapping(
            TrainingError.data,
            DataSource(
                sets, part: .train, split: split, sequenceLength: configuration.sequenceLength ?? 1,
                seed: UInt64(bitPattern: Int64(configuration.seed))))
        return source.fingerprints
    }

    /// Batches from the beginning.
    func source(_ configuration: TrainingConfiguration) throws(TrainingError) -> LoaderSource {
        let plan = try configuration.planConfiguration()
        let data = try mapping(
            TrainingError.data,
            opened.source(length: plan.sequenceLength, seed: plan.seed, order: ScheduleResolver.order(configuration.schedule)))
        return try LoaderSource(data, plan)
    }

    /// The rows of every validation; nil when the split has not one of full length. They do not depend on the run's seed, so that
    /// runs with different seeds can be compared.
    package func validationSet(_ configuration: TrainingConfiguration) throws(TrainingError) -> ValidationSet? {
        let length = configuration.sequenceLength ?? 1
        let data: DataSource
        do throws(SamplingError) {
            // The first order for ever: runs of all builds validate on the same rows.
            data = try DataSource(sets, part: .valid, split: split, sequenceLength: length, seed: 0, version: .shuffledDraws)
        } catch {
            if case .noSample = error { return nil }
            throw .data(error)
        }
        let wanted = max(1, (configuration.validationTokens ?? 0) / length)
        let rules = try configuration.planConfiguration().rowRules
        let batch = Batch(data, positions: 0..<min(wanted, data.sampleCount), rules: rules)
        // All of them may be masked.
        return batch.targetCount > 0 ? ValidationSet(batch: batch) : nil
    }
}

/// The training split as it was last opened: Megatron's order costs time and memory, and a start asks for its size and then for its samples.
private final class OpenedSource: Sendable {
    private let sets: DataSets
    private let split: DocumentSplit
    private let last = Mutex<(length: Int, seed: UInt64, order: OrderChoice, source: DataSource)?>(nil)

    init(_ sets: DataSets, _ split: DocumentSplit) { (self.sets, self.split) = (sets, split) }

    func source(length: Int, seed: UInt64, order: OrderChoice) throws(SamplingError) -> DataSource {
        if let last = last.withLock({ $0 }), last.length == length, last.seed == seed, last.order == order { return last.source }
        let source = try DataSource(sets, part: .train, split: split, sequenceLength: length, seed: seed, order: order)
        last.withLock { $0 = (length, seed, order, source) }
        return source
    }
}

/// Batches of a length-warmup plan, read ahead by its loader.
final class LoaderSource: BatchSource {
    private let data: DataSource
    private let configuration: PlanConfiguration
    private var loader: Loader

    init(_ data: DataSource, _ configuration: PlanConfiguration) throws(TrainingError) {
        self.data = data
        self.configuration = configuration
        loader = try mapping(TrainingError.plan, Loader(source: data, configuration: configuration))
    }

    func next() throws(TrainingError) -> Batch? { loader.next() }

    func observe(loss: Double) { loader.observe(loss: loss) }

    func state() -> [UInt8] { loader.state.encoded }

    func restore(_ state: [UInt8]) throws(TrainingError) {
        try mapping(TrainingError.plan) { () throws(WarmupError) in
            // The configuration names the data; what may not change about it, the loader refuses.
            loader = try Loader(source: data, configuration: configuration, state: PlanState(decoding: state), allowsNewData: true)
        }
    }

    var counts: TailCounts {
        let counts = loader.plan.counts
        return TailCounts(
            epoch: loader.plan.epoch, used: counts.trained, masked: loader.masksTargets ? counts.masked : nil, reused: counts.reused,
            outstanding: counts.outstanding, dropped: counts.dropped)
    }

    var digest: UInt64 { loader.digest }

    /// Samples of an epoch.
    var samples: Int { data.sampleCount }

    var slices: JSONValue { loader.lastStep?.json ?? .null }
}
