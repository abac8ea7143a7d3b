/// The table. `slwdata curricula`, help and docs are views of it.
extension Dialect {
    public static let all: [Dialect] = lengths + stages + windows + packing

    private static let lengths = [
        Dialect(
            "slw", "sequence length warmup, the paper's", Source(paper: "2108.06084"),
            CurriculumDescription(.stream, [.length], by: .step(origin: 0), .linear, rest: .dropped, seam: .shared, batch: .rows),
            loses: "the tail of every sample of the warmup",
            [
                .length("start", default: "8", "length of the first step"),
                .steps("steps", default: "30 % of the steps that full length would take", "step at which full length is reached"),
            ]),
        Dialect(
            "deepspeed", "DeepSpeed's curriculum learning",
            Source(paper: "2108.06084", "microsoft/Megatron-DeepSpeed", "f4157be", "pretrain_gpt.py"),
            CurriculumDescription(.stream, [.length], by: .step(origin: 1), .root, rest: .dropped, seam: .shared, batch: .rows),
            loses: "tails; with reshape seams and some whole pieces, and others are trained twice",
            [
                .length("min", default: "8", "min_difficulty"), .length("max", default: "full length", "max_difficulty"),
                .steps("total", default: "30 % of the steps that full length would take", "total_curriculum_step"),
                .length("step", default: "8", "difficulty_step"),
                CurriculumParameter("degree", .number(0.001...1000), default: "1", "root_degree"),
                CurriculumParameter("release", .choice(["0.19.6", "0.19.8"]), default: "0.19.8", "whose rounding"),
                CurriculumParameter("rows", .choice(["truncate", "reshape"]), default: "truncate", "what becomes of a full row"),
            ]),
        Dialect(
            "composer", "Composer's SeqLengthWarmup",
            Source("mosaicml/composer", "6405188", "composer/algorithms/seq_length_warmup/seq_length_warmup.py"),
            CurriculumDescription(.stream, [.length], by: .share, .linear, rest: .dropped, seam: .lost, batch: .rows),
            loses: "tails and seams; with reshape seams and what fills no row",
            [
                CurriculumParameter("duration", .number(0...1), default: "0.3", "share of the run in which the length grows"),
                .length("min", default: "8", "min_seq_length"), .length("max", default: "full length", "max_seq_length"),
                .length("step", default: "8, wider in a short run", "step_size"),
                .steps("run", default: "the steps that full length would take", "batches of the run"),
                CurriculumParameter("rows", .choice(["truncate", "reshape"]), default: "truncate", "what becomes of a full row"),
            ]),
        Dialect(
            "olmo", "OLMo-core's sequence length callback",
            Source("allenai/OLMo-core", "fa6c501", "src/olmo_core/train/callbacks/sequence_length_scheduler.py"),
            CurriculumDescription(.stream, [.length], by: .step(origin: 1), .linear, rest: .rows, seam: .lost, batch: .tokens),
            loses: "seams; with truncate tails too",
            [
                .length("min", default: "128, at most an eighth of the full length", "min_sequence_length"),
                .steps("steps", default: "2000, at most 30 % of the steps", "warmup_steps"),
                .length("multiple", default: "as min", "keep_multiple_of, for truncate"),
                CurriculumParameter("rows", .choice(["melt", "truncate"]), default: "melt", "what becomes of a full row"),
            ]),
    ]

    private static let staged = CurriculumDescription(
        .stream, [.length], by: .step(origin: 0), .stages, rest: .none, seam: .shared, batch: .tokens)

    private static let stages = [
        Dialect(
            "shortformer", "Shortformer's two stages", Source(paper: "2012.15832", "ofirpress/shortformer", "edc411f", "README.md"), staged,
            loses: "the place in the data at a switch inside an epoch", isDerived: true,
            [
                .length("first", default: "128, at most a quarter of the full length", "tokens of a row of the first stage"),
                .steps("until", default: "140100 of 286000 steps, as that share of the run", "steps of the first stage"),
            ]),
        Dialect(
            "growlength", "GrowLength's doublings", Source(paper: "2310.00576"), staged, loses: "no code was published", isDerived: true,
            [
                .length("first", default: "128, at most a quarter of the full length", "tokens of a row of the first stage"),
                CurriculumParameter(
                    "steps", .list(CurriculumError.steps), default: "as many for each doubling, all together 30 % of the steps",
                    "steps of each stage but the last"),
            ]),
        Dialect(
            "llama3", "Llama 3 405B's first stages", Source(paper: "2407.21783"),
            CurriculumDescription(.stream, [.length], by: .tokens, .stages, rest: .none, seam: .shared, batch: .stages),
            loses: "no code was published", isDerived: true, []),
        Dialect(
            "stages", "stages of one's own, as nanotron's data stages",
            Source("huggingface/nanotron", "2411b02", "src/nanotron/trainer.py"), staged,
            loses: "each length is a launch of its own, which begins the data by rows again",
            [
                CurriculumParameter("lengths", .list(CurriculumError.lengths), default: nil, "tokens of a row in each stage"),
                CurriculumParameter("starts", .list(1...1 << 56), default: nil, "first step or token of each stage but the first"),
                CurriculumParameter("by", .choice(["steps", "tokens"]), default: "steps", "what starts count"),
            ]),
    ]

