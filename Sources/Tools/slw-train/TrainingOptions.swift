import CommandKit
import LengthWarmup
import ScheduleFlags
import Training
import Transformer
import Tuning

/// Every option that describes a run. Megatron-LM's names where Megatron has the same thing.
enum TrainingOptions {
    static let preset = Option<String?>.choice(
        "--preset", "NAME", of: TrainingConfiguration.presets.map(\.name), "a starting point that the other options change")

    static let tokenizer = Setting.choice(
        Option<String?>.text(
            "--tokenizer", "T", "file, directory or installed name, for exports and samples; otherwise what the data set names"
        )
        .also("--tokenizer-model"), \.tokenizer)

    static let microBatchSize = Setting.choice(
        Option<Int?>.count("--micro-batch-size", in: 1...1 << 30, "rows of one pass at full length"), \.microBatchSize)

    static let model: [Setting] = [
        .count("--num-layers", \.layers, also: ["--layers"], "blocks"),
        .count("--hidden-size", \.width, also: ["--width"], "channels of the residual stream"),
        .count("--num-attention-heads", \.heads, also: ["--heads"], "attention heads"),
        .choice(
            Option<Int?>.count("--vocab-size", in: 1...1 << 31, "token ids; otherwise what the data set's tokenizer has"), \.vocabularySize),
        .number("--hidden-dropout", \.hiddenDropout, in: 0...1, "share of embedding and sub-layer outputs that a step drops"),
        .number("--attention-dropout", \.attentionDropout, in: 0...1, "share of attention weights that a step drops"),
        .word("--init", "METHOD", \.initialisation, "how weights begin"),
        .choice(
            Option<String?>.text("--init-from", "DIR", "begin with the weights of a Hugging Face folder or a checkpoint"), \.initialWeights),
        Setting(option: bfloat16) { call, configuration in
            if call[bfloat16] { configuration.precision = .bfloat16 }
        },
    ]

    static let bfloat16 = Option.flag(
        "--bf16",
        "matrix products, and what waits for the backward pass, in bf16, all else in fp32; without AVX-512 BF16 all in fp32")

    static let optimizer: [Setting] =
        [
            .number("--lr", \.learningRate, also: ["--learning-rate"], "peak learning rate"),
            .choice(
                Option<Double?>.number("--min-lr", in: 0...1e9, "learning rate at the end of the decay").defaulting(
                    to: "a tenth of the peak"), \.minimumLearningRate),
            .word("--lr-decay-style", "CURVE", \.decay, "curve of the decay"),
            .word("--lr-convention", "NAME", \.learningRateConvention, "which tokens the rate of a step counts"),
        ]
        + Setting.amounts(
            ("--lr-warmup-steps", "--lr-warmup-samples", "--lr-warmup-tokens"), \.learningRateWarmup, "warmup of the learning rate")
        + Setting.amounts(("--lr-decay-steps", "--lr-decay-samples", "--lr-decay-tokens"), \.learningRateDecay, "where the decay ends")
        + [
            .number("--adam-beta1", \.beta1, in: 0...1, "decay of Adam's first moment"),
            .number("--adam-beta2", \.beta2, in: 0...1, "decay of Adam's second moment"),
            .number("--adam-eps", \.epsilon, "Adam's epsilon"),
            .number("--weight-decay", \.weightDecay, "decoupled; not on norms and biases"),
            .number("--clip-grad", \.clipNorm, "largest gradient norm; 0 for any"),
        ]

    /// What a resumed run may change, because the steps already trained would have been the same; `--blas-core` changes last bits from there on, and says so.
    static let changeable: [Setting] = [
        .choice(
            Option<Int?>.count("--eval-interval", in: 1...1 << 40, "steps between validations").defaulting(to: "about twenty in a run"),
            \.validationInterval),
        .choice(Option<Int?>.count("--eval-tokens", in: 1...Int.max, "targets of a validation"), \.validationTokens),
        .choice(
            Option<Int?>.count("--save-interval", in: 1...1 << 40, "steps between checkpoints").defaulting(to: "about ten in a run"),
            \.checkpointInterval),
        .count("--keep-checkpoints", \.keepCheckpoints, "newest checkpoints that stay"),
        .flag("--keep-best", \.keepBest, "the best checkpoint by validation stays too"),
        .count("--log-interval", \.logInterval, "steps between lines on the console"),
        .choice(
            Option<Int?>.count("--threads", in: 1...1024, "threads of the model; the result is the same for any number").defaulting(
                to: "one a core"), \.lanes),
        // What is asked for is loaded when this is applied; the run takes what is loaded.
        Setting(option: BlasCore.option) { call, configuration in
            if call.isGiven(BlasCore.option) { configuration.blasCore = nil }
        },
        .count("--statistics-interval", \.statisticsInterval, in: 0...1 << 40, "steps between measurements of Adam's state; 0 for none"),
        .flag("--tensorboard", \.tensorBoard, "write event files"),
    ]

    static let groups: [OptionGroup] = [
        OptionGroup("Data", ScheduleFlags.flags(.data) + [tokenizer.option]),
        OptionGroup("Batch and budget", ScheduleFlags.flags(.batch) + [microBatchSize.option]),
        ScheduleFlags.rows,
        ScheduleFlags.warmup,
        OptionGroup("Model", [preset] + model.map(\.option)),
        OptionGroup("Optimizer", optimizer.map(\.option)),
        OptionGroup("Run", changeable.map(\.option)),
    ]

    /// What describes a run to `slw-train tune`: neither what the search decides, nor what only says how a run is watched and saved.
    static let describing: [OptionGroup] = groups.map { group in
        if group.title == ScheduleFlags.warmup.title {
            let options: [any AnyOption] = (TuningPlan.pacingOptions + [.tails]).map { ScheduleFlags.flag($0) }
            return OptionGroup(group.title, [TuneCommand.pacing] + options)
        }
        let watching = Set(changeable.map(\.option.definition.name)).subtracting(["--threads", "--blas-core"])
        return OptionGroup(group.title, group.options.filter { !watching.contains($0.definition.name) })
    }

    /// Does something with a configuration; a mistake in its schedule is one of the command line.
    static func using<Result>(_ call: Invocation, _ work: () throws -> Result) throws -> Result {
        do { return try work() } catch TrainingError.schedule(let error) { throw ScheduleFlags.misuse(error, call) }
    }

    /// The configuration that a command line describes; choices that are left open stay open.
    static func configuration(_ call: Invocation) throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration()
        if let name = call[preset], let preset = TrainingConfiguration.preset(named: name) { configuration = preset.configuration }
        configuration.schedule.merge(try ScheduleFlags.words(call))
        try ScheduleFlags.checked(call) { () throws(ScheduleError) in try configuration.schedule.check() }
        for setting in [tokenizer, microBatchSize] + model + optimizer + changeable { setting.apply(call, &configuration) }
        return configuration
    }
}
