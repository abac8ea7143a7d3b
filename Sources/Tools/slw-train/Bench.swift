import CommandKit
import JSON
import Quantities
import Training
import Transformer

/// `slw-train bench`: what a step costs on this machine. `scripts/bench/train` runs it beside PyTorch.
enum BenchCommand {
    static let layers = Option.count("--num-layers", default: 4, in: 1...1 << 16, "blocks").also("--layers")
    static let width = Option.count("--hidden-size", default: 256, in: 1...1 << 20, "channels of the residual stream").also("--width")
    static let heads = Option.count("--num-attention-heads", default: 4, in: 1...1 << 16, "attention heads").also("--heads")
    static let vocabulary = Option.count("--vocab-size", default: 50257, in: 1...1 << 28, "token ids")
    static let rows = Option.count("--micro-batch-size", default: 8, in: 1...1 << 20, "rows of the batch")
    static let length = Option.count("--seq-length", default: 256, in: 1...1 << 20, "tokens of a row")
    static let steps = Option.count("--steps", default: 10, in: 1...1 << 40, "steps; the first one is not counted")
    static let seed = Option.count("--seed", default: 1, "seed of weights and tokens")
    static let threads = Option<Int?>.count("--threads", in: 1...1024, "threads of the model").defaulting(to: "one a core")
    static let passesOnly = Option.flag("--passes-only", "forward and backward pass alone, without the optimizer")
    static let onRequest = Option.flag("--on-request", "takes one step for each line on standard input, to take turns with another program")

    static let command = Command(
        "bench", "time training steps of a fresh model on made-up tokens",
        discussion: [
            "Forward and backward pass, gradient norm, clipped AdamW with its statistics. Prints the median step, tokens a second, the largest memory, and the share of what this machine's matrix products reach."
        ],
        examples: ["slw-train bench --seq-length 64", "slw-train bench --num-layers 12 --hidden-size 768 --num-attention-heads 12 --json"],
        options: [
            OptionGroup("Model", [layers, width, heads, vocabulary]), OptionGroup("Batch", [rows, length]),
            OptionGroup("Run", [steps, seed, threads, passesOnly, TrainingOptions.bfloat16, BlasCore.option, onRequest]),
        ],
        printsJSON: true, run: run)

    @Sendable static func run(_ call: Invocation) throws {
        let configuration = ModelConfiguration(
            layerCount: call[layers], width: call[width], headCount: call[heads], vocabularySize: call[vocabulary],
            contextLength: call[length])
        try configuration.check()
        try TrainingConfiguration.checkMemory(parameters: configuration.parameterCount)
        var benchmark = StepBenchmark(
            configuration, rows: call[rows], length: call[length], steps: call[steps], seed: UInt64(bitPattern: Int64(call[seed])))
        benchmark.isPassesOnly = call[passesOnly]
        let waits = call[onRequest]
        let precision = call[TrainingOptions.bfloat16] ? ProductPrecision.bfloat16 : .float32
        try BlasCore.settle(call, precision: precision) {
            KernelRace.Shape(configuration, rows: call[rows], length: call[length], threads: call[threads])
        }
        if !precision.isSupported { call.console.note(ProductPrecision.bfloat16IsMissing) }
        let pool = LanePool(laneCount: call[threads], precision: precision.isSupported ? precision : .float32)
        let result = try benchmark.run(pool: pool) {
            !waits || readLine() != nil
        } afterStep: { loss, seconds, processorSeconds in
            guard waits else { return }
            call.console.print(
                JSONValue.object([
                    "loss": JSONValue(loss), "seconds": JSONValue(seconds), "processor_seconds": JSONValue(processorSeconds),
                ]).serialized())
        }
        let median = result.medianSeconds
        let tokensPerSecond = Double(call[rows] * call[length]) / median
        let rate = result.operations / median
        if call.wantsJSON {
            call.console.print(
                JSONValue.object([
                    "first_loss": JSONValue(result.losses.first), "last_loss": JSONValue(result.losses.last),
                    "step_seconds": JSONValue(median), "tokens_per_second": JSONValue(tokensPerSecond),
                    "peak_bytes": JSONValue(result.peakBytes), "flops": JSONValue(rate), "machine_flops": JSONValue(result.productRate),
                    "threads": JSONValue(pool.laneCount), "blas": JSONValue(pool.productKernels),
                    "precision": JSONValue(pool.precision.rawValue),
                    "kernels": JSONValue(LanePool.ownKernels),
                ]).serialized())
        } else {
            var table = TextTable([("", .left), ("", .right)])
            table.add(["parameters", QuantityText.compact(Double(configuration.parameterCount))])
            table.add(["median step", "\(QuantityText.fixed(median * 1000, 1)) ms"])
            table.add(["tokens a second", QuantityText.compact(tokensPerSecond)])
            table.add(["largest memory", "\(QuantityText.compact(Double(result.peakBytes)))B"])
            table.add([
                "products reach", "\(QuantityText.compact(result.productRate))FLOP/s (\(pool.precision.rawValue), \(pool.productKernels))",
            ])
            table.add(["the model uses", "\(QuantityText.fixed(100 * rate / result.productRate, 1)) % of that"])
            call.console.print(table.text)
        }
    }
}
