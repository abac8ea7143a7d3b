public import Files

/// A run's scalars under the tags of Megatron-DeepSpeed, so that dashboards made for it show ours.
///
/// Nearly every quantity appears three times, over steps, samples and tokens (`T`, `T vs samples`, `T vs tokens`): under
/// length warmup steps are no measure of progress.
public struct TensorBoardLog: ~Copyable {
    private var writer: TensorBoardWriter

    /// Starts an event file in `folder`; `resumedAt` is the last step that earlier files of the run may keep: what they hold of later ones is cut off.
    public init(folder: String, wallTime: Double, resumedAt last: Int? = nil) throws(FileError) {
        if let last {
            // The first scalar of a step or validation is always one over steps: the cut lies between two of them.
            try EventFiles.cut(folder: folder) { tag, step in step > last && !tag.contains(" vs ") && !tag.hasPrefix("steps-vs-") }
        }
        writer = try TensorBoardWriter(folder: folder, wallTime: wallTime)
    }

    /// Writes one step.
    public mutating func append(_ record: StepRecord, wallTime: Double) throws(FileError) {
        let progress = TrainingProgress(steps: record.step, samples: record.samples, tokens: record.tokens)
        let triples: [(String, Double)] = [
            ("learning-rate/learning-rate", record.learningRate), ("batch-size/batch-size", Double(record.rows)),
            ("lm-loss-training/lm loss", record.loss), ("grad-norm/grad-norm", record.gradientNorm),
            ("params-norm/params-norm", record.weightNorm), ("seqlen/actual_seq_length", Double(record.length)),
            ("seqlen/curriculum_seqlen", Double(record.length)), ("iteration-time/iteration-time", record.seconds),
        ]
        for (tag, value) in triples { add(tag, value, progress, wallTime) }
        let crossed: [(String, Int, Int)] = [
            ("steps-vs-samples/y=steps,x=samples", record.step, record.samples),
            ("steps-vs-samples/y=samples,x=steps", record.samples, record.step),
            ("steps-vs-tokens/y=steps,x=tokens", record.step, record.tokens),
            ("steps-vs-tokens/y=tokens,x=steps", record.tokens, record.step),
        ]
        for (tag, y, x) in crossed { writer.add(tag, Double(y), step: x, wallTime: wallTime) }
        let optimizer: [(String, Double)] = [
            ("optimizer/variance_sqrt_l1", record.varianceNorm), ("optimizer/variance_sqrt_abs_max", record.varianceMax),
            ("optimizer/momentum_l1", record.momentumNorm), ("optimizer/weight_l2", record.weightNorm),
        ]
        for (tag, value) in optimizer where !value.isNaN {
            writer.add(tag, value, step: record.step, wallTime: wallTime)
            writer.add(tag + " vs tokens", value, step: record.tokens, wallTime: wallTime)
        }
        try writer.flush()
    }

    /// Writes one validation: loss and perplexity, each over the three axes.
    public mutating func append(_ record: ValidationRecord, wallTime: Double) throws(FileError) {
        add("lm-loss-validation/lm loss validation", record.loss, record.progress, wallTime)
        add("lm-loss-validation/lm loss validation ppl", record.perplexity, record.progress, wallTime)
        try writer.flush()
    }

    private mutating func add(_ tag: String, _ value: Double, _ progress: TrainingProgress, _ wallTime: Double) {
        if value.isNaN { return }
        writer.add(tag, value, step: progress.steps, wallTime: wallTime)
        writer.add(tag + " vs samples", value, step: progress.samples, wallTime: wallTime)
        writer.add(tag + " vs tokens", value, step: progress.tokens, wallTime: wallTime)
    }
}
