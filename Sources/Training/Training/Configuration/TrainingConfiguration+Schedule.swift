import LengthWarmup
public import Sampling

/// Values of the schedule by name, for the trainer. What nobody said has its default.
extension TrainingConfiguration {
    public var data: [DataSetName] {
        get { schedule.data }
        set { schedule.data = newValue }
    }

    /// Shares of training, validation and test.
    public var split: String {
        get { schedule.word(.split) ?? DocumentSplit.standard.text }
        set { schedule[.split] = .word(newValue) }
    }

    /// L; nil for one that fits the data.
    public var sequenceLength: Int? {
        get { schedule[count: .sequenceLength] }
        set { schedule[count: .sequenceLength] = newValue }
    }

    /// Rows of a step.
    public var globalBatchSize: Int {
        get { schedule[count: .batchSize] ?? ScheduleResolver.standardBatchSize }
        set { schedule[count: .batchSize] = newValue }
    }

    /// Targets to train; the run ends with the first step that reaches them.
    public var trainTokens: Int? {
        get { schedule[count: .trainTokens] }
        set { schedule[count: .trainTokens] = newValue }
    }

    /// The name of the pacing function.
    public var pacing: String {
        get { schedule.pacingName }
        set { schedule[.pacing] = .word(newValue) }
    }

    /// s, the length of the first step.
    public var warmupStart: Int? {
        get { schedule[count: .start] }
        set { schedule[count: .start] = newValue }
    }

    /// T, the step at which full length is reached.
    public var warmupSteps: Int? {
        get { schedule[count: .steps] }
        set { schedule[count: .steps] = newValue }
    }

    /// Of weights and data order.
    public var seed: Int {
        get { schedule[count: .seed] ?? ScheduleResolver.standardSeed }
        set { schedule[count: .seed] = newValue }
    }

    /// The plan that a resolved configuration describes. Its words leave nothing open, so that the facts do not matter.
    func planConfiguration() throws(TrainingError) -> PlanConfiguration {
        do throws(ScheduleError) {
            return try ScheduleResolver.resolve(schedule, ScheduleFacts(tokens: 1 << 40)) { _ in 1 << 20 }.plan
        } catch { throw .schedule(error) }
    }
}
