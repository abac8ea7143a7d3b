public import JSON
public import Training

/// What a search for a length warmup found, with every probe that it took.
public struct TuningResult: Sendable {
    public enum Ending: Sendable, Equatable {
        /// The untuned baseline has no significant fluctuation: nothing was searched.
        case stableBaseline
        case searched(WarmupSearch.Outcome)
        /// A stop was asked for; the same call goes on.
        case stopped
    }

    public let plan: TuningPlan
    public let ending: Ending
    /// In the order in which the search asked for them, the baseline first.
    public let probes: [ProbeReport]

    /// The warmup to train with; nil when there is none, or none is needed.
    public var chosen: WarmupTrial? {
        if case .searched(.found(let trial)) = ending { trial } else { nil }
    }

    /// The content of `tune.json`, all but the command line.
    public var json: JSONValue {
        let search = plan.search
        return [
            "schema": "slw-train.tune", "version": 1, "ending": JSONValue(endingName),
            "start": JSONValue(chosen?.start), "duration": JSONValue(chosen?.duration), "fluctuation": JSONValue(plan.options.fluctuation),
            "window": plan.window.configurationJSON, "beginning": plan.beginning.configurationJSON,
            "first_duration": JSONValue(search.firstDuration), "duration_limit": JSONValue(search.durationLimit),
            "resolution": JSONValue(search.resolution), "seeds": JSONValue(plan.seeds.count), "probes": .array(probes.map(\.json)),
            "configuration": plan.configuration.json,
        ]
    }

    private var endingName: String {
        switch ending {
        case .stableBaseline: "stable_baseline"
        case .searched(.found): "found"
        case .searched(.nothingStable): "nothing_stable"
        case .stopped: "stopped"
        }
    }
}

/// A complete probe and its verdict: a row of the table.
public struct ProbeReport: Sendable, Equatable {
    /// nil for the untuned baseline.
    public let trial: WarmupTrial?
    public let seed: Int
    /// Where the run is.
    public let folder: String
    public let verdict: ProbeVerdict
    public let stability: Stability
    /// Steps that were judged.
    public let steps: Int
    /// Training time, validations left out.
    public let seconds: Double

    /// The row, for `tune.json`.
    public var json: JSONValue {
        var object: JSONObject = [
            "start": JSONValue(trial?.start), "duration": JSONValue(trial?.duration), "seed": JSONValue(seed), "folder": JSONValue(folder),
            "verdict": JSONValue(stability.rawValue), "steps": JSONValue(steps), "seconds": JSONValue(seconds),
        ]
        for (name, value) in verdict.json.object ?? JSONObject() { object[name] = value }
        return .object(object)
    }
}

/// What a tuner reports while it works.
public enum TuningEvent: Sendable {
    /// A probe that is not complete is trained now, or further.
    case began(WarmupTrial?, seed: Int, folder: String)
    /// The probe's own training.
    case training(TrainingEvent)
    /// A probe is complete, now or from an earlier call.
    case judged(ProbeReport)
}
