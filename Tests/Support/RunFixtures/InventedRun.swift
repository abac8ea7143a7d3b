import Foundation
public import Metrics
public import TestSupport

/// Measurements of runs that nobody trained.
public enum InventedRun {
    /// An invented run: a loss that falls with a few spikes, a warmup of lengths, clipped steps.
    public static func history(_ name: String, steps: Int = 400, seed: UInt64 = TestRun.seed) -> RunHistory {
        var random = SeededGenerator(seed)
        var run = RunHistory(name: name)
        var elapsed = 0.0
        var tokens = 0
        for step in 1...steps {
            let share = Double(step) / Double(steps)
            var record = StepRecord()
            record.step = step
            record.length = min(256, 8 + Int(share * 500) / 8 * 8)
            record.rows = 16
            record.samples = 16 * step
            tokens += 16 * record.length
            record.tokens = tokens
            let spike = step % 97 == 60 ? 1.3 : 1
            record.loss = (3.2 + 7.5 * exp(-6 * share)) * spike + Double.random(in: -0.1...0.1, using: &random)
            record.learningRate = 6e-4 * min(1, share * 10) * (1 - 0.9 * share)
            record.gradientNorm = (0.6 + 3 * exp(-9 * share)) * spike * spike * Double.random(in: 0.8...1.25, using: &random)
            record.clipped = record.gradientNorm > 1 ? 1 : 0
            record.varianceNorm = 900 * (1 - exp(-8 * share)) * spike
            record.varianceMax = 0.02 * (1 + exp(-5 * share)) * spike
            record.momentumNorm = 300 * exp(-2 * share) * Double.random(in: 0.8...1.2, using: &random)
            record.weightNorm = 80 + 20 * share
            record.seconds = 0.02 + 0.0001 * Double(record.length)
            elapsed += record.seconds
            record.elapsed = elapsed
            record.tokensPerSecond = Double(16 * record.length) / record.seconds
            record.utilisation = 0.4 + 0.3 * share
            record.used = Double(tokens)
            record.outstanding = Double(min(16 * step, 6400) * 256 - tokens) * (1 - share * 0.9)
            record.dropped = 0
            run.append(record)
            if step % 40 == 0 {
                let progress = TrainingProgress(steps: step, samples: record.samples, tokens: tokens)
                run.append(ValidationRecord(progress: progress, elapsed: elapsed, loss: 3.4 + 7 * exp(-5 * share), targets: 4096))
            }
        }
        run.steps.fillLossRatios()
        return run
    }

    /// The console log of a Megatron-DeepSpeed run.
    public static let megatronLog = """
        building GPT2 model ...
         iteration      100/  500000 | consumed samples:        51200 | consumed tokens:       409600 | elapsed time per iteration (ms): 250.0 | learning rate: 1.500E-05 | global batch size:   512 | lm loss: 9.500000E+00 | loss scale: 1.0 | grad norm: 1.250 | num zeros: 0.0 | params norm: 120.500 | curriculum seqlen:     8 | actual seqlen:     8 | number of skipped iterations:   0 | number of nan iterations:   0 | samples per second: 2048.000 | tokens per gpu per second (tgs): 512.0 | TFLOPs: 1.00 |\r
        [2026-01-01 10:00:00] iteration      200/  500000 | consumed samples:       102400 | consumed tokens:      1228800 | elapsed time per iteration (ms): 500.0 | learning rate: 3.000E-05 | global batch size:   512 | lm loss: 1.200000E+01 | grad norm: 2.500 | actual seqlen:    16 | number of skipped iterations:   0 |
        --------
         validation loss at iteration 200 | lm loss value: 8.100000E+00 | lm loss PPL: 3.294468E+03 |
        """
}
