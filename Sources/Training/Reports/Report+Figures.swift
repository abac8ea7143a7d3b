import Drawing
import JSON
import Metrics
import Quantities

extension Report {
    /// The figures of the paper (1, 4, 5, 6, 10) and what else a run measured, in reading order.
    var figureSections: [(title: String, figures: [Figure])] {
        [
            (
                "Learning",
                [
                    Figure(
                        title: "Loss",
                        explanation: "Cross entropy per target, nats. Training at the step’s length, validation at full length.",
                        quantities: [Figure.Quantity(label: "training", style: .faint) { $0.loss }], validation: { $0.loss }),
                    Figure(
                        title: "Validation perplexity", explanation: "exp(loss) on the validation split, always at full length.",
                        validation: { $0.perplexity }, validationLabel: "perplexity", scale: .logarithmic),
                ]
            ),
            (
                "Schedule",
                [
                    Figure(
                        title: "Sequence length", explanation: "Tokens of a row at each step.",
                        quantities: [Figure.Quantity(label: "length", style: .steps) { $0.length > 0 ? Double($0.length) : .nan }],
                        fromZero: true),
                    Figure(
                        title: "Learning rate", explanation: "Of each step.",
                        quantities: [Figure.Quantity(label: "learning rate", style: .line) { $0.learningRate }], fromZero: true),
                    Figure(
                        title: "Batch", explanation: "Targets of each step.",
                        quantities: [
                            Figure.Quantity(label: "targets", style: .steps) {
                                $0.length > 0 && $0.rows > 0 ? Double($0.length) * Double($0.rows) : .nan
                            }
                        ], fromZero: true),
                    Figure(
                        title: "Where the tokens are",
                        explanation: "Targets trained, masked where some are, waiting in the ledger as tails, and given up for good.",
                        quantities: [
                            Figure.Quantity(label: "used", style: .area) { $0.used },
                            Figure.Quantity(label: "masked", style: .area) { $0.masked },
                            Figure.Quantity(label: "outstanding", style: .area) { $0.outstanding },
                            Figure.Quantity(label: "dropped", style: .area) { $0.dropped },
                        ], fromZero: true, isStacked: true),
                ]
            ),
            (
                "Stability",
                [
                    Figure(
                        title: "Gradient norm", explanation: "l2 over all parameters before clipping; strokes mark clipped steps.",
                        quantities: [Figure.Quantity(label: "gradient norm", style: .faint) { $0.gradientNorm }],
                        event: ("clipped steps", { $0.clipped > 0 }),
                        configuredLevel: { run in
                            guard let norm = run.configuration?["optimizer"]?["clip_norm"]?.double, norm > 0 else { return nil }
                            return Chart.Level(value: norm, label: "clipped above \(QuantityText.significant(norm))")
                        }, scale: .logarithmic),
                    Figure(
                        title: "Loss ratio",
                        explanation: "Loss over the smallest loss of all earlier steps; above 1.2 the paper calls it a spike.",
                        quantities: [Figure.Quantity(label: "loss ratio", style: .line) { $0.lossRatio }],
                        levels: [Chart.Level(value: 1.2, label: "1.2"), Chart.Level(value: 1.5, label: "1.5")]),
                    Figure(
                        title: "Adam variance norm", explanation: "Σ√v, the l1 norm of the square root of Adam’s second moment.",
                        quantities: [Figure.Quantity(label: "Σ√v", style: .line) { $0.varianceNorm }], fromZero: true),
                    Figure(
                        title: "Adam variance maximum", explanation: "max √v: the paper finds spikes where it is large.",
                        quantities: [Figure.Quantity(label: "max √v", style: .line) { $0.varianceMax }], scale: .logarithmic),
                    Figure(
                        title: "Adam momentum norm", explanation: "Σ|m|, the l1 norm of Adam’s first moment.",
                        quantities: [Figure.Quantity(label: "Σ|m|", style: .faint) { $0.momentumNorm }], fromZero: true),
                    Figure(
                        title: "Weight norm", explanation: "l2 over all parameters.",
                        quantities: [Figure.Quantity(label: "weight norm", style: .line) { $0.weightNorm }]),
                ]
            ),
            (
                "Speed",
                [
                    Figure(
                        title: "Tokens per second", explanation: "Targets of a step over its duration, data and update included.",
                        quantities: [Figure.Quantity(label: "tokens per second", style: .faint) { $0.tokensPerSecond }], fromZero: true),
                    Figure(
                        title: "Model FLOP utilisation",
                        explanation: "Share of the machine’s measured matrix-product rate that the model’s own operations reach.",
                        quantities: [Figure.Quantity(label: "share", style: .faint) { $0.utilisation }], fromZero: true),
                ]
            ),
        ]
    }
}
