/// A length warmup that may be tried: from length `start` to full length over `duration` steps (the paper's s and T).
public struct WarmupTrial: Sendable, Hashable {
    public var start: Int
    public var duration: Int

    public init(start: Int, duration: Int) {
        self.start = start
        self.duration = duration
    }
}

/// Whether and where a trial's validation perplexity fluctuated.
public enum Stability: String, Sendable {
    /// Nowhere in the probe.
    case stable
    /// Not at the very beginning, but later.
    case unstableLater = "unstable later"
    /// At the very beginning: this start is too short.
    case unstableAtBeginning = "unstable at once"
}

/// The paper's low-cost tuning of length warmup (section 4), as a search that does not know how a trial is judged.
///
/// 1. Begin with the shortest start and a duration of a few multiples of the learning-rate warmup.
/// 2. Raise the start until the perplexity no longer fluctuates at the very beginning.
/// 3. Take the largest duration without a fluctuation during the first few multiples of that warmup, by binary search.
///
/// The paper does not say what to do when step 3 finds no duration at all: then the start is raised further.
///
/// Starts are multiples of ``granularity``. They, and durations, are doubled (durations also halved) until the verdict changes and then bisected:
/// O(log L + log T) trials, or O(log L · log T) where starts fail at step 3. That finds the boundary when stability is monotone: a longer start is
/// never less stable, and a shorter duration neither. Measurements need not be; the result is always a trial that was found stable itself.
public struct WarmupSearch: Sendable, Equatable {
    /// Starts lie below it.
    public var fullLength: Int
    /// The duration of step 1.
    public var firstDuration: Int
    /// No duration is longer.
    public var durationLimit: Int
    /// The bisection of durations ends when stable and unstable ones are no further apart; 1 for the exact boundary.
    public var resolution: Int
    /// Steps of lengths: 8 as in the paper's schedules, less for very short rows.
    public var granularity: Int { fullLength > 8 ? 8 : 1 }

    public init(fullLength: Int, firstDuration: Int, durationLimit: Int, resolution: Int = 1) {
        self.fullLength = fullLength
        self.firstDuration = max(1, firstDuration)
        self.durationLimit = max(self.firstDuration, durationLimit)
        self.resolution = max(1, resolution)
    }

    public enum Outcome: Sendable, Equatable {
        /// The smallest start that has a stable duration, and the largest of these.
        case found(WarmupTrial)
        /// No start has a stable duration.
        case nothingStable
    }

    /// Runs the search; `judge` is asked for one trial after the other, and never twice for the same.
    public func run<E: Error>(_ judge: (WarmupTrial) throws(E) -> Stability) throws(E) -> Outcome {
        // Step 2, in units of the granularity.
        let largest = (fullLength - 1) / granularity
        var tooShort = 0
        var units = min(1, largest)
        var durations: Durations?
        while tooShort < largest {
            durations = try stableDuration(start: units * granularity, judge)
            if durations != nil { break }
            (tooShort, units) = (units, min(2 * units, largest))
        }
        guard var found = durations else { return .nothingStable }
        while units - tooShort > 1 {
            let middle = tooShort + (units - tooShort) / 2
            if let better = try stableDuration(start: middle * granularity, judge) {
                (units, found) = (middle, better)
            } else {
                tooShort = middle
            }
        }
        return .found(try longest(found, start: units * granularity, judge))
    }

    /// Durations that enclose the boundary.
    private struct Durations {
        var stable: Int
        /// nil when no unstable one is known.
        var unstable: Int?
    }

    /// The first duration or, if that is too long, the first stable one of its halves; nil when there is none, or when already the very beginning
    /// is unstable.
    private func stableDuration<E: Error>(start: Int, _ judge: (WarmupTrial) throws(E) -> Stability) throws(E) -> Durations? {
        var durations = Durations(stable: firstDuration)
        while true {
            switch try judge(WarmupTrial(start: start, duration: durations.stable)) {
            case .stable: return durations
            case .unstableLater where durations.stable > resolution:
                durations = Durations(stable: durations.stable / 2, unstable: durations.stable)
            default: return nil
            }
        }
    }

    /// Step 3.
    private func longest<E: Error>(
        _ known: Durations, start: Int, _ judge: (WarmupTrial) throws(E) -> Stability
    ) throws(E) -> WarmupTrial {
        var stable = known.stable
        var unstable = known.unstable
        while unstable == nil && stable < durationLimit {
            let next = stable > durationLimit / 2 ? durationLimit : 2 * stable
            if try judge(WarmupTrial(start: start, duration: next)) == .stable { stable = next } else { unstable = next }
        }
        while let bound = unstable, bound - stable > resolution {
            let middle = stable + (bound - stable) / 2
            if try judge(WarmupTrial(start: start, duration: middle)) == .stable { stable = middle } else { unstable = middle }
        }
        return WarmupTrial(start: start, duration: stable)
    }

    /// The first trial (with nil), and the second one for each verdict on it.
    public var firstTrials: [(verdict: Stability?, trial: WarmupTrial)] {
        var trials: [(Stability?, WarmupTrial)] = [(nil, trial(1, firstDuration))]
        if durationLimit > firstDuration { trials.append((.stable, trial(1, min(durationLimit, 2 * firstDuration)))) }
        if firstDuration > resolution { trials.append((.unstableLater, trial(1, firstDuration / 2))) }
        if 2 * granularity < fullLength { trials.append((.unstableAtBeginning, trial(2, firstDuration))) }
        return trials
    }

    private func trial(_ units: Int, _ duration: Int) -> WarmupTrial { WarmupTrial(start: units * granularity, duration: duration) }
}
