/// The options that `slwdata plan` and `slw-train` share, so that a plan can be looked at before it is paid for. Megatron's names where it has the same.
///
/// All are without a value when they are not given: each tool has its own defaults, and says them.
public enum ScheduleOptions {
    /// Prefixes with their shares.
    public static let data = Option.list(
        "--data", "P[=WEIGHT]", "prefixes of token indexes, with their shares of the samples (otherwise in proportion to size)"
    ).also("--data-path")
    public static let split = Option<String?>.text("--split", "A,B,C", "shares of documents for training, validation and test").defaulting(
        to: "969,30,1")
    public static let sequenceLength = Option<Int?>.count("--seq-length", in: 1...1 << 24, "full length of a row, in tokens")
    public static let batchSize = Option<Int?>.count("--global-batch-size", in: 1...1 << 30, "rows of a step").also("--batch-size")
        .defaulting(
            to: "16")
    public static let trainTokens = Option<Int?>.count(
        "--train-tokens", in: 1...1 << 60, "token budget: the run ends when so many targets are trained")
    public static let seed = Option<Int?>.count("--seed", "N", "of data order and weights").defaulting(to: "1234")

    public static let pacing = Option<String?>.choice(
        "--slw-pacing", "PACING", of: ["none", "linear", "root", "two-stage", "mixed", "table", "adaptive"],
        "how sequence length grows; none is the baseline"
    ).defaulting(to: "linear")
    public static let start = Option<Int?>.count("--slw-start", in: 1...1 << 24, "length of the first step, the paper's s").defaulting(
        to: "8")
    public static let steps = Option<Int?>.count("--slw-steps", "T", in: 0...1 << 56, "step at which full length is reached").defaulting(
        to: "30 % of the steps that full length would take")
    public static let rootDegree = Option<Double?>.number("--slw-root-degree", "D", in: 0.001...1000, "for root: progress to the power 1/D")
        .defaulting(
            to: "2")
    public static let stages = Option<String?>.text(
        "--slw-table", "LENGTH:STEPS,…",
        "for table: lengths and for how many steps, the last without steps; for mixed: two of them, repeated")
    public static let increment = Option<Int?>.count(
        "--slw-increment", in: 1...1 << 24, "for adaptive: what a calm interval adds to the length"
    )
    .defaulting(to: "8")
    public static let interval = Option<Int?>.count("--slw-interval", in: 1...1 << 40, "for adaptive: steps between its decisions")
        .defaulting(
            to: "100")
    public static let tolerance = Option<Double?>.number(
        "--slw-tolerance", "SHARE", in: 0...1e9, "for adaptive: how far above its lowest the smoothed loss may stand for the length to grow"
    ).defaulting(to: "0.05")
    public static let deepSpeed = Option<String?>.text(
        "--slw-config", "FILE", "a DeepSpeed configuration with a curriculum_learning block, in place of the pacing's options")
    public static let deepSpeedVersion = Option<String?>.choice(
        "--slw-config-version", "VERSION", of: ["0.19.6", "0.19.8"],
        "whose rounding: up to 0.19.6 a start below difficulty_step gave length 0"
    ).defaulting(to: "0.19.8")
    public static let tails = Option<String?>.choice(
        "--tails", "POLICY", of: ["drop", "reuse", "defer", "eager"], "what happens to the tokens that truncation cuts off"
    ).defaulting(to: "reuse")
    public static let batchWarmupStart = Option<Int?>.count(
        "--batch-warmup-start", in: 1...1 << 30, "rows of the first step, when the batch grows as GPT-3's")
    public static let batchWarmupTokens = Option<Int?>.count("--batch-warmup-tokens", in: 1...1 << 60, "tokens over which the batch grows")

    public static let order = Option<String?>.choice(
        "--order", "ORDER", of: ["slw", "megatron"], "who shuffles: keyed permutations, or Megatron-Core's GPTDataset bit for bit"
    ).defaulting(to: "slw")
    public static let trainSamples = Option<Int?>.count(
        "--train-samples", in: 1...1 << 48, "for order megatron: samples of the whole job, which decide Megatron's shuffle"
    ).defaulting(to: "one pass")

    /// In help.
    public static let warmupGroup = OptionGroup("Length warmup", pacingOptions + [deepSpeed, deepSpeedVersion, tails])

    /// What a DeepSpeed configuration says in their place.
    private static let pacingOptions: [any AnyOption] = [pacing, start, steps, rootDegree, stages, increment, interval, tolerance]

    /// Refuses options that would silently do nothing beside the ones that are given.
    public static func check(_ call: Invocation) throws(UsageError) {
        if call.isGiven(deepSpeed) {
            if let other = pacingOptions.first(where: { call.isGiven($0) }) {
                throw call.misuse(
                    "\(other.definition.name) and --slw-config cannot both be given", hint: "the file holds the whole schedule")
            }
        } else if call.isGiven(deepSpeedVersion) {
            throw call.misuse("--slw-config-version needs --slw-config")
        }
        if call[pacing] != "adaptive",
            let option = ([increment, interval, tolerance] as [any AnyOption]).first(where: { call.isGiven($0) })
        {
            throw call.misuse("\(option.definition.name) needs --slw-pacing adaptive")
        }
        if call[order] != "megatron" && call.isGiven(trainSamples) {
            throw call.misuse("--train-samples needs --order megatron", hint: "the budget is --train-tokens")
        }
    }
}
