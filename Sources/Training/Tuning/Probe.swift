import Files
import Hashing
import JSON
import Metrics
import Training
import TypedErrors
import Quantities

/// One short run of a search, in a folder of its own. It is trained once: `probe.json` says that it is complete, and a
/// probe that was stopped or killed goes on from its newest checkpoint.
struct Probe {
    /// nil for the untuned baseline.
    let trial: WarmupTrial?
    let seed: Int
    let folder: RunFolder
    let plan: TuningPlan

    init(_ trial: WarmupTrial?, seed: Int, in parent: String, _ plan: TuningPlan) {
        self.trial = trial
        self.seed = seed
        self.plan = plan
        folder = RunFolder(parent + "/" + Self.name(of: trial) + (seed == plan.configuration.seed ? "" : Self.suffix(seed)))
    }

    /// Behind the names of probes with other seeds than the run's.
    private static func suffix(_ seed: Int) -> String { "-seed\(seed)" }

    /// `baseline`, `s008-t000120`.
    private static func name(of trial: WarmupTrial?) -> String {
        func digits(_ value: Int, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return trial.map { "s\(digits($0.start, 3))-t\(digits($0.duration, 6))" } ?? "baseline"
    }

    /// Refuses a folder that holds a probe of another run than `plan`'s; the message names the difference.
    static func check(_ folder: RunFolder, _ plan: TuningPlan) throws(TrainingError) {
        guard folder.holdsRun else { return }
        let saved = try folder.configuration()
        var differences = plan.differences(of: saved, hasOwnSeed: folder.name.hasSuffix(suffix(saved.seed)))
        if let complete = try Completion(of: folder), complete.fingerprints != plan.dataFingerprints {
            differences.append("data: other tokens there")
        }
        guard differences.isEmpty else { throw .probeOfAnotherRun(folder: folder.path, differences: differences) }
    }

    /// What the probe measured when it is complete, else nil.
    func report() throws(TrainingError) -> ProbeReport? {
        guard let complete = try Completion(of: folder), complete.covers(plan.window) else { return nil }
        let history = try folder.history()
        let verdict = ProbeVerdict(history, window: plan.window, beginning: plan.beginning, divergedAt: complete.divergedAt)
        let last = history.steps.first { plan.window.isReached(by: $0.progress) } ?? history.steps.last
        return ProbeReport(
            trial: trial, seed: seed, folder: folder.path, verdict: verdict, stability: verdict.stability(limit: plan.options.fluctuation),
            steps: last?.step ?? 0, seconds: last?.elapsed ?? 0)
    }

    /// Trains until the window is full; returns false when a stop was asked for before.
    func run(_ observe: (TrainingEvent) -> Void) throws(TrainingError) -> Bool {
        let configuration = plan.configuration(of: trial, seed: seed)
        let trainer = folder.holdsRun ? try Trainer.resume(folder) : try Trainer.start(configuration, in: folder)
        var divergedAt: Int?
        do throws(TrainingError) {
            let summary = try trainer.run(until: plan.window, observe)
            guard summary.ending == .finished || plan.window.isReached(by: trainer.progress) else { return false }
        } catch {
            // The clearest verdict of all, and not a failure of the search.
            guard case .diverged(let step, _, _, _) = error else { throw error }
            divergedAt = step
        }
        try Completion(window: plan.window, divergedAt: divergedAt, fingerprints: plan.dataFingerprints).write(to: folder)
        return true
    }
}

/// `probe.json`: that a probe is complete, and what its metrics do not say.
private struct Completion {
    var window: TrainingAmount
    var divergedAt: Int?
    var fingerprints: [UInt64]

    init(window: TrainingAmount, divergedAt: Int?, fingerprints: [UInt64]) {
        self.window = window
        self.divergedAt = divergedAt
        self.fingerprints = fingerprints
    }

    /// nil when the probe in `folder` is not complete.
    init?(of folder: RunFolder) throws(TrainingError) {
        let path = Self.path(in: folder)
        guard FileSystem.exists(path) else { return nil }
        let json = try mapping(TrainingError.format, JSONFile.read(path, expected: "the completion of a probe"))
        guard json["schema"]?.string == "slw-train.probe", let window = json["window"].flatMap(TrainingAmount.init(configurationJSON:)),
            let data = json["data"]?.array?.compactMap({ $0.string.flatMap { UInt64($0, radix: 16) } })
        else { throw .format(.foreign(path: path, expected: "the completion of a probe")) }
        self.init(window: window, divergedAt: json["diverged_at_step"]?.int, fingerprints: data)
    }

    private static func path(in folder: RunFolder) -> String { folder.path + "/probe.json" }

    func write(to folder: RunFolder) throws(TrainingError) {
        let json: JSONValue = [
            "schema": "slw-train.probe", "version": 1, "window": window.configurationJSON, "diverged_at_step": JSONValue(divergedAt),
            "data": .array(fingerprints.map { JSONValue(Hexadecimal.text($0)) }),
        ]
        try mapping(TrainingError.format, JSONFile.write(json, to: Self.path(in: folder)))
    }

    /// Whether nothing is left to do for `other`.
    func covers(_ other: TrainingAmount) -> Bool { divergedAt != nil || window.hasUnit(of: other) && window.count >= other.count }
}
