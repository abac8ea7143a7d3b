import JSON

/// Adaptive pacing as if every loss were calm: the soonest that it can grow. For forecasts; no state has it.
struct CalmPacing: PacingFunction {
    static let name = "calm"
    let pacing: AdaptivePacing

    init(_ pacing: AdaptivePacing) { self.pacing = pacing }

    var parameters: JSONObject { pacing.parameters }
    init?(parameters: JSONObject) {
        guard let pacing = AdaptivePacing(parameters: parameters) else { return nil }
        self.init(pacing)
    }

    func check(full: Int) throws(WarmupError) { try pacing.check(full: full) }

    func length(atStep step: Int, full: Int, granularity: Int) -> Int {
        let increment = min(pacing.increment, full)
        return min(pacing.start + min(step / pacing.interval, (full - pacing.start) / increment + 1) * increment, full)
    }

    func fullLengthStep(full: Int) -> Int? { nil }

    func nextChange(after step: Int, full: Int, granularity: Int) -> Int? {
        length(atStep: step, full: full, granularity: granularity) == full ? nil : (step / pacing.interval + 1) * pacing.interval
    }

    func summary(full: Int) -> String { pacing.summary(full: full) }
}
