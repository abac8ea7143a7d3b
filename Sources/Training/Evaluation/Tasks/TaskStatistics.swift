#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A figure and its standard error, nil for a single value.
public struct TaskFigure: Sendable, Equatable {
    public var value: Double
    public var standardError: Double?

    public init(value: Double, standardError: Double? = nil) {
        self.value = value
        self.standardError = standardError
    }
}

/// The figures of a task over its questions.
public enum TaskStatistics {
    /// The mean, and the sample's standard deviation over √n.
    public static func mean(_ values: [Double]) -> TaskFigure {
        let mean = average(values)
        return TaskFigure(value: mean, standardError: values.count < 2 ? nil : deviation(values) / Double(values.count).squareRoot())
    }

    /// exp(−mean) of log-likelihoods; its error is the deviation of the same figure over resamples, drawn in chunks of 1000, each by a generator of its
    /// own number.
    public static func perplexity(_ logLikelihoods: [Double], resamples: Int = 100_000) -> TaskFigure {
        let value = exp(-average(logLikelihoods))
        guard logLikelihoods.count > 1, resamples >= 1000 else { return TaskFigure(value: value) }
        let count = Double(logLikelihoods.count)
        var figures: [Double] = []
        figures.reserveCapacity(resamples)
        for chunk in 0..<resamples / 1000 {
            var random = PythonRandom(seed: UInt64(chunk))
            for _ in 0..<1000 {
                var sum = 0.0
                for _ in logLikelihoods.indices { sum += logLikelihoods[Int(random.uniform() * count)] }
                figures.append(exp(-(sum / count)))
            }
        }
        return TaskFigure(value: value, standardError: deviation(figures))
    }

    /// The figure of several tasks as one: weighted by their sizes.
    public static func pooled(_ parts: [(figure: TaskFigure, size: Int)]) -> TaskFigure {
        let total = Double(parts.reduce(0) { $0 + $1.size })
        let value = parts.reduce(0) { $0 + $1.figure.value * Double($1.size) } / total
        let errors = parts.compactMap { part in part.figure.standardError.map { (size: Double(part.size), error: $0) } }
        guard errors.count == parts.count, total > Double(parts.count) else { return TaskFigure(value: value) }
        let variance = errors.reduce(0) { $0 + ($1.size - 1) * $1.size * $1.error * $1.error } / (total - Double(parts.count))
        return TaskFigure(value: value, standardError: (variance / total).squareRoot())
    }

    private static func average(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    private static func deviation(_ values: [Double]) -> Double {
        let mean = average(values)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }
}
