import Batches
import Files
import Metrics
import Transformer
import TypedErrors

extension Trainer {
    /// Trains until the budget is used, `StopSignal` asks for a stop, or `stepLimit` steps of the whole run are done. Each ending but an
    /// error leaves a checkpoint, a report, and can be resumed.
    public func run(stepLimit: Int? = nil, _ observe: (TrainingEvent) -> Void = { _ in }) throws(TrainingError) -> TrainingSummary {
        try run(until: .steps(stepLimit ?? .max), observe)
    }

    /// Likewise until the whole run has consumed `limit`.
    package func run(until limit: TrainingAmount, _ observe: (TrainingEvent) -> Void) throws(TrainingError) -> TrainingSummary {
        var log = try RunLog(folder, writesEvents: configuration.tensorBoard, resumedAt: isResumed ? state.progress : nil)
        for notice in notices { observe(.notice(notice)) }
        var schedule = schedule()
        var meter = StepMeter(elapsed: state.elapsed)
        let machineRate = learner.measureMachine()
        var lastSaved = isResumed ? state.progress.steps : -1
        var ending = TrainingSummary.Ending.finished

        while state.progress.tokens < tokenBudget {
            if StopSignal.isRequested || limit.isReached(by: state.progress) {
                ending = .stopped
                break
            }
            meter.begin()
            guard let batch = try source.next() else {
                observe(.notice("the data ends before the token budget"))
                break
            }
            var record = try step(batch, &schedule)
            let served = batch.targetCount + batch.maskedCount
            record.seconds = meter.end(tokens: served)
            record.elapsed = meter.elapsed
            record.tokensPerSecond = Double(served) / record.seconds
            if let machineRate {
                record.utilisation = learner.operationsPerTarget(length: batch.length) * Double(served) / (record.seconds * machineRate)
            }
            state.elapsed = meter.elapsed
            state.schedule = schedule.state
            try log.append(record)
            observe(.step(record, forecast(meter)))

            let isLast = state.progress.tokens >= tokenBudget
            if isLast || state.progress.steps % max(1, configuration.validationInterval ?? .max) == 0 { try validate(&log, observe) }
            if isLast || state.progress.steps % max(1, configuration.checkpointInterval ?? .max) == 0 {
                try log.sync()
                observe(.checkpoint(try save()))
                lastSaved = state.progress.steps
            }
        }

        if lastSaved != state.progress.steps && state.progress.steps > 0 {
            try log.sync()
            observe(.checkpoint(try save()))
        }
        try log.sync()
        try folder.writeReport()
        return try summary(ending)
    }

    /// One step: gradients of all rows in passes of a fixed size, clipping, update.
    private func step(_ batch: Batch, _ schedule: inout LearningRateSchedule) throws(TrainingError) -> StepRecord {
        var record = StepRecord()
        record.learningRate = schedule.rate(consumed: state.progress)
        let number = state.progress.steps + 1
        // Nothing to learn from, and no loss to tell.
        if batch.targetCount == 0, batch.maskedCount > 0 { return finish(record, number, batch) }

        var sum = 0.0
        let scale = Float(1 / Double(max(1, batch.targetCount)))
        let rows = rowsPerPass(length: batch.length)
        for start in stride(from: 0, to: batch.rows, by: rows) {
            let pass = PassIdentity(seed: UInt64(bitPattern: Int64(configuration.seed)), step: number, part: start / rows)
            sum += try batch.withRows(start..<min(start + rows, batch.rows)) { rows throws(TrainingError) in
                try learner.accumulate(rows, scale: scale, pass: pass)
            }
        }
        record.loss = sum / Double(max(1, batch.targetCount))
        record.gradientNorm = learner.gradientNorm()
        // Before the update: the weights are still good, and so is the last checkpoint.
        guard record.loss.isFinite && record.gradientNorm.isFinite else {
            throw .diverged(
                step: number, quantity: record.loss.isFinite ? "gradient norm" : "loss", learningRate: record.learningRate,
                checkpoint: checkpoints.steps().last.map(checkpoints.path(ofStep:)))
        }
        let clips = configuration.clipNorm > 0 && record.gradientNorm > configuration.clipNorm
        let measuring = configuration.statisticsInterval > 0 && number % configuration.statisticsInterval == 0
        let measured = learner.update(
            learningRate: record.learningRate, gradientScale: clips ? configuration.clipNorm / record.gradientNorm : 1, measuring: measuring
        )
        record.clipped = clips ? 1 : 0
        if let measured {
            record.varianceNorm = measured.varianceNorm
            record.varianceMax = measured.varianceMax
            record.momentumNorm = measured.momentumNorm
            record.weightNorm = measured.weightNorm
        }

        source.observe(loss: record.loss)
        if state.smallestLoss.isFinite { record.lossRatio = record.loss / state.smallestLoss }
        state.smallestLoss = min(state.smallestLoss, record.loss)
        return finish(record, number, batch)
    }

