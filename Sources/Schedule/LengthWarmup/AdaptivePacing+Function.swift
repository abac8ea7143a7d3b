public import JSON
import Quantities

extension AdaptivePacing: NamedPacing {
    public static let name = "adaptive"

    public static let options: [ScheduleOption] = [.start, .increment, .interval, .tolerance]

    public static func pacing(_ words: ScheduleWords, _ facts: PacingFacts) throws(ScheduleError) -> Pacing {
        guard let start = try Growth.start(words, facts) else { return .constant }
        return .adaptive(
            AdaptivePacing(
                start: start, increment: words.count(.increment) ?? 8, interval: words.count(.interval) ?? 100,
                tolerance: words.number(.tolerance) ?? 0.05))
    }

    public func words(_ original: ScheduleWords) -> [(ScheduleOption, ScheduleValue)] {
        [
            (.start, .count(start)), (.increment, .count(increment)), (.interval, .count(interval)), (.tolerance, .number(tolerance)),
        ]
    }

    public var parameters: JSONObject {
        [
            "start": JSONValue(start), "increment": JSONValue(increment), "interval": JSONValue(interval),
            "tolerance": JSONValue(tolerance),
        ]
    }

    public init?(parameters: JSONObject) {
        guard let numbers = parameters.integers("start", "increment", "interval"), let tolerance = parameters["tolerance"]?.double
        else { return nil }
        self.init(start: numbers[0], increment: numbers[1], interval: numbers[2], tolerance: tolerance)
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

extension ScheduleOption {
    public static let increment = ScheduleOption(
        "slw-increment", key: "length_warmup.increment", .count(1...1 << 24), default: "8", .warmup,
        "for adaptive: what a calm interval adds to the length")
    public static let interval = ScheduleOption(
        "slw-interval", key: "length_warmup.interval", .count(1...1 << 40), default: "100", .warmup,
        "for adaptive: steps between its decisions")
    public static let tolerance = ScheduleOption(
        "slw-tolerance", key: "length_warmup.tolerance", .number(0...1e9), "SHARE", default: "0.05", .warmup,
        "for adaptive: how far above its lowest the smoothed loss may stand for the length to grow")
}
