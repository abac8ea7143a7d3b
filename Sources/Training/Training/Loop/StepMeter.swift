/// Times a run: seconds trained so far, tokens a second, and how long the rest will take.
struct StepMeter {
    /// Training time of the whole run, seconds: steps only, neither pauses nor validations nor checkpoints.
    private(set) var elapsed: Double
    /// Speed of the last steps, weighted towards now; lengths change under warmup, so old speeds mislead.
    private var recent: (tokens: Double, seconds: Double) = (0, 0)
    private var started: ContinuousClock.Instant?

    init(elapsed: Double = 0) { self.elapsed = elapsed }

    /// A step begins.
    mutating func begin() { started = .now }

    /// The step is done; returns its duration in seconds.
    mutating func end(tokens: Int) -> Double {
        guard let started else { return 0 }
        let seconds = max((ContinuousClock.now - started) / .seconds(1), 1e-9)
        self.started = nil
        elapsed += seconds
        // Forgets half of what it knows in about twenty steps.
        recent = (recent.tokens * 0.966 + Double(tokens), recent.seconds * 0.966 + seconds)
        return seconds
    }

    /// Seconds for so many more tokens; nil before the first step.
    func secondsLeft(forTokens tokens: Int) -> Double? {
        recent.tokens > 0 ? Double(max(0, tokens)) * recent.seconds / recent.tokens : nil
    }
}