    private static let windows = [
        Dialect(
            "skyladder", "SkyLadder's windows",
            Source(paper: "2503.15450", "sail-sg/SkyLadder", "8ef4156", "lit_gpt/packed_dataset.py"),
            CurriculumDescription(
                .stream, [.window], by: .rows, .curve, rest: .none, seam: .none, batch: .rows, attention: .window, positions: .runOn),
            loses: "nothing",
            [
                CurriculumParameter("schedule", .word, default: "dm8", "the original's name: dm8, sin8inc1024, lin80p, …"),
                .length("rows", default: "1", "rows of a step on one rank, which is the clock"),
                .steps("steps", default: "the steps of the run", "for names such as lin80p"),
            ]),
        Dialect(
            "modded-nanogpt", "modded-nanogpt's stages",
            Source("KellerJordan/modded-nanogpt", "f411b3d", "train_gpt.py"),
            CurriculumDescription(
                .document, [.cap, .window], by: .step(origin: 0), .stages, rest: .dropped, seam: .lost, batch: .stages,
                attention: .document,
                positions: .runOn),
            loses: "the rest of capped documents and of each rank's last one", reach: .documents,
            [
                .length("cap", default: "2048", "most tokens of a document"),
                CurriculumParameter("tokens", .count(1...1 << 40), default: "the batch", "tokens of a step"),
            ]),
    ]

    private static let packing = [
        Dialect(
            "vsl", "OLMo-core's variable sequence lengths",
            Source(paper: "2405.13226", "allenai/OLMo-core", "fa6c501", "src/olmo_core/data/numpy_dataset.py"),
            CurriculumDescription(
                .document, [.bucket], by: .cycle, .odds, rest: .dropped, seam: .lost, batch: .tokens, attention: .piece, order: .odds),
            loses: "pieces below the shortest, seams, batches that are not full", reach: .documents,
            [
                .length("min", default: "256, at most an eighth of the full length", "the shortest piece"),
                .length("max", default: "full length", "the longest piece"),
                CurriculumParameter(
                    "curriculum", .word, default: "vsl-grow-p2-8-cycle", "vsl-natural, vsl-grow-p2-N-cycle, vsl-grow-linear-N-cycle"),
                CurriculumParameter("seed", .count(0...Int.max), default: "0", "of the order"),
            ]),
        Dialect(
            "dd", "Dataset Decomposition",
            Source(paper: "2405.13226", "apple/ml-dataset-decomposition", "9a23939", "scripts/make_dd_buckets.py"),
            CurriculumDescription(
                .document, [.bucket], by: .cycle, .odds, rest: .dropped, seam: .lost, batch: .tokens, attention: .piece, order: .odds),
            loses: "pieces below the shortest, the first token of every piece, shards that are not full", reach: .documents,
            [
                CurriculumParameter("min", .count(0...24), default: "8", "binary logarithm of the shortest piece"),
                CurriculumParameter("max", .count(0...24), default: "that of the full length", "binary logarithm of the longest piece"),
                CurriculumParameter(
                    "randomize", .choice(["true", "false"]), default: "true", "whether pieces of long documents have random lengths"),
                CurriculumParameter("seed", .count(0...Int(UInt32.max)), default: "1234", "of the random lengths"),
            ]),
        Dialect(
            "nanochat", "nanochat's best fit from documents' beginnings", Source("karpathy/nanochat", "92d63d4", "nanochat/dataloader.py"),
            CurriculumDescription(
                .document, [], by: .nothing, .constant, rest: .dropped, seam: .none, batch: .rows, positions: .runOn, order: .bestFit),
            loses: "the rest of cropped documents: 35 % of the tokens at 2048 by its own account", reach: .documents,
            [
                .length("buffer", default: "1000", "documents that a row is chosen from"),
                .length("refill", default: "128", "documents that are read at once"),
            ]),
        Dialect(
            "best-fit", "best-fit-decreasing packing",
            Source(paper: "2404.10830", "allenai/OLMo-core", "fa6c501", "src/olmo_core/data/utils.py"),
            CurriculumDescription(
                .document, [], by: .nothing, .constant, rest: .dropped, seam: .lost, batch: .rows, attention: .document,
                order: .bestFitDecreasing),
            loses: "with truncate the rest of long documents; padding", reach: .documents,
            [
                CurriculumParameter(
                    "long", .choice(["truncate", "fragment"]), default: "truncate", "what becomes of a document longer than a row"),
                .length("at-once", default: "all", "documents that are packed at once; 1000 in TRL"),
            ]),
        Dialect(
            "wrapped", "the stream cut into rows, whatever the documents", Source("huggingface/trl", "f2cd577", "trl/data_utils.py"),
            CurriculumDescription(.document, [], by: .nothing, .constant, rest: .none, seam: .lost, batch: .rows),
            loses: "the first token of every row", reach: .documents, []),
    ]
}
