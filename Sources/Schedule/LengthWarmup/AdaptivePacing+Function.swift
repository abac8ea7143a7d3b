public import JSON
import Quantities

extension AdaptivePacing: PacingFunction {
    public static let name = "adaptive"

    public var parameters: JSONObject {
        [
            "start": JSONValue(start), "increment": JSONValue(increment), "interval": JSONValue(interval),
            "tolerance": JSONValue(tolerance),
        ]
    }

    public init?(parameters: JSONObject) {
        guard let start = parameters["start"]?.int, let increment = parameters["increment"]?.int,
            let interval = parameters["interval"]?.int, let tolerance = parameters["tolerance"]?.double
        else { return nil }
        self.init(start: start, increment: increment, interval: interval, tolerance: tolerance)
    }

    public func check(full: Int) throws(WarmupError) {
        if start < 1 || start > full || increment < 1 || interval < 1 || !(tolerance >= 0 && tolerance.isFinite) {
            throw .badConfiguration(
                "adaptive pacing needs a start from 1 to \(option: "seq-length"), an increment and an interval of at least 1, a tolerance of at least 0"
            )
        }
    }

    /// The length before anything was decided; a plan has the one of its state.
    public func length(atStep step: Int, full: Int, granularity: Int) -> Int { min(start, full) }

    public func fullLengthStep(full: Int) -> Int? { nil }

    public func summary(full: Int) -> String {
        "adaptive from \(start), \(increment) more every \(interval) steps: planned as if the loss were calm throughout"
    }
}
