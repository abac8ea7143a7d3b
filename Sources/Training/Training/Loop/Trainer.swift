import Files
public import Metrics
import Quantities
import TypedErrors

/// Trains a model in a run folder: step after step until the token budget is used, a stop is asked for, or something is wrong.
///
///     let trainer = try Trainer.start(configuration, in: RunFolder("runs/try"))
///     let summary = try trainer.run { event in … }
///
/// Weights, losses and everything that follows depend on the configuration and the data only: stopping after any step and resuming, in this
/// process or another, with as many lanes or others, gives the same bits.
public final class Trainer {
    public let folder: RunFolder
    /// With every choice made.
    public let configuration: TrainingConfiguration
    /// Sentences for the person who watches: what was chosen, what was skipped at resume.
    public internal(set) var notices: [String] = []
    /// Steps, rows and targets done.
    public var progress: TrainingProgress { state.progress }

    let learner: any Learner
    let source: any BatchSource
    let validation: ValidationSet?
    let checkpoints: CheckpointFolder
    var state = TrainerState()
    /// Whether steps of this run were trained before by another process.
    var isResumed = false
    private let lock: FileLock

    /// `configuration` is resolved; nothing is read or written here but the lock.
    init(
        folder: RunFolder, configuration: TrainingConfiguration, learner: any Learner, source: any BatchSource, validation: ValidationSet?
    ) throws(TrainingError) {
        try mapping(TrainingError.file, FileSystem.createDirectories(folder.checkpointsFolder))
        lock = try mapping(TrainingError.file, FileLock(folder.lockFile))
        self.folder = folder
        self.configuration = configuration
        self.learner = learner
        self.source = source
        self.validation = validation
        checkpoints = CheckpointFolder(folder.checkpointsFolder)
    }

    /// A schedule as the configuration describes it, in the state the run is in.
    func schedule() -> LearningRateSchedule {
        var schedule = LearningRateSchedule(
            peak: configuration.learningRate, minimum: configuration.minimumLearningRate ?? 0,
            warmup: configuration.learningRateWarmup ?? .steps(0), decayEnd: configuration.learningRateDecay ?? .tokens(tokenBudget),
            decay: configuration.decay, convention: configuration.learningRateConvention)
        schedule.state = state.schedule
        return schedule
    }

    var tokenBudget: Int { configuration.trainTokens ?? 0 }

    /// Rows of one pass at this length: as many tokens as ``TrainingConfiguration/microBatchSize`` rows have at full length.
    func rowsPerPass(length: Int) -> Int {
        max(1, (configuration.microBatchSize ?? configuration.globalBatchSize) * (configuration.sequenceLength ?? length) / max(1, length))
    }

    /// Takes up the newest intact checkpoint; without one the run begins anew.
    func restore() throws(TrainingError) {
        isResumed = true
        try mapping(TrainingError.file, checkpoints.restoreReplaced())
        let found = checkpoints.newestIntact()
        notices += found.complaints
        guard let step = found.step else {
            notices.append("no checkpoint is complete: the run begins anew")
            return
        }
        let path = checkpoints.path(ofStep: step)
        let checkpoint = try Checkpoint(reading: path, into: learner)
        try source.restore(checkpoint.source)
        guard source.digest == checkpoint.digest else {
            throw .format(.damaged(path: path, reason: "the plan's state and the digest of the trained targets do not belong together"))
        }
        state = checkpoint.state
        notices.append("resuming after step \(QuantityText.count(step)) (\(QuantityText.compact(Double(state.progress.tokens))) tokens)")
    }

    /// Saves the run as it stands and removes checkpoints that are no longer kept.
    func save() throws(TrainingError) -> String {
        let checkpoint = Checkpoint(state: state, source: source.state(), digest: source.digest, updates: learner.updates)
        let path = try checkpoint.write(learner, to: checkpoints)
        try mapping(
            TrainingError.file,
            checkpoints.prune(newest: configuration.keepCheckpoints, best: configuration.keepBest ? state.best?.step : nil))
        return path
    }
}