    /// Where the run is after a step.
    private func finish(_ record: StepRecord, _ number: Int, _ batch: Batch) -> StepRecord {
        var record = record
        state.progress.steps = number
        state.progress.samples += batch.rows
        // Consumed, as the budget and the learning rate count them.
        state.progress.tokens += batch.targetCount + batch.maskedCount
        record.step = number
        record.samples = state.progress.samples
        record.tokens = state.progress.tokens
        record.length = batch.length
        record.rows = batch.rows
        let counts = source.counts
        record.epoch = counts.epoch
        record.used = Double(counts.used)
        if let masked = counts.masked { record.masked = Double(masked) }
        record.outstanding = Double(counts.outstanding)
        record.dropped = Double(counts.dropped)
        record.slices = source.slices
        return record
    }

    private func validate(_ log: inout RunLog, _ observe: (TrainingEvent) -> Void) throws(TrainingError) {
        guard let validation else { return }
        let loss = try validation.loss(of: learner, rows: rowsPerPass(length: validation.batch.length))
        let record = ValidationRecord(progress: state.progress, elapsed: state.elapsed, loss: loss, targets: validation.batch.targetCount)
        let isBest = loss < state.best?.loss ?? .infinity
        if isBest { state.best = TrainerState.Best(step: state.progress.steps, loss: loss) }
        state.lastValidation = loss
        try log.append(record)
        observe(.validation(record, isBest: isBest))
    }

    private func forecast(_ meter: StepMeter) -> TrainingForecast {
        let left = max(0, tokenBudget - state.progress.tokens)
        return TrainingForecast(
            tokensLeft: left, secondsLeft: meter.secondsLeft(forTokens: left),
            share: tokenBudget == 0 ? 1 : min(1, Double(state.progress.tokens) / Double(tokenBudget)))
    }

    private func summary(_ ending: TrainingSummary.Ending) throws(TrainingError) -> TrainingSummary {
        let loss = try folder.history().recentLoss
        let counts = source.counts
        return TrainingSummary(
            ending: ending, folder: folder.path, steps: state.progress.steps, trainedTokens: state.progress.tokens,
            trainLoss: loss.isFinite ? loss : nil, validationLoss: state.lastValidation, digest: source.digest, used: counts.used,
            masked: counts.masked ?? 0, reused: counts.reused, outstanding: counts.outstanding, dropped: counts.dropped,
            seconds: state.elapsed,
            checkpoint: checkpoints.steps().last.map(checkpoints.path(ofStep:)))
    }
}

/// Where a run's measurements go: the metrics file, and the event files beside it.
private struct RunLog: ~Copyable {
    private let metrics: MetricsWriter
    private var events: TensorBoardLog?

    init(_ folder: RunFolder, writesEvents: Bool, resumedAt progress: TrainingProgress?) throws(TrainingError) {
        do throws(FileError) {
            let metrics = try MetricsWriter(path: folder.metricsFile, wallTime: Timestamp.now())
            if let progress { try metrics.appendResume(at: progress, wallTime: Timestamp.now()) }
            events =
                writesEvents
                ? try TensorBoardLog(folder: folder.tensorBoardFolder, wallTime: Timestamp.seconds(), resumedAt: progress?.steps) : nil
            self.metrics = metrics
        } catch { throw .file(error) }
    }

    mutating func append(_ record: StepRecord) throws(TrainingError) {
        try mapping(TrainingError.file) { () throws(FileError) in
            try metrics.append(record.json)
            try events?.append(record, wallTime: Timestamp.seconds())
        }
    }

    mutating func append(_ record: ValidationRecord) throws(TrainingError) {
        try mapping(TrainingError.file) { () throws(FileError) in
            try metrics.append(record.json)
            try events?.append(record, wallTime: Timestamp.seconds())
        }
    }

    func sync() throws(TrainingError) {
        try mapping(TrainingError.file, metrics.sync())
    }
}
