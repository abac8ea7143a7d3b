#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Which sequence length a step trains at. Steps count from 0 as in the paper's formula: its first step has t = 0.
public enum Pacing: Sendable, Equatable {
    /// Full length from the first step on: the baseline (`--slw-pacing none`).
    case constant
    /// s + (e − s)·min(t/T, 1), rounded down to the granularity (paper, section 4).
    case linear(start: Int, steps: Int)
    /// s + (e − s)·min((t/T)^r, 1) (paper, section 4; DeepSpeed's `root_degree` is 1/r).
    case root(start: Int, steps: Int, exponent: Double)
    /// Shortformer: s until step T, then full length.
    case twoStage(start: Int, steps: Int)
    /// The paper's figure 2: so many steps of `a`, so many of `b`, again and again.
    case mixed(first: Int, firstSteps: Int, second: Int, secondSteps: Int)
    /// `lengths[i]` while t < `bounds[i]`, the last length from then on.
    case table(lengths: [Int], bounds: [Int])
    /// DeepSpeed's schedule, with its rounding and its count of steps from 1.
    case deepSpeed(DeepSpeedCurriculum)
    /// Grows while the loss is calm. The plan keeps its course; the length of a step is not a function of the step alone.
    case adaptive(AdaptivePacing)

    /// The length of step `step` (0 for the first), between 1 and `full`.
    ///
    /// - Parameters:
    ///   - full: the samples' length, e.
    ///   - granularity: lengths are cut down to a multiple of it where that leaves at least one; 8 in the paper.
    public func length(atStep step: Int, full: Int, granularity: Int = 8) -> Int {
        switch self {
        case .constant: return full
        case .linear(let start, let steps):
            return Self.grown(start, full, Self.progress(step, steps), granularity)
        case .root(let start, let steps, let exponent):
            return Self.grown(start, full, pow(Self.progress(step, steps), exponent), granularity)
        case .twoStage(let start, let steps): return step < steps ? min(start, full) : full
        case .mixed(let first, let firstSteps, let second, let secondSteps):
            return min(step % max(firstSteps + secondSteps, 1) < firstSteps ? first : second, full)
        case .table(let lengths, let bounds):
            let stage = bounds.firstIndex { step < $0 } ?? lengths.count - 1
            return min(lengths[stage], full)
        case .deepSpeed(let curriculum): return min(curriculum.difficulty(atStep: step + 1), full)
        case .adaptive(let adaptive): return min(adaptive.start, full)
        }
    }

    /// From this step on every step has full length; nil when that never comes.
    public func fullLengthStep(full: Int) -> Int? {
        switch self {
        case .constant: 0
        case .linear(_, let steps), .root(_, let steps, _), .twoStage(_, let steps): steps
        case .mixed, .adaptive: nil
        case .deepSpeed(let curriculum):
            switch curriculum.schedule {
            case .root(let totalSteps, _, _): curriculum.maximum >= full ? totalSteps - 1 : nil
            case .discrete(let difficulties, let bounds): difficulties.last! >= full ? bounds.last ?? 0 : nil
            }
        case .table(let lengths, let bounds): lengths.last! >= full ? bounds.last ?? 0 : nil
        }
    }

    /// t/T; a warmup of no steps is over at once.
    private static func progress(_ step: Int, _ steps: Int) -> Double { steps > 0 ? Double(step) / Double(steps) : 1 }

    private static func grown(_ start: Int, _ end: Int, _ progress: Double, _ granularity: Int) -> Int {
        if progress >= 1 { return end }
        let exact = Int((Double(start) + Double(end - start) * progress).rounded(.down))
        let cut = exact - exact % max(granularity, 1)
        return min(max(cut > 0 ? cut : exact, 1), end)
    }
}
